/** Acknowledgements in order, each after the commit that it confirms.
 * @module */

/** Keeps acknowledgements of one connection in their order while some of them wait for storage. */
export class AckGate {
  readonly #onError: (error: unknown) => void;
  #last: Promise<void> | undefined;

  /** @param onError told of what an acknowledgement throws that had to wait */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** True when nothing is waited for. */
  get open(): boolean {
    return this.#last === undefined;
  }

  /**
   * Calls `send` now when nothing has to be waited for, otherwise after `commits` and all earlier calls.
   * @param commits what has to be committed first
   * @param send what happens then; `failed` is the error of a commit that could not be made
   */
  after(commits: readonly Promise<unknown>[] | undefined, send: (failed?: unknown) => void): void {
    if (commits === undefined && this.#last === undefined) return send();
    const earlier = this.#last;
    const turn = commits === undefined ? earlier! : waitForAll(earlier, commits);
    const done: Promise<void> = turn.then(() => send(), send).catch(this.#onError).finally(() => {
      if (this.#last === done) this.#last = undefined;
    });
    this.#last = done;
  }
}

async function waitForAll(earlier: Promise<void> | undefined, commits: readonly Promise<unknown>[]): Promise<void> {
  const all = Promise.all(commits);
  all.catch(() => {}); // told below, after the earlier ones
  await earlier;
  await all;
}
