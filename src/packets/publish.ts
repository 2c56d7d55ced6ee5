/** PUBLISH (3.3) and the acknowledgements without a reason: the hot path.
 * @module */

import { MqttError } from "./errors.ts";
import { decodeProperties, type DecodePropertiesOptions, encodeProperties, propertiesSize } from "./properties.ts";
import { Reader } from "./reader.ts";
import type { Sender } from "./reason_codes.ts";
import { StringCache } from "./string_cache.ts";
import {
  type AckPacket,
  PacketType,
  type Properties,
  type ProtocolVersion,
  type PublishPacket,
  type QoS,
} from "./types.ts";
import { utf8Length, writeUtf8 } from "./utf8.ts";
import { varintSize, type Writer } from "./writer.ts";

/** What {@linkcode encodePublish} needs of a message; every {@linkcode PublishPacket} has it. */
export interface PublishFields {
  /** Topic Name; empty with a Topic Alias. */
  readonly topic: string;
  /** Application Message. */
  readonly payload: Uint8Array;
  /** Quality of Service. */
  readonly qos: QoS;
  /** RETAIN flag. */
  readonly retain: boolean;
  /** DUP flag; not written at QoS 0. */
  readonly dup: boolean;
  /** Packet Identifier, not written at QoS 0; 0 leaves a place to fill in. */
  readonly packetId: number;
  /** PUBLISH properties, for MQTT 5. */
  readonly properties?: Properties;
}

const topicNames: StringCache = new StringCache();
const NO_PAYLOAD: Uint8Array = new Uint8Array(0);
/** Below this many bytes a loop copies faster than the native call. */
const LOOP_COPY = 32;

/**
 * Decodes a PUBLISH. Wildcards and an empty Topic Name are not judged here.
 *
 * @param header first byte of the packet
 * @param buffer where the packet is; the payload will be a view on it
 * @param start behind the fixed header
 * @param end behind the packet
 * @param version of the connection
 * @param options sender and limits
 * @returns the packet
 * @throws {MqttError} 0x81 for QoS 3, DUP at QoS 0 and fields that do not fit, 0x82 for Packet Identifier 0, and what
 * the properties say
 *
 * @example
 * ```ts
 * import { decodePublish } from "./publish.ts";
 *
 * const packet = decodePublish(0x30, Uint8Array.of(0, 1, 0x74, 0x78), 0, 4, 4);
 * console.assert(packet.topic === "t" && packet.payload.length === 1);
 * ```
 */
export function decodePublish(
  header: number,
  buffer: Uint8Array,
  start: number,
  end: number,
  version: ProtocolVersion,
  options?: DecodePropertiesOptions,
): PublishPacket {
  const qos = checkFlags(header);
  const topicStart = start + 2;
  let at = topicStart > end ? topicStart : topicStart + (buffer[start] << 8 | buffer[start + 1]);
  if (at > end) throw tooShort(); // [MQTT-3.3.2-1]
  const topic = topicNames.decode(buffer, topicStart, at);
  let packetId = 0;
  if (qos > 0) { // [MQTT-2.2.1-2]
    packetId = readPacketId(buffer, at, end);
    at += 2;
  }
  let properties: Properties | undefined;
  if (version === 5) {
    if (at < end && buffer[at] === 0) at++;
    else {
      const reader = new Reader(buffer, at, end);
      properties = decodeProperties(reader, PacketType.PUBLISH, options);
      at = reader.position;
    }
  }
  return {
    type: PacketType.PUBLISH,
    topic,
    payload: at === end ? NO_PAYLOAD : buffer.subarray(at, end),
    qos,
    retain: (header & 1) !== 0,
    dup: (header & 8) !== 0,
    packetId,
    properties,
  };
}

function checkFlags(header: number): QoS {
  const qos = header >>> 1 & 3;
  if (qos === 3) throw new MqttError(0x81, "Cannot decode PUBLISH: current QoS is 3"); // [MQTT-3.3.1-4]
  if (qos === 0 && (header & 8) !== 0) { // [MQTT-3.3.1-2]
    throw new MqttError(0x81, "Cannot decode PUBLISH: DUP is set at QoS 0");
  }
  return qos as QoS;
}

function readPacketId(buffer: Uint8Array, at: number, end: number): number {
  if (at + 2 > end) throw tooShort();
  const packetId = buffer[at] << 8 | buffer[at + 1];
  if (packetId === 0) throw new MqttError(0x82, "Cannot decode PUBLISH: Packet Identifier is 0"); // [MQTT-2.2.1-3]
  return packetId;
}

function tooShort(): MqttError {
  return new MqttError(0x81, "Cannot decode PUBLISH: it is too short for its fields");
}

