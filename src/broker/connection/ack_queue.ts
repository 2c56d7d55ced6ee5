/** Acknowledgements in order, each after what it confirms is committed.
 * @module */

/** An acknowledgement that waits. */
interface Entry {
  /** Commits that have not ended. */
  left: number;
  failure: Error | undefined;
  send: (failure?: Error) => void;
}

/** Keeps acknowledgements of one connection in their order while some of them wait for storage or for a slow subscriber. */
export class AckQueue {
  readonly #onError: (error: unknown) => void;
  readonly #onShorter: () => void;
  #entries: Entry[] = [];
  #head = 0;

  /**
   * @param onError told of what an acknowledgement throws that had to wait
   * @param onShorter told when acknowledgements that had to wait were sent
   */
  constructor(onError: (error: unknown) => void, onShorter: () => void) {
    this.#onError = onError;
    this.#onShorter = onShorter;
  }

  /** Number of acknowledgements that wait. */
  get length(): number {
    return this.#entries.length - this.#head;
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
    this.#entries.push(entry);
    for (const commit of commits ?? []) {
      commit.then(() => this.#committed(entry), (error) => this.#committed(entry, error ?? "no reason was given"));
    }
  }

  #committed(entry: Entry, error?: unknown): void {
    if (error !== undefined) entry.failure ??= error instanceof Error ? error : new Error(String(error));
    if (--entry.left === 0 && entry === this.#entries[this.#head]) this.#sendReady();
  }

  #sendReady(): void {
    while (this.#entries[this.#head]?.left === 0) {
      const { send, failure } = this.#entries[this.#head++];
      if (this.#head === this.#entries.length) this.#entries.length = this.#head = 0;
      try {
        send(failure);
      } catch (error) {
        this.#onError(error);
      }
    }
    if (this.#head > 1_024 && this.#head * 2 > this.#entries.length) {
      this.#entries.splice(0, this.#head);
      this.#head = 0;
    }
    this.#onShorter();
  }
}
