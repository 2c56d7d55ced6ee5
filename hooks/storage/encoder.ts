/** Bytes for values, cut from larger pieces of memory: thousands of small values cost a few allocations.
 * @module */

const PIECE = 65_536;
const text = new TextEncoder();

/** Writes one value after the other; numbers are big-endian. */
export class Encoder {
  #memory = new Uint8Array(PIECE);
  #start = 0;
  #at = 0;

  /**
   * Begins a value.
   *
   * @param room an upper bound of its bytes
   */
  begin(room: number): void {
    if (this.#at + room > this.#memory.length) {
      this.#memory = new Uint8Array(Math.max(PIECE, room));
      this.#at = 0;
    }
    this.#start = this.#at;
  }

  /** @returns the value; its memory is not written again */
  end(): Uint8Array {
    return this.#memory.subarray(this.#start, this.#at);
  }

  /** @param value 0 to 255 */
  u8(value: number): void {
    this.#memory[this.#at++] = value;
  }

  /** @param value 0 to 65,535 */
  u16(value: number): void {
    this.#memory[this.#at++] = value >>> 8;
    this.#memory[this.#at++] = value;
  }

  /** @param value 0 to 4,294,967,295 */
  u32(value: number): void {
    this.u16(value >>> 16);
    this.u16(value & 0xffff);
  }

  /** @param value 0 to 2^48 - 1: a time, or a number that never comes again */
  u48(value: number): void {
    this.u16(Math.floor(value / 0x1_0000_0000));
    this.u32(value >>> 0);
  }

  /** @param value bytes, as they are */
  bytes(value: Uint8Array): void {
    this.#memory.set(value, this.#at);
    this.#at += value.length;
  }

  /** @param value text of at most 65,535 bytes in UTF-8, with its length */
  text(value: string): void {
    const from = this.#at + 2, memory = this.#memory;
    let at = from;
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index);
      if (code >= 0x80) {
        at = from + text.encodeInto(value, memory.subarray(from)).written;
        break;
      }
      memory[at++] = code;
    }
    if (at - from > 0xffff) throw new RangeError(`Cannot store text: it has ${at - from} bytes, the maximum is 65,535`);
    this.u16(at - from);
    this.#at = at;
  }
}

/** Upper bound of the bytes that a text takes. */
export function textRoom(value: string): number {
  return 2 + 3 * value.length;
}
