/** Acknowledgements in order, each after what it confirms is committed.
 * @module */

import { WAITING } from "../../session/cost.ts";
import { openPart } from "../../session/fair_part.ts";

/** An acknowledgement that waits. */
interface Entry {
  /** Commits that have not ended. */
  left: number;
  failure: Error | undefined;
  send: (failure?: Error) => void;
}

/** What all connections together have waiting. */
export interface WaitingAcknowledgements {
  /** How many there are. */
  acknowledgements: number;
  /** How many there may be before those who have some are not read. */
  readonly maximum: number;
}

/** Whose acknowledgements they are. */
export interface AckQueueOwner {
  /** What counts for it. */
  readonly core: {
    /** The count of all connections. */
    readonly waiting: WaitingAcknowledgements;
    readonly options: { readonly capabilities: { readonly receiveMaximum: number } };
  };
  /** Told when acknowledgements that had to wait were sent. */
  readonly reader: { resume(): void } | undefined;
  /** Told of what an acknowledgement throws that had to wait. */
  fail(error: unknown): void;
}

/** Keeps acknowledgements of one connection in their order while some of them wait for storage or for a slow subscriber. */
export class AckQueue {
  readonly #owner: AckQueueOwner;
  #entries: Entry[] = [];
  #head = 0;
  #ended = false;

  /** @param owner whose they are */
  constructor(owner: AckQueueOwner) {
    this.#owner = owner;
  }

  /** Number of acknowledgements that wait. */
  get length(): number {
    return this.#entries.length - this.#head;
  }

  /** True when so many wait, here or in all, that nothing should be read that brings more of them. */
  get isLong(): boolean {
    const { length } = this, { waiting, options } = this.#owner.core;
    if (length === 0) return false;
    const part = openPart({ client: WAITING * length, address: 0 });
    return length > options.capabilities.receiveMaximum || waiting.acknowledgements > part * waiting.maximum;
  }

  /** The connection has ended: nothing is sent any more. Who waits for a commit that fails is still told. */
  end(): void {
    this.#owner.core.waiting.acknowledgements -= this.length;
    this.#ended = true;
    this.#entries = [];
    this.#head = 0;
  }

  /**
   * Calls `send` now when nothing has to be waited for, otherwise after `commits` and all earlier calls.
   *
   * @param commits what has to be committed first
   * @param send what happens then; `failure` tells why a commit could not be made
   */
  after(commits: readonly Promise<unknown>[] | undefined, send: (failure?: Error) => void): void {
    if (commits === undefined && this.length === 0) return send();
    const entry: Entry = { left: commits?.length ?? 0, failure: undefined, send };
    this.#keep(entry);
    for (const commit of commits ?? []) {
      commit.then(() => this.#committed(entry), (error) => this.#committed(entry, error ?? "no reason was given"));
    }
  }

  #keep(entry: Entry): void {
    if (this.#ended) return;
    this.#entries.push(entry);
    this.#owner.core.waiting.acknowledgements++;
  }

  #committed(entry: Entry, error?: unknown): void {
    if (error !== undefined) entry.failure ??= error instanceof Error ? error : new Error(String(error));
    if (--entry.left > 0) return;
    if (this.#ended) return entry.failure && this.#send(entry);
    if (entry === this.#entries[this.#head]) this.#sendReady();
  }

  #sendReady(): void {
    while (this.#entries[this.#head]?.left === 0) {
      const entry = this.#entries[this.#head++];
      this.#owner.core.waiting.acknowledgements--;
      if (this.#head === this.#entries.length) this.#entries.length = this.#head = 0;
      this.#send(entry);
    }
    if (this.#head > 1_024 && this.#head * 2 > this.#entries.length) {
      this.#entries.splice(0, this.#head);
      this.#head = 0;
    }
    this.#owner.reader?.resume();
  }

  #send({ send, failure }: Entry): void {
    try {
      send(failure);
    } catch (error) {
      this.#owner.fail(error);
    }
  }
}
