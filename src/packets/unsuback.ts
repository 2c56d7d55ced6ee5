/** UNSUBACK (3.11).
 * @module */

import { ReasonCode } from "./reason_codes.ts";
import { MqttError } from "./errors.ts";
import { checkReasonCode, type DecodeContext, readPacketId } from "./fields.ts";
import { FixedHeader } from "./fixed_header.ts";
import { closePacket, openPacket } from "./frame.ts";
import { decodeProperties } from "./decode_properties.ts";
import { encodeProperties } from "./encode_properties.ts";
import type { Reader } from "./reader.ts";
import { PacketType, type ProtocolVersion, type UnsubackPacket } from "./types.ts";
import type { Writer } from "./writer.ts";

/**
 * Decodes an UNSUBACK; older versions have no codes in it.
 *
 * @param reader stands behind the fixed header
 * @param context version and limits
 * @returns the packet
 * @throws {MqttError} 0x81 for fields that do not fit, 0x82 for identifier 0, no codes, and codes that are not in the table
 *
 * @example
 * ```ts
 * import { Reader } from "./reader.ts";
 * import { decodeUnsuback } from "./unsuback.ts";
 *
 * const packet = decodeUnsuback(new Reader(Uint8Array.of(0, 1, 0, 0x11), 0, 4), { version: 5 });
 * console.assert(packet.reasonCodes[0] === 0x11);
 * ```
 */
export function decodeUnsuback(reader: Reader, context: DecodeContext): UnsubackPacket {
  const packetId = readPacketId(reader);
  if (context.version !== 5) return { type: PacketType.UNSUBACK, packetId, reasonCodes: [], properties: undefined };
  const properties = decodeProperties(reader, PacketType.UNSUBACK, context);
  if (reader.remaining === 0) {
    throw new MqttError(ReasonCode.ProtocolError, "Cannot accept UNSUBACK: it has no reason code");
  }
  const reasonCodes: number[] = [];
  while (reader.remaining > 0) {
    reasonCodes.push(checkReasonCode(PacketType.UNSUBACK, reader.u8(), "server")); // [MQTT-3.11.3-2]
  }
  return { type: PacketType.UNSUBACK, packetId, reasonCodes, properties };
}

/**
 * Appends an UNSUBACK.
 *
 * @param writer where to append
 * @param packet what to write; older versions get the identifier only
 * @param version of the receiver
 * @throws {MqttError} 0x82 for codes that are not in the table, 0x81 for values that have no encoding
 *
 * @example
 * ```ts
 * import { encodeUnsuback } from "./unsuback.ts";
 * import { Writer } from "./writer.ts";
 *
 * const writer = new Writer();
 * encodeUnsuback(writer, { type: 11, packetId: 1, reasonCodes: [0] }, 4);
 * console.assert(writer.length === 4);
 * ```
 */
export function encodeUnsuback(writer: Writer, packet: UnsubackPacket, version: ProtocolVersion): void {
  const start = openPacket(writer, FixedHeader.UNSUBACK);
  writer.u16(packet.packetId);
  if (version === 5) {
    encodeProperties(writer, packet.properties, PacketType.UNSUBACK);
    for (const code of packet.reasonCodes) { // [MQTT-3.11.3-1]
      writer.u8(checkReasonCode(PacketType.UNSUBACK, code, "server")); // [MQTT-3.11.3-2]
    }
  }
  closePacket(writer, start);
}
