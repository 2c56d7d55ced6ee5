/** Encoding of PUBLISH (3.3) and of acknowledgements without a reason: the hot path.
 * @module */

import { ReasonCode } from "./reason_codes.ts";
import { encodeProperties, propertiesSize } from "./encode_properties.ts";
import { MqttError } from "./errors.ts";
import { ackHeader, publishHeader } from "./fixed_header.ts";
import type { Sender } from "./reason_codes.ts";
import { type AckPacket, PacketType, type Properties, type ProtocolVersion, type QoS } from "./types.ts";
import { utf8Length, writeUtf8 } from "./utf8.ts";
import { varintSize, Writer } from "./writer.ts";

/** Below this many bytes a loop copies faster than the native call. */
const LOOP_COPY = 32;

/** Holds the properties of the packet at hand until their length is known; nothing in it outlives the call. */
const propertyBytes: Writer = new Writer(256);
const NOTHING: Writer = new Writer(0);
/** A Property Length of 0. [MQTT-2.2.2-1] */
const NO_PROPERTIES: Writer = new Writer(1);
NO_PROPERTIES.u8(0);

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
 * import { encodePublish } from "./encode_publish.ts";
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
  const { topic, payload, qos, packetId } = packet;
  const topicLength = utf8Length(topic);
  if (topicLength > 0xffff) {
    throw new MqttError(ReasonCode.MalformedPacket, `Cannot encode topic: its length is ${topicLength} bytes`);
  }
  const properties = version === 5 ? encodedProperties(packet.properties, from) : NOTHING;
  const remaining = 2 + topicLength + (qos > 0 ? 2 : 0) + properties.length + payload.length;
  writer.reserve(5 + remaining);
  writer.u8(publishHeader(qos, packet.retain, packet.dup && qos > 0)); // [MQTT-3.3.1-2]
  writer.varint(remaining);
  const { buffer, length } = writer;
  buffer[length] = topicLength >>> 8;
  buffer[length + 1] = topicLength;
  let at = writeUtf8(topic, buffer, length + 2);
  const packetIdAt = qos === 0 ? -1 : at;
  if (qos > 0) {
    writer.length = at;
    writer.u16(packetId);
    at += 2;
  }
  at = copy(properties.buffer, properties.length, buffer, at);
  writer.length = copy(payload, payload.length, buffer, at);
  return packetIdAt;
}

/** The bytes of the properties with their length, in a writer that the next call uses again. */
function encodedProperties(properties: Properties | undefined, from: Sender): Writer {
  if (properties === undefined) return NO_PROPERTIES;
  propertyBytes.reset();
  encodeProperties(propertyBytes, properties, PacketType.PUBLISH, from);
  return propertyBytes;
}

/** Copies the first bytes of a buffer to a place with room for them; tells the place behind them. */
function copy(source: Uint8Array, length: number, target: Uint8Array, at: number): number {
  if (length > LOOP_COPY) target.set(length === source.length ? source : source.subarray(0, length), at);
  else for (let i = length; i-- > 0;) target[at + i] = source[i];
  return at + length;
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
 * import { publishSize } from "./encode_publish.ts";
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
 * import { encodeAck } from "./encode_publish.ts";
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
  buffer[length] = ackHeader(type);
  buffer[length + 1] = 2;
  buffer[length + 2] = packetId >>> 8;
  buffer[length + 3] = packetId;
  writer.length = length + 4;
}
