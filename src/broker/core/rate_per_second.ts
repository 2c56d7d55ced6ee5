/** How often something has happened in this second, by key.
 * @module */

/** Counts by key that are forgotten when the second is over, so that there are no more of them than a second brings. */
export class RatePerSecond {
  readonly #now: () => number;
  readonly #counts = new Map<string, number>();
  #second = 0;

  /** @param now tells the time in milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Counts one more. @returns how many there have been in this second */
  count(key: string): number {
    const second = Math.floor(this.#now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#counts.clear();
    }
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return count;
  }
}
