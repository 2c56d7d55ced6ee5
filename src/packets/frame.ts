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
  const length = writer.length - start - 2;
  const extra = varintSize(length) - 1;
  if (extra > 0) {
    writer.reserve(extra);
    writer.buffer.copyWithin(start + 2 + extra, start + 2, writer.length);
  }
  writer.length = start + 1;
  writer.varint(length);
  writer.length += length;
}
