/** What is known of strings by their bytes, so that a repeated Topic Name is not decoded again.
 * @module */

import { decodeUtf8 } from "./utf8.ts";

/** Longer strings are decoded each time, so that the memory does not depend on what clients send. */
const LONGEST = 124;
/** The same in words of four bytes, behind one for the length. */
const MOST_WORDS = 1 + LONGEST / 4;
/** Words that there is room for, for each string; most Topic Names take less. */
const WORDS = 16;
/** The string that is looked for: its length, and its bytes in words. */
const wanted: Int32Array = new Int32Array(MOST_WORDS);

/**
 * A cache from UTF-8 bytes to strings, or to what is made of them, of a fixed size.
 *
 * Every hit compares all bytes, so equal hashes never give a wrong string. What is compared stands one behind the other in the order
 * in which the strings have come: clients mostly publish to their topics in the same order again, and the processor then has the
 * next one at hand (`tests/bench/codec_bench.ts`, ten thousand topics). When the cache is full it begins anew. The seed of the hash
 * differs from cache to cache.
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
  readonly #make: (text: string) => T;
  readonly #seed: number;
  /** Where a string begins in {@linkcode StringCache.#words}, by its hash; a string has two places. */
  readonly #places: Int32Array;
  /** Strings one behind the other: number, length, words. Nothing begins at 0. */
  readonly #words: Int32Array;
  #used = 1;
  /** By the number of the string. */
  #made: T[] = [];
  #turn = 0;

  /**
   * An empty cache.
   *
   * @param make makes of a string what is kept
   * @param size number of strings, rounded up to a power of two; 32,768 when absent
   */
  constructor(make: (text: string) => T, size: number = 32_768) {
    const places = 2 ** Math.ceil(Math.log2(Math.max(2, 2 * size)));
    this.#make = make;
    this.#seed = Math.random() * 2 ** 32 | 0;
    this.#places = new Int32Array(places);
    this.#words = new Int32Array(1 + Math.max(1 + MOST_WORDS, places / 2 * WORDS));
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
    const places = this.#places, place = readWords(buffer, start, end, this.#seed) & places.length - 1;
    if (this.#isWanted(places[place])) return this.#made[this.#words[places[place]]];
    if (this.#isWanted(places[place ^ 1])) return this.#made[this.#words[places[place ^ 1]]];
    return this.#add(place, this.#make(decodeUtf8(buffer, start, end)));
  }

  #isWanted(at: number): boolean {
    const words = this.#words, count = wordsOf(wanted[0]);
    for (let index = 0; index < count; index++) {
      if (words[at + 1 + index] !== wanted[index]) return false;
    }
    return at !== 0;
  }

  #add(place: number, made: T): T {
    const count = wordsOf(wanted[0]), words = this.#words, places = this.#places;
    if (this.#used + 1 + count > words.length || this.#made.length >= places.length / 2) this.#clear();
    const at = this.#used;
    this.#used += 1 + count;
    words[at] = this.#made.length;
    for (let index = 0; index < count; index++) words[at + 1 + index] = wanted[index];
    this.#made.push(made);
    places[places[place] === 0 ? place : places[place ^ 1] === 0 ? place ^ 1 : place ^ (this.#turn ^= 1)] = at;
    return made;
  }

  #clear(): void {
    this.#places.fill(0);
    this.#made = [];
    this.#used = 1;
  }
}

/** Words of a string of so many bytes, with the one for its length. */
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
