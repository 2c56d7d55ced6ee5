/** Memory for copies of small packets.
 * @module */

/** Memory of its own for each small copy costs several times the copy (`tests/bench/publish_bench.ts`). */
const CHUNK = 2_048;
/** Larger copies get memory of their own, so that who keeps a small one never keeps much more than a chunk. */
export const LARGEST_SHARED = 512;

/**
 * Copies bytes one behind the other into chunks that are never written twice. A chunk is given back when none of its copies is
 * needed any more.
 *
 * @example
 * ```ts
 * import { Copies } from "./copies.ts";
 *
 * const copies = new Copies(), at = copies.add(Uint8Array.of(1, 2, 3), 1, 3);
 * console.assert(copies.buffer[at] === 2);
 * ```
 */
export class Copies {
  /** Where the last copy is. */
  buffer: Uint8Array = new Uint8Array(0);
  #chunk: Uint8Array = this.buffer;
  #used = 0;

  /**
   * Copies a part of a buffer into {@linkcode Copies.buffer}.
   *
   * @param source where the bytes are
   * @param start index of the first byte
   * @param end index behind the last byte
   * @returns index of the copy
   */
  add(source: Uint8Array, start: number, end: number): number {
    const at = this.take(end - start);
    this.buffer.set(source.subarray(start, end), at);
    return at;
  }

  /**
   * Takes room in {@linkcode Copies.buffer}.
   *
   * @param length how many bytes
   * @returns index of the first
   */
  take(length: number): number {
    if (length > LARGEST_SHARED) {
      this.buffer = new Uint8Array(length);
      return 0;
    }
    if (this.#used + length > this.#chunk.length) {
      this.#chunk = new Uint8Array(CHUNK);
      this.#used = 0;
    }
    const at = this.#used;
    this.buffer = this.#chunk;
    this.#used += length;
    return at;
  }
}
