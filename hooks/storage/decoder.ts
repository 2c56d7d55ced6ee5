/** Reads what an {@linkcode Encoder} wrote.
 * @module */
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Texts up to this length are worth remembering. */
const SHORT = 64;
/** Short texts of ASCII that were read lately: publishers and topics come again and again, and one string serves them all. */
const recent: (string | undefined)[] = new Array(1_024);

function shortText(bytes: Uint8Array, at: number, end: number): string {
  let hash = end - at;
  for (let index = at; index < end; index++) hash = Math.imul(hash, 31) + bytes[index] | 0;
  hash = (hash ^ hash >>> 12) & 1_023;
  const known = recent[hash];
  if (known !== undefined && isText(known, bytes, at, end)) return known;
  const text = utf8.decode(bytes.subarray(at, end));
  if (text.length === end - at) recent[hash] = text;
  return text;
}

/** Whether bytes are a text of ASCII. */
function isText(text: string, bytes: Uint8Array, at: number, end: number): boolean {
  if (text.length !== end - at) return false;
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) !== bytes[at + index]) return false;
  return true;
}

/** Reads one value from its beginning. A value that ends too early gives a RangeError. */
export class Decoder {
  /** The value. */
  readonly bytes: Uint8Array;
  /** Index of the next byte. */
  at: number;

  /**
   * @param bytes the value
   * @param at where to begin
   */
  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  /** @returns 0 to 255 */
  u8(): number {
    return this.bytes[this.#take(1)];
  }

  /** @returns 0 to 65,535 */
  u16(): number {
    const at = this.#take(2);
    return this.bytes[at] << 8 | this.bytes[at + 1];
  }

  /** @returns 0 to 4,294,967,295 */
  u32(): number {
    return this.u16() * 0x1_0000 + this.u16();
  }

  /** @returns 0 to 2^48 - 1 */
  u48(): number {
    return this.u16() * 0x1_0000_0000 + this.u32();
  }

  /**
   * @param length number of bytes
   * @returns a view on them
   */
  take(length: number): Uint8Array {
    const at = this.#take(length);
    return this.bytes.subarray(at, at + length);
  }

  /** @returns a view on all that is left */
  rest(): Uint8Array {
    return this.take(this.bytes.length - this.at);
  }

  /** @returns a text with its length in front */
  text(): string {
    const length = this.u16(), at = this.#take(length); // nothing is refused: a hook may set a User Name that no packet has
    if (length <= SHORT) return shortText(this.bytes, at, at + length);
    return utf8.decode(this.bytes.subarray(at, at + length));
  }

  /** Passes over a text. */
  skipText(): void {
    this.#take(this.u16());
  }

  #take(length: number): number {
    const { at } = this;
    if (at + length > this.bytes.length) throw new RangeError(`a value of ${this.bytes.length} bytes ends too early`);
    this.at = at + length;
    return at;
  }
}
