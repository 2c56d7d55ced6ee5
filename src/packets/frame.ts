/** The fixed header around a packet that is being written (2.1).
 * @module */

import { varintSize, type Writer } from "./writer.ts";

/**
 * Begins a packet: writes the first byte and leaves one byte for the Remaining Length.
 *
 * @param writer where to append
 * @param header packet type and flags
 * @returns offset of the packet, for {@linkcode closePacket}
 *
 * @example
 * ```ts
 * import { closePacket, openPacket } from "./frame.ts";
 * import { Writer } from "./writer.ts";
 *
 * const writer = new Writer();
 * closePacket(writer, openPacket(writer, 0xc0));
 * console.assert(writer.length === 2);
 * ```
 */
export function openPacket(writer: Writer, header: number): number {
  const start = writer.length;
  writer.u8(header);
  writer.u8(0);
  return start;
}

/**
 * Ends a packet: writes the Remaining Length, after making room when it takes more than one byte.
 *
 * @param writer holds the packet at its end
 * @param start what {@linkcode openPacket} returned
 * @throws {MqttError} 0x81 when the packet is larger than the protocol can express
 *
 * @example
 * ```ts
 * import { closePacket, openPacket } from "./frame.ts";
 * import { Writer } from "./writer.ts";
 *
 * const writer = new Writer();
 * const start = openPacket(writer, 0x30);
 * writer.bytes(new Uint8Array(200));
 * closePacket(writer, start);
 * console.assert(writer.length === 203);
 * ```
 */
export function closePacket(writer: Writer, start: number): void {
  writeLengthAt(writer, start + 1);
}

/**
 * Writes the number of the bytes behind a place into that place, after making room when it takes more than one byte.
 *
 * @param writer holds one byte for the length at that place
 * @param at offset of the place
 * @throws {MqttError} 0x81 when there are more bytes than the protocol can express
 *
 * @example
 * ```ts
 * import { writeLengthAt } from "./frame.ts";
 * import { Writer } from "./writer.ts";
 *
 * const writer = new Writer();
 * writer.u8(0);
 * writer.string("a");
 * writeLengthAt(writer, 0);
 * console.assert(writer.buffer[0] === 3);
 * ```
 */
export function writeLengthAt(writer: Writer, at: number): void {
  const length = writer.length - at - 1;
  if (length < 0x80) {
    writer.buffer[at] = length;
    return;
  }
  const extra = varintSize(length) - 1;
  writer.reserve(extra);
  writer.buffer.copyWithin(at + 1 + extra, at + 1, writer.length);
  writer.length = at;
  writer.varint(length);
  writer.length += length;
}
