/** The end of something that happens again and again, for one listener at a time.
 * @module */

/**
 * A promise that is used again: `then` sets the one listener, who hears once of the next `resolve` or `reject`, or of the one
 * that has come already. Where every message waits for a hook, a new promise for each of them would cost as much as the rest
 * of the message (`tests/bench/bench.ts --hook`).
 */
export class Completion implements PromiseLike<void> {
  #resolved: (() => unknown) | undefined;
  #rejected: ((error: unknown) => unknown) | undefined;
  /** What has come before somebody listened. */
  #early: "resolved" | "rejected" | undefined;
  #error: unknown;

  /** Sets who is told. What comes after has to be told by the listener itself: the result is no promise. */
  // deno-lint-ignore no-explicit-any
  then(resolved?: any, rejected?: any): Promise<never> {
    const early = this.#early;
    this.#early = undefined;
    if (early === "resolved") resolved();
    else if (early === "rejected") rejected(this.#error);
    else {
      this.#resolved = resolved;
      this.#rejected = rejected;
    }
    return undefined as unknown as Promise<never>;
  }

  /** It has ended well. */
  resolve(): void {
    const listener = this.#resolved;
    this.#resolved = this.#rejected = undefined;
    if (listener === undefined) this.#early = "resolved";
    else listener();
  }

  /** It has failed. */
  reject(error: unknown): void {
    const listener = this.#rejected;
    this.#resolved = this.#rejected = undefined;
    if (listener !== undefined) return void listener(error);
    this.#early = "rejected";
    this.#error = error;
  }
}
