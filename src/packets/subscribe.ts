/** SUBSCRIBE (3.8).
 * @module */

import { ReasonCode } from "./reason_codes.ts";
import { MqttError } from "./errors.ts";
import { type DecodeContext, readFilters, readPacketId } from "./fields.ts";
import { FixedHeader } from "./fixed_header.ts";
import { closePacket, openPacket } from "./frame.ts";
import { decodeProperties } from "./decode_properties.ts";
import { encodeProperties } from "./encode_properties.ts";
import type { Reader } from "./reader.ts";
import { PacketType, type ProtocolVersion, type QoS, type SubscribePacket, type SubscribeRequest } from "./types.ts";
import type { Writer } from "./writer.ts";

/**
 * Decodes a SUBSCRIBE. The filters are not judged here.
 *
 * @param reader stands behind the fixed header
 * @param context version, sender and limits
 * @returns the packet
 * @throws {MqttError} 0x81 for fields that do not fit and reserved option bits (in older versions also QoS 3), 0x82 for
 * identifier 0, no filters, QoS 3, Retain Handling 3, and what the properties say; 0x97 for too many filters
 *
 * @example
 * ```ts
 * import { Reader } from "./reader.ts";
 * import { decodeSubscribe } from "./subscribe.ts";
 *
 * const packet = decodeSubscribe(new Reader(Uint8Array.of(0, 1, 0, 1, 0x61, 2), 0, 6), { version: 4 });
 * console.assert(packet.subscriptions[0].qos === 2);
 * ```
 */
export function decodeSubscribe(reader: Reader, context: DecodeContext): SubscribePacket {
  const { version } = context;
  const packetId = readPacketId(reader);
  const properties = version === 5 ? decodeProperties(reader, PacketType.SUBSCRIBE, context) : undefined;
  if (reader.remaining === 0) {
    throw new MqttError(ReasonCode.ProtocolError, "Cannot accept SUBSCRIBE: it has no filter"); // [MQTT-3.8.3-2]
  }
  const subscriptions = readFilters(reader, context, () => readRequest(reader, version));
  return { type: PacketType.SUBSCRIBE, packetId, subscriptions, properties };
}

function readRequest(reader: Reader, version: ProtocolVersion): SubscribeRequest {
  const topicFilter = reader.string(); // [MQTT-3.8.3-1]
  const options = reader.u8();
  if (version === 5) checkOptions(options);
  else if (options > 2) { // [MQTT-3.8.3-4] of 3.1.1
    throw new MqttError(ReasonCode.MalformedPacket, `Cannot accept Requested QoS: current value is ${options}`);
  }
  return {
    topicFilter,
    qos: (options & 3) as QoS,
    noLocal: (options & 4) !== 0,
    retainAsPublished: (options & 8) !== 0,
    retainHandling: (options >>> 4 & 3) as 0 | 1 | 2,
  };
}

function checkOptions(options: number): void {
  const complaint = `Cannot accept Subscription Options: current value is 0x${options.toString(16)}`;
  if ((options & 0xc0) !== 0) throw new MqttError(ReasonCode.MalformedPacket, complaint); // [MQTT-3.8.3-5]
  if ((options & 3) === 3 || (options & 0x30) === 0x30) throw new MqttError(ReasonCode.ProtocolError, complaint);
}

/**
 * Appends a SUBSCRIBE.
 *
 * @param writer where to append
 * @param packet what to write; options that the version lacks are left out
 * @param version of the receiver
 * @throws {MqttError} 0x81 for values that have no encoding, 0x82 for two Subscription Identifiers or number 0
 *
 * @example
 * ```ts
 * import { encodeSubscribe } from "./subscribe.ts";
 * import { Writer } from "./writer.ts";
 *
 * const request = { topicFilter: "a", qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
 * const writer = new Writer();
 * encodeSubscribe(writer, { type: 8, packetId: 1, subscriptions: [request] }, 4);
 * console.assert(writer.length === 8);
 * ```
 */
export function encodeSubscribe(writer: Writer, packet: SubscribePacket, version: ProtocolVersion): void {
  const start = openPacket(writer, FixedHeader.SUBSCRIBE); // [MQTT-3.8.1-1]
  writer.u16(packet.packetId);
  if (version === 5) encodeProperties(writer, packet.properties, PacketType.SUBSCRIBE, "client");
  for (const request of packet.subscriptions) {
    writer.string(request.topicFilter);
    writer.u8(version === 5 ? optionsOf(request) : request.qos);
  }
  closePacket(writer, start);
}

function optionsOf(request: SubscribeRequest): number {
  const { qos, noLocal, retainAsPublished, retainHandling } = request;
  return qos | (noLocal ? 4 : 0) | (retainAsPublished ? 8 : 0) | retainHandling << 4;
}
