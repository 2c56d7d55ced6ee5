/** Bounds-checked reading of the MQTT data types (1.5).
 * @module */

import { ReasonCode } from "./reason_codes.ts";
import { MqttError } from "./errors.ts";
import { checkUtf8, decodeUtf8 } from "./utf8.ts";

/**
 * Reads fields one after the other and never past the end that it was given.
 *
 * @example
 * ```ts
 * import { Reader } from "./reader.ts";
 *
 * const reader = new Reader(Uint8Array.of(0, 1, 0x61), 0, 3);
 * console.assert(reader.string() === "a");
 * reader.finish();
 * ```
 */
export class Reader {
  /** Where the bytes are. */
  buffer: Uint8Array;
  /** Index of the next byte. */
  position: number;
  /** Index behind the last byte that may be read. */
  end: number;

  /**
   * A reader of a part of a buffer.
   *
   * @param buffer where the bytes are
   * @param start index of the first byte
   * @param end index behind the last byte
   */
  constructor(buffer: Uint8Array, start: number, end: number) {
    this.buffer = buffer;
    this.position = start;
    this.end = end;
  }

  /** Bytes that are left. */
  get remaining(): number {
    return this.end - this.position;
  }

  /**
   * Reads a byte.
   *
   * @returns one byte
   * @throws {MqttError} 0x81 when no byte is left
   */
  u8(): number {
    return this.buffer[this.#take(1)];
  }

  /**
   * Reads two bytes.
   *
   * @returns a Two Byte Integer (1.5.2)
   * @throws {MqttError} 0x81 when fewer bytes are left
   */
  u16(): number {
    const at = this.#take(2);
    return this.buffer[at] << 8 | this.buffer[at + 1];
  }

  /**
   * Reads four bytes.
   *
   * @returns a Four Byte Integer (1.5.3), never negative
   * @throws {MqttError} 0x81 when fewer bytes are left
   */
  u32(): number {
    return (this.u16() << 16 | this.u16()) >>> 0;
  }

  /**
   * Reads one to four bytes.
   *
   * @returns a Variable Byte Integer (1.5.5)
   * @throws {MqttError} 0x81 when it is cut short, longer than four bytes or not in its shortest form
   */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.u8();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        if (byte === 0 && shift > 0) break; // [MQTT-1.5.5-1]
        return value;
      }
    }
    throw new MqttError(ReasonCode.MalformedPacket, "Cannot read variable byte integer: too many bytes");
  }

  /**
   * Reads a length and so much text.
   *
   * @returns a UTF-8 Encoded String (1.5.4)
   * @throws {MqttError} 0x81 when it is cut short or not well formed
   */
  string(): string {
    const length = this.u16();
    const at = this.#take(length);
    return decodeUtf8(this.buffer, at, at + length);
  }

  /**
   * Reads a length and checks so much text.
   *
   * @throws {MqttError} 0x81 when it is cut short or not well formed
   */
  skipString(): void {
    const length = this.u16();
    const at = this.#take(length);
    checkUtf8(this.buffer, at, at + length);
  }

  /**
   * Reads a length and so many bytes.
   *
   * @returns Binary Data (1.5.6), a view on the buffer
   * @throws {MqttError} 0x81 when it is cut short
   */
  binary(): Uint8Array {
    return this.bytes(this.u16());
  }

  /**
   * Reads bytes.
   *
   * @param length number of bytes
   * @returns a view on the buffer
   * @throws {MqttError} 0x81 when fewer bytes are left
   */
  bytes(length: number): Uint8Array {
    const at = this.#take(length);
    return this.buffer.subarray(at, at + length);
  }

  /**
   * Passes over bytes.
   *
   * @param length number of bytes
   * @throws {MqttError} 0x81 when fewer bytes are left
   */
  skip(length: number): undefined {
    this.#take(length);
  }

  /**
   * Ends the reading.
   *
   * @throws {MqttError} 0x81 when bytes are left over
   */
  finish(): void {
    if (this.position === this.end) return;
    throw new MqttError(ReasonCode.MalformedPacket, `Cannot read packet: ${this.remaining} bytes left over`);
  }

  #take(length: number): number {
    const at = this.position;
    if (length > this.end - at) {
      throw new MqttError(ReasonCode.MalformedPacket, `Cannot read ${length} bytes: only ${this.end - at} left`);
    }
    this.position = at + length;
    return at;
  }
}
