/** Writing of the MQTT data types (1.5) into memory that grows.
 * @module */

import { ReasonCode } from "./reason_codes.ts";
import { MqttError } from "./errors.ts";
import { writeUtf8 } from "./utf8.ts";

/** A buffer above this size is given back by {@linkcode Writer.reset}. */
const KEEP = 65_536;
/** Up to so many bytes a loop copies faster than a view can be made (`tests/bench/codec_bench.ts`). */
const LOOP_COPY = 40;

/**
 * Appends fields to `buffer`; the first `length` bytes are what was written.
 *
 * `buffer` changes when it grows, so keep offsets, not views, while writing.
 *
 * @example
 * ```ts
 * import { Writer } from "./writer.ts";
 *
 * const writer = new Writer();
 * writer.string("a");
 * console.assert(writer.length === 3);
 * ```
 */
export class Writer {
  /** The memory; only the first `length` bytes mean something. */
  buffer: Uint8Array<ArrayBuffer>;
  /** Bytes written so far; may be set back to take bytes away. */
  length: number;
  readonly #initialBytes: number;

  /**
   * An empty writer.
   *
   * @param initialBytes size of the first buffer, 256 when absent
   */
  constructor(initialBytes: number = 256) {
    this.#initialBytes = initialBytes;
    this.buffer = new Uint8Array(initialBytes);
    this.length = 0;
  }

  /**
   * Makes sure that `bytes` more bytes fit without growing.
   *
   * @param bytes number of bytes
   */
  reserve(bytes: number): void {
    const needed = this.length + bytes;
    if (needed > this.buffer.length) this.#grow(needed);
  }

  /**
   * Writes a byte.
   *
   * @param value 0 to 255
   * @throws {MqttError} 0x81 for another value
   */
  u8(value: number): void {
    if ((value & 0xff) !== value) throw outOfRange("byte", value);
    this.reserve(1);
    this.buffer[this.length++] = value;
  }

  /**
   * Writes a Two Byte Integer.
   *
   * @param value 0 to 65,535
   * @throws {MqttError} 0x81 for another value
   */
  u16(value: number): void {
    if ((value & 0xffff) !== value) throw outOfRange("two byte integer", value);
    this.reserve(2);
    this.buffer[this.length++] = value >>> 8;
    this.buffer[this.length++] = value;
  }

  /**
   * Writes a Four Byte Integer.
   *
   * @param value 0 to 4,294,967,295
   * @throws {MqttError} 0x81 for another value
   */
  u32(value: number): void {
    if (value >>> 0 !== value) throw outOfRange("four byte integer", value);
    this.u16(value >>> 16);
    this.u16(value & 0xffff);
  }

  /**
   * Writes a Variable Byte Integer.
   *
   * @param value 0 to 268,435,455, written in the fewest bytes
   * @throws {MqttError} 0x81 for another value
   */
  varint(value: number): void {
    const size = varintSize(value);
    this.reserve(size);
    let rest = value;
    for (let i = 1; i < size; i++) {
      this.buffer[this.length++] = rest & 0x7f | 0x80;
      rest >>>= 7;
    }
    this.buffer[this.length++] = rest;
  }

  /**
   * Writes a UTF-8 Encoded String.
   *
   * @param value text of at most 65,535 bytes in UTF-8
   * @throws {MqttError} 0x81 for a longer one, U+0000 or a lone surrogate
   */
  string(value: string): void {
    const at = this.length;
    this.reserve(2 + 3 * value.length);
    const end = writeUtf8(value, this.buffer, at + 2);
    this.u16(end - at - 2);
    this.length = end;
  }

  /**
   * Writes Binary Data.
   *
   * @param value at most 65,535 bytes, written with their length
   * @throws {MqttError} 0x81 when there are more
   */
  binary(value: Uint8Array): void {
    this.u16(value.length);
    this.bytes(value);
  }

  /**
   * Writes bytes as they are.
   *
   * @param value the bytes
   */
  bytes(value: Uint8Array): void {
    this.reserve(value.length);
    this.buffer.set(value, this.length);
    this.length += value.length;
  }

  /**
   * Copies a part of a buffer.
   *
   * @param source where the bytes are
   * @param start index of the first byte
   * @param end index behind the last byte
   */
  copy(source: Uint8Array, start: number, end: number): void {
    const at = this.length, length = end - start;
    this.reserve(length);
    this.length = at + length;
    const { buffer } = this;
    if (length > LOOP_COPY) buffer.set(source.subarray(start, end), at);
    else for (let index = 0; index < length; index++) buffer[at + index] = source[start + index];
  }

  /** Starts anew; a large buffer is given back. */
  reset(): void {
    this.length = 0;
    if (this.buffer.length > Math.max(KEEP, this.#initialBytes)) this.buffer = new Uint8Array(this.#initialBytes);
  }

  #grow(needed: number): void {
    const bigger = new Uint8Array(Math.max(needed, 2 * this.buffer.length));
    bigger.set(this.buffer.subarray(0, this.length));
    this.buffer = bigger;
  }
}

/**
 * The number of bytes of a Variable Byte Integer (1.5.5).
 *
 * @param value 0 to 268,435,455
 * @returns 1 to 4
 * @throws {MqttError} 0x81 for another value
 *
 * @example
 * ```ts
 * import { varintSize } from "./writer.ts";
 *
 * console.assert(varintSize(128) === 2);
 * ```
 */
export function varintSize(value: number): number {
  if (value >>> 0 !== value || value > 0xfffffff) throw outOfRange("variable byte integer", value);
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : 4;
}

function outOfRange(what: string, value: number): MqttError {
  return new MqttError(ReasonCode.MalformedPacket, `Cannot write ${what}: current value is ${value}`);
}
