/** What is known of strings by their bytes, so that a repeated Topic Name is not decoded again.
 * @module */

import { decodeUtf8 } from "./utf8.ts";

/** Longer strings are decoded each time, so that the memory does not depend on what clients send. */
const LONGEST = 124;
/** Words of four bytes that a string takes, with one before them for its length: what is compared stands together. */
const WORDS = 1 + LONGEST / 4;
/** The string that is looked for, in words, behind its length. */
const wanted: Int32Array = new Int32Array(WORDS);

/**
 * A cache from UTF-8 bytes to strings, or to what is made of them, with a fixed number of places and fixed memory for the bytes,
 * which are kept in words.
 *
 * Every hit compares all of them, so equal hashes never give a wrong string. Each string has two places; when both are taken by
 * others, they are replaced in turn. The seed of the hash differs from cache to cache.
 *
 * Besides the decoding it saves what follows: a string met before has its hash code, so that looking it up in a `Map` is
 * several times cheaper than with a new string of the same text.
 *
 * @typeParam T what is made of a string
 *
 * @example
 * ```ts
 * import { StringCache } from "./string_cache.ts";
 *
 * const cache = new StringCache((text) => text);
 * console.assert(cache.decode(Uint8Array.of(0x61, 0x2f, 0x62), 0, 3) === "a/b");
 * ```
 */
export class StringCache<T> {
  readonly #mask: number;
  readonly #seed: number;
  readonly #make: (text: string) => T;
  readonly #made: T[];
  /** {@linkcode WORDS} a place. */
  readonly #words: Int32Array;
  #turn = 0;

  /**
   * An empty cache.
   *
   * @param make makes of a string what is kept
   * @param places number of strings, rounded up to a power of two; 32,768 when absent
   */
  constructor(make: (text: string) => T, places: number = 32_768) {
    const size = 2 ** Math.ceil(Math.log2(Math.max(2, places)));
    this.#mask = size - 1;
    this.#seed = Math.random() * 2 ** 32 | 0;
    this.#make = make;
    this.#made = new Array(size).fill(make(""));
    this.#words = new Int32Array(size * WORDS);
  }

  /**
   * What was made of the string of these bytes.
   *
   * @param buffer where the bytes are
   * @param start first byte
   * @param end behind the last byte
   * @returns that of a text which is well formed and without U+0000; for one that is too long to be kept, a new one each time
   * @throws {MqttError} 0x81 when the bytes are no such text
   */
  decode(buffer: Uint8Array, start: number, end: number): T {
    const length = end - start;
    if (length === 0 || length > LONGEST) return this.#make(decodeUtf8(buffer, start, end));
    const place = readWords(buffer, start, end, this.#seed) & this.#mask;
    if (this.#holds(place)) return this.#made[place];
    if (this.#holds(place ^ 1)) return this.#made[place ^ 1];
    return this.#add(this.#freePlace(place), buffer, start, end);
  }

  /** An empty one of the two places, or one of them in turn. */
  #freePlace(place: number): number {
    if (this.#words[place * WORDS] === 0) return place;
    if (this.#words[(place ^ 1) * WORDS] === 0) return place ^ 1;
    return place ^ (this.#turn ^= 1);
  }

  #holds(place: number): boolean {
    const words = this.#words, at = place * WORDS, used = wordsOf(wanted[0]);
    for (let index = 0; index < used; index++) {
      if (words[at + index] !== wanted[index]) return false;
    }
    return true;
  }

  #add(place: number, buffer: Uint8Array, start: number, end: number): T {
    const made = this.#make(decodeUtf8(buffer, start, end)), at = place * WORDS;
    for (let index = 0, used = wordsOf(wanted[0]); index < used; index++) this.#words[at + index] = wanted[index];
    return this.#made[place] = made;
  }
}

/** Words of a string of so many bytes, with the one before them. */
function wordsOf(length: number): number {
  return 1 + (length + 3 >> 2);
}

/**
 * Reads bytes into {@linkcode wanted}, the last word filled up with zeros.
 *
 * @param seed begins the hash
 * @returns their hash
 */
function readWords(buffer: Uint8Array, start: number, end: number, seed: number): number {
  let hash = seed ^ (end - start), at = start, index = 1;
  wanted[0] = end - start;
  for (; at + 4 <= end; at += 4) {
    const word = buffer[at] | buffer[at + 1] << 8 | buffer[at + 2] << 16 | buffer[at + 3] << 24;
    wanted[index++] = word;
    hash = Math.imul(hash ^ word, 0x9e3779b1) ^ hash >>> 15;
  }
  if (at < end) {
    let word = buffer[at];
    if (at + 1 < end) word |= buffer[at + 1] << 8;
    if (at + 2 < end) word |= buffer[at + 2] << 16;
    wanted[index] = word;
    hash = Math.imul(hash ^ word, 0x9e3779b1) ^ hash >>> 15;
  }
  return hash ^ hash >>> 15;
}
