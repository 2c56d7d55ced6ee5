/** UNSUBSCRIBE (3.10).
 * @module */

import { ReasonCode } from "./reason_codes.ts";
import { MqttError } from "./errors.ts";
import { type DecodeContext, readFilters, readPacketId } from "./fields.ts";
import { FixedHeader } from "./fixed_header.ts";
import { closePacket, openPacket } from "./frame.ts";
import { decodeProperties } from "./decode_properties.ts";
import { encodeProperties } from "./encode_properties.ts";
import type { Reader } from "./reader.ts";
import { PacketType, type ProtocolVersion, type UnsubscribePacket } from "./types.ts";
import type { Writer } from "./writer.ts";

/**
 * Decodes an UNSUBSCRIBE. The filters are not judged here.
 *
 * @param reader stands behind the fixed header
 * @param context version, sender and limits
 * @returns the packet
 * @throws {MqttError} 0x81 for fields that do not fit, 0x82 for identifier 0 and no filters, 0x97 for too many filters
 *
 * @example
 * ```ts
 * import { Reader } from "./reader.ts";
 * import { decodeUnsubscribe } from "./unsubscribe.ts";
 *
 * const packet = decodeUnsubscribe(new Reader(Uint8Array.of(0, 1, 0, 1, 0x61), 0, 5), { version: 4 });
 * console.assert(packet.topicFilters[0] === "a");
 * ```
 */
export function decodeUnsubscribe(reader: Reader, context: DecodeContext): UnsubscribePacket {
  const packetId = readPacketId(reader);
  const properties = context.version === 5 ? decodeProperties(reader, PacketType.UNSUBSCRIBE, context) : undefined;
  if (reader.remaining === 0) {
    throw new MqttError(ReasonCode.ProtocolError, "Cannot accept UNSUBSCRIBE: it has no filter"); // [MQTT-3.10.3-2]
  }
  const topicFilters = readFilters(reader, context, () => reader.string()); // [MQTT-3.10.3-1]
  return { type: PacketType.UNSUBSCRIBE, packetId, topicFilters, properties };
}

/**
 * Appends an UNSUBSCRIBE.
 *
 * @param writer where to append
 * @param packet what to write
 * @param version of the receiver
 * @throws {MqttError} 0x81 for values that have no encoding
 *
 * @example
 * ```ts
 * import { encodeUnsubscribe } from "./unsubscribe.ts";
 * import { Writer } from "./writer.ts";
 *
 * const writer = new Writer();
 * encodeUnsubscribe(writer, { type: 10, packetId: 1, topicFilters: ["a"] }, 4);
 * console.assert(writer.length === 7);
 * ```
 */
export function encodeUnsubscribe(writer: Writer, packet: UnsubscribePacket, version: ProtocolVersion): void {
  const start = openPacket(writer, FixedHeader.UNSUBSCRIBE); // [MQTT-3.10.1-1]
  writer.u16(packet.packetId);
  if (version === 5) encodeProperties(writer, packet.properties, PacketType.UNSUBSCRIBE, "client");
  for (const topicFilter of packet.topicFilters) writer.string(topicFilter);
  closePacket(writer, start);
}
