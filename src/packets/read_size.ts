/** How much to offer for the next read.
 * @module */

/** After so many small reads in a row the size shrinks. */
const SMALL_READS = 4;

/**
 * A size that follows the traffic: it doubles when a read fills what was offered, or nearly so, as what comes in frames never fills it
 * with all that has arrived; and it shrinks after a row of small reads.
 *
 * @example
 * ```ts
 * import { ReadSize } from "./read_size.ts";
 *
 * const readSize = new ReadSize(1024, 65_536);
 * readSize.adapt(1024, 1024);
 * console.assert(readSize.size === 2048);
 * ```
 */
export class ReadSize {
  /** The smallest size, and the first. */
  readonly initial: number;
  /** The largest size. */
  readonly maximum: number;
  /** The size for the time being. */
  size: number;
  #smallReads = 0;
  #largestSmallRead = 0;

  /**
   * A size at its smallest.
   *
   * @param initial the smallest size, and the first
   * @param maximum the largest size
   */
  constructor(initial: number, maximum: number) {
    this.initial = initial;
    this.maximum = Math.max(initial, maximum);
    this.size = initial;
  }

  /**
   * Learns from a read.
   *
   * @param length bytes that were read
   * @param offered bytes that could have been read
   */
  adapt(length: number, offered: number): void {
    if (length > offered - (offered >>> 2)) this.size = Math.min(2 * this.size, this.maximum);
    else if (length <= this.size >>> 2) return this.#countSmall(length);
    this.#smallReads = this.#largestSmallRead = 0;
  }

  #countSmall(length: number): void {
    this.#largestSmallRead = Math.max(this.#largestSmallRead, length);
    if (++this.#smallReads < SMALL_READS) return;
    while (this.size > this.initial && this.size >>> 2 >= this.#largestSmallRead) this.size >>>= 1;
    this.size = Math.max(this.size, this.initial);
    this.#smallReads = this.#largestSmallRead = 0;
  }
}
