/** Validated strings by their bytes, so that a repeated Topic Name is not decoded again.
 * @module */

import { decodeUtf8 } from "./utf8.ts";

/** Longer strings are decoded each time: they would make the cache's memory depend on what clients send. */
const LONGEST = 256;

/**
 * A cache from UTF-8 bytes to strings with a fixed number of places.
 *
 * Every hit compares all bytes, so equal hashes never give a wrong string. Two strings of one hash can live side by side;
 * a third takes the place of the one that was not met last. The seed of the hash differs from process to process.
 *
 * @example
 * ```ts
 * import { StringCache } from "./string_cache.ts";
 *
 * const cache = new StringCache();
 * console.assert(cache.decode(Uint8Array.of(0x61, 0x2f, 0x62), 0, 3) === "a/b");
 * ```
 */
export class StringCache {
  readonly #mask: number;
  readonly #seed: number;
  readonly #texts: string[];
  /** The bytes of texts that are not ASCII; an ASCII text is compared with its own characters. */
  readonly #bytes: (Uint8Array | undefined)[];

  /** @param places number of strings, rounded up to a power of two; 4,096 when absent */
  constructor(places: number = 4096) {
    const size = 2 ** Math.ceil(Math.log2(Math.max(2, places)));
    this.#mask = size - 1;
    this.#seed = Math.random() * 2 ** 32 | 0;
    this.#texts = new Array(size).fill("");
    this.#bytes = new Array(size).fill(undefined);
  }

  /**
   * The string of these bytes.
   *
   * @param buffer where the bytes are
   * @param start first byte
   * @param end behind the last byte
   * @returns the text, well formed and without U+0000
   * @throws {MqttError} 0x81 when the bytes are no such text
   */
  decode(buffer: Uint8Array, start: number, end: number): string {
    const length = end - start;
    if (length > LONGEST) return decodeUtf8(buffer, start, end);
    if (length === 0) return "";
    let hash = this.#seed;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ buffer[i], 0x01000193);
    const place = (hash ^ hash >>> 15) & this.#mask;
    if (this.#holds(place, buffer, start, length)) return this.#texts[place];
    return this.#second(place, buffer, start, end);
  }

  /** Looks in the neighbouring place; whatever is found or decoded moves to the first place. */
  #second(place: number, buffer: Uint8Array, start: number, end: number): string {
    const neighbour = place ^ 1;
    const known = this.#holds(neighbour, buffer, start, end - start);
    const text = known ? this.#texts[neighbour] : decodeUtf8(buffer, start, end);
    const bytes = known ? this.#bytes[neighbour] : text.length < end - start ? buffer.slice(start, end) : undefined;
    this.#texts[neighbour] = this.#texts[place];
    this.#bytes[neighbour] = this.#bytes[place];
    this.#texts[place] = text;
    this.#bytes[place] = bytes;
    return text;
  }

  #holds(place: number, buffer: Uint8Array, start: number, length: number): boolean {
    const bytes = this.#bytes[place];
    if (bytes !== undefined) return sameBytes(bytes, buffer, start, length);
    const text = this.#texts[place];
    if (text.length !== length) return false;
    for (let i = 0; i < length; i++) {
      if (text.charCodeAt(i) !== buffer[start + i]) return false;
    }
    return true;
  }
}

function sameBytes(bytes: Uint8Array, buffer: Uint8Array, start: number, length: number): boolean {
  if (bytes.length !== length) return false;
  for (let i = 0; i < length; i++) {
    if (bytes[i] !== buffer[start + i]) return false;
  }
  return true;
}
