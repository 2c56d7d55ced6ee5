/** Larger messages are stored once and referred to: by all the sessions that they go to, and by every state of an exchange.
 * @module */
import type { Message } from "../../src/session/message.ts";
import type { Batch } from "./batch.ts";
import { decodeMessage, encodeMessage, type MessageParts } from "./codec_message.ts";
import type { GroupCommit } from "./group_commit.ts";
import { BODIES } from "./keys.ts";

/** Below this size a message is stored in each exchange: a second item would cost more than the bytes. */
const WORTH_SHARING = 256;
const KEY_BYTES = 16;

/** A message that is stored by itself. */
export interface Body {
  /** Its number, never used again. */
  readonly id: number;
  /** Exchanges that refer to it. */
  references: number;
  /** The batch that puts it. */
  batch: Batch | undefined;
  /** The message, from the start until it has been handed out. */
  restored: Message | undefined;
}

/** Counts who refers to which message. */
export class Bodies {
  readonly #commits: GroupCommit;
  readonly #byMessage = new WeakMap<object, Body>();
  #restored = new Map<number, Body>();
  #lastId = 0;

  /** @param commits where changes go */
  constructor(commits: GroupCommit) {
    this.#commits = commits;
  }

  /**
   * Refers to a message, and stores it when nobody does yet.
   *
   * @param message the message
   * @returns what to refer to, `undefined` when it is to be stored in the exchange
   */
  refer(message: MessageParts): Body | undefined {
    if (message.payload.length + message.topic.length < WORTH_SHARING) return undefined;
    let body = this.#byMessage.get(message);
    if (body === undefined || body.references === 0) {
      const batch = this.#commits.batch(message);
      body = { id: ++this.#lastId, references: 0, batch, restored: undefined };
      this.#byMessage.set(message, body);
      batch.put(batch.group(BODIES), String(body.id), encodeMessage(message), KEY_BYTES);
    }
    body.references++;
    return body;
  }

  /**
   * Ends a reference; the last one removes the message.
   *
   * @param body what {@linkcode Bodies.refer} gave
   */
  release(body: Body): void {
    if (--body.references > 0) return;
    this.#remove(body);
  }

  /**
   * A message as it was read at the start.
   *
   * @param item its name in the store
   * @param value its bytes
   */
  restore(item: string, value: Uint8Array): void {
    const id = Number(item);
    this.#lastId = Math.max(this.#lastId, id);
    this.#restored.set(id, { id, references: 0, batch: undefined, restored: decodeMessage(value) });
  }

  /**
   * The message of a restored exchange.
   *
   * @param id its number
   * @returns what is referred to, `undefined` when there is none
   */
  find(id: number): Body | undefined {
    return this.#restored.get(id);
  }

  /** Ends the restoring: what nobody refers to is removed. */
  sweep(): void {
    for (const body of this.#restored.values()) {
      body.restored = undefined;
      if (body.references === 0) this.#remove(body);
    }
    this.#restored = new Map();
  }

  #remove(body: Body): void {
    const batch = this.#commits.batch(), changes = batch.group(BODIES), item = String(body.id);
    if (body.batch === batch) batch.cancel(changes, item, KEY_BYTES);
    else batch.delete(changes, item, KEY_BYTES);
  }
}
