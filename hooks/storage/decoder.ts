/** Reads what an {@linkcode Encoder} wrote.
 * @module */
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Reads one value from its beginning. A value that ends too early gives a RangeError. */
export class Decoder {
  /** The value. */
  readonly bytes: Uint8Array;
  /** Index of the next byte. */
  at = 0;

  /** @param bytes the value */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
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
    return utf8.decode(this.take(this.u16())); // not refusing: a hook may set a User Name that no packet could carry
  }

  #take(length: number): number {
    const { at } = this;
    if (at + length > this.bytes.length) throw new RangeError(`a value of ${this.bytes.length} bytes ends too early`);
    this.at = at + length;
    return at;
  }
}
