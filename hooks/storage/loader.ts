/** Reads a store at the start of the broker: everything once, sorted into what the broker asks for.
 * @module */
import type {
  StoredClient,
  StoredInflightMessage,
  StoredRetainedMessage,
  StoredSubscription,
} from "../../src/hook/records.ts";
import type { Logger } from "../../src/hook/logger.ts";
import type { SystemInfo } from "../../src/hook/system_info.ts";
import { receivedRecord } from "../../src/session/inflight.ts";
import type { Bodies, Body } from "./bodies.ts";
import { decodeMessage, decodeOutbound } from "./codec_message.ts";
import { decodeClient, decodeSubscription } from "./codec_session.ts";
import type { Entry, StorageEngine } from "./engine.ts";
import type { GroupCommit } from "./group_commit.ts";
import { BODIES, RETAINED, SESSIONS, SYSTEM } from "./keys.ts";
import type { SessionStore } from "./session_store.ts";

/** Item of the counters. */
export const INFO_ITEM = "info";

/** Milliseconds between two lines of the log while a large store is read. */
const PROGRESS_PERIOD = 3_000;

/** What a {@linkcode Loader} works on. */
export interface LoaderParts {
  /** What is read. */
  readonly engine: StorageEngine;
  /** Where remains of sessions are removed. */
  readonly commits: GroupCommit;
  /** Is told of every session. */
  readonly sessions: SessionStore;
  /** Is told of every message that is stored by itself. */
  readonly bodies: Bodies;
  /** Where it reports what cannot be used. */
  readonly logger: Logger;
}

/** The contents of a store. */
export class Loader {
  readonly clients: StoredClient[] = [];
  readonly subscriptions: StoredSubscription[] = [];
  readonly inflight: StoredInflightMessage[] = [];
  readonly retained: StoredRetainedMessage[] = [];
  info: SystemInfo | undefined;
  readonly #parts: LoaderParts;
  #lastLine = performance.now();
  #items = 0;

  /** @param parts what it works on */
  constructor(parts: LoaderParts) {
    this.#parts = parts;
  }

  /**
   * Reads everything.
   *
   * @throws {Error} (as rejection) that names what cannot be read
   */
  async load(): Promise<void> {
    await Promise.all([
      this.#each(RETAINED, (entry) => this.retained.push(decodeMessage(entry.value))),
      this.#each(SYSTEM, (entry) => this.#system(entry)),
      this.#each(BODIES, (entry) => this.#parts.bodies.restore(entry.item, entry.value)).then(() => this.#sessions()),
    ]);
    this.#parts.bodies.sweep();
    this.#parts.sessions.loaded = true;
  }

  async #each(prefix: string, take: (entry: Entry) => void): Promise<void> {
    for await (const page of this.#parts.engine.scan(prefix)) {
      for (const entry of page) read(entry, take);
      this.#progress(page.length);
    }
  }

  /** Who waits for a long start should see that it goes on. */
  #progress(items: number): void {
    this.#items += items;
    const now = performance.now();
    if (now - this.#lastLine < PROGRESS_PERIOD) return;
    this.#lastLine = now;
    this.#parts.logger.info("storage is being read", { items: this.#items });
  }

  #system(entry: Entry): void {
    if (entry.item === INFO_ITEM) this.info = JSON.parse(new TextDecoder().decode(entry.value));
  }

  /** The items of one group come together, but in any order. */
  async #sessions(): Promise<void> {
    let group: Entry[] = [];
    for await (const page of this.#parts.engine.scan(SESSIONS)) {
      for (const entry of page) {
        if (group.length > 0 && group[0].group !== entry.group) {
          this.#session(group);
          group = [];
        }
        group.push(entry);
      }
      this.#progress(page.length);
    }
    if (group.length > 0) this.#session(group);
  }

  #session(entries: Entry[]): void {
    const { commits, sessions } = this.#parts, first = entries.find((entry) => entry.item === "c");
    if (first === undefined) { // the rest of a session that has ended
      const batch = commits.batch();
      return batch.drop(batch.group(entries[0].group));
    }
    let clientId = "", willOnly = false;
    read(first, ({ value }) => {
      const client = decodeClient(value);
      clientId = client.clientId;
      willOnly = client.sessionExpiryInterval === 0;
      this.clients.push(client);
    });
    const messages: StoredInflightMessage[] = [], state = sessions.restored(clientId, willOnly);
    const referred = new Map<number, Body>();
    for (const entry of entries) {
      if (entry !== first) read(entry, (each) => this.#sessionItem(each, { clientId, messages, referred }));
    }
    if (messages.length > 1) messages.sort((a, b) => a.sequence - b.sequence);
    for (const message of messages) this.inflight.push(message);
    state.highest = messages.at(-1)?.sequence ?? 0;
    if (referred.size > 0) state.bodies = referred;
  }

  #sessionItem(
    { item, value }: Entry,
    session: { clientId: string; messages: StoredInflightMessage[]; referred: Map<number, Body> },
  ): void {
    const { clientId, messages } = session, kind = item[0];
    if (kind === "s") this.subscriptions.push(decodeSubscription(value, clientId));
    else if (kind === "i") messages.push(receivedRecord(clientId, Number(item.slice(1))));
    else if (kind === "o") this.#outbound(value, { ...session, sequence: Number(item.slice(1)) });
    else throw new Error("unknown kind of item");
  }

  #outbound(
    value: Uint8Array,
    key: { clientId: string; sequence: number; messages: StoredInflightMessage[]; referred: Map<number, Body> },
  ): void {
    const { clientId, sequence } = key, { bodies, logger } = this.#parts;
    const find = (id: number) => bodies.find(id)?.restored;
    const { record, body } = decodeOutbound(value, { clientId, sequence, message: find });
    const referred = body === 0 ? undefined : bodies.find(body);
    if (body !== 0 && referred === undefined) {
      return logger.error("a stored message is gone", { client: clientId, sequence });
    }
    key.messages.push(record);
    if (referred === undefined) return;
    referred.references++;
    key.referred.set(sequence, referred);
  }
}

/** An error that names the item: nobody can repair "a value ends too early". */
function read(entry: Entry, take: (entry: Entry) => void): void {
  try {
    take(entry);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Cannot read the store: item "${entry.item}" of "${entry.group}": ${reason}`, { cause });
  }
}