/**
 * Appends a PUBLISH.
 *
 * @param writer where to append; unchanged when this throws
 * @param packet the message
 * @param version of the receiver; older ones get no properties
 * @param from the end that sends it
 * @returns offset of the Packet Identifier in `writer.buffer`, -1 at QoS 0
 * @throws {MqttError} 0x81 for text that has no encoding or is too long, 0x82 and 0x94 for forbidden property values
 *
 * @example
 * ```ts
 * import { encodePublish } from "./publish.ts";
 * import { Writer } from "./writer.ts";
 *
 * const message = { topic: "t", payload: Uint8Array.of(1), qos: 0, retain: false, dup: false, packetId: 0 } as const;
 * const writer = new Writer();
 * console.assert(encodePublish(writer, message, 4) === -1 && writer.length === 6);
 * ```
 */
export function encodePublish(
  writer: Writer,
  packet: PublishFields,
  version: ProtocolVersion,
  from: Sender = "server",
): number {
  const start = writer.length;
  try {
    return append(writer, packet, version, from);
  } catch (error) {
    writer.length = start;
    throw error;
  }
}

function append(writer: Writer, packet: PublishFields, version: ProtocolVersion, from: Sender): number {
  const { topic, payload, qos, properties } = packet;
  const topicLength = utf8Length(topic);
  if (topicLength > 0xffff) throw new MqttError(0x81, `Cannot encode topic: its length is ${topicLength} bytes`);
  const remaining = bodySize(topicLength, packet, version, from);
  writer.reserve(1 + varintSize(remaining) + remaining);
  writer.u8(0x30 | (packet.dup && qos > 0 ? 8 : 0) | qos << 1 | (packet.retain ? 1 : 0)); // [MQTT-3.3.1-2]
  writer.varint(remaining);
  const at = writer.length;
  writer.buffer[at] = topicLength >>> 8;
  writer.buffer[at + 1] = topicLength;
  writer.length = writeUtf8(topic, writer.buffer, at + 2);
  const packetIdAt = qos === 0 ? -1 : writer.length;
  if (qos > 0) writer.u16(packet.packetId);
  if (version === 5) {
    if (properties === undefined) writer.u8(0); // [MQTT-2.2.2-1]
    else encodeProperties(writer, properties, PacketType.PUBLISH, from);
  }
  appendPayload(writer, payload);
  return packetIdAt;
}

function appendPayload(writer: Writer, payload: Uint8Array): void {
  const { length } = payload;
  if (length > LOOP_COPY) return writer.bytes(payload);
  const { buffer, length: at } = writer;
  for (let i = 0; i < length; i++) buffer[at + i] = payload[i];
  writer.length = at + length;
}

function bodySize(topicLength: number, packet: PublishFields, version: ProtocolVersion, from: Sender): number {
  const { properties } = packet;
  const fixed = 2 + topicLength + (packet.qos > 0 ? 2 : 0) + packet.payload.length;
  if (version !== 5) return fixed;
  return fixed + (properties === undefined ? 1 : propertiesSize(properties, PacketType.PUBLISH, from));
}

/**
 * The size of a PUBLISH on the wire.
 *
 * @param packet the message
 * @param version of the receiver
 * @param from the end that sends it
 * @returns bytes, fixed header included
 * @throws {MqttError} 0x81 when it is larger than the protocol can express
 *
 * @example
 * ```ts
 * import { publishSize } from "./publish.ts";
 *
 * const message = { topic: "t", payload: Uint8Array.of(1), qos: 0, retain: false, dup: false, packetId: 0 } as const;
 * console.assert(publishSize(message, 5) === 7);
 * ```
 */
export function publishSize(packet: PublishFields, version: ProtocolVersion, from: Sender = "server"): number {
  const remaining = bodySize(utf8Length(packet.topic), packet, version, from);
  return 1 + varintSize(remaining) + remaining;
}

/**
 * Appends a PUBACK, PUBREC, PUBREL or PUBCOMP of four bytes: reason code 0 and no properties, in any version.
 *
 * @param writer where to append
 * @param type which of the four
 * @param packetId 1 to 65,535
 *
 * @example
 * ```ts
 * import { encodeAck } from "./publish.ts";
 * import { Writer } from "./writer.ts";
 *
 * const writer = new Writer();
 * encodeAck(writer, 6, 1);
 * console.assert(writer.buffer[0] === 0x62); // PUBREL has a reserved flag set
 * ```
 */
export function encodeAck(writer: Writer, type: AckPacket["type"], packetId: number): void {
  writer.reserve(4);
  const { buffer, length } = writer;
  buffer[length] = type === PacketType.PUBREL ? 0x62 : type << 4; // [MQTT-3.6.1-1]
  buffer[length + 1] = 2;
  buffer[length + 2] = packetId >>> 8;
  buffer[length + 3] = packetId;
  writer.length = length + 4;
}
