/** Decoding of PUBLISH (3.3), the hot path.
 * @module */

import { ReasonCode } from "./reason_codes.ts";
import { MqttError } from "./errors.ts";
import { PublishFlag } from "./fixed_header.ts";
import {
  decodeProperties,
  type DecodePropertiesOptions,
  type PublishPropertiesTarget,
  scanPublishProperties,
} from "./decode_properties.ts";
import { Reader } from "./reader.ts";
import { StringCache } from "./string_cache.ts";
import { PacketType, type Properties, type ProtocolVersion, type PublishPacket, type QoS } from "./types.ts";

const topicNames: StringCache<string> = new StringCache((text) => text);
const NO_PAYLOAD: Uint8Array = new Uint8Array(0);

/** What {@linkcode readPublish} fills in: the fields, and where the parts of the packet are. */
export interface PublishTarget extends PublishPropertiesTarget {
  /** Quality of Service. */
  qos: QoS;
  /** RETAIN flag. */
  retain: boolean;
  /** DUP flag. */
  dup: boolean;
  /** Packet Identifier, 0 at QoS 0. */
  packetId: number;
  /** Memory that holds the packet. */
  buffer: Uint8Array;
  /** Index of the two bytes of the length of the Topic Name. */
  bodyStart: number;
  /** Index of the Property Length; that of the payload before MQTT 5. */
  propertiesStart: number;
  /** Index of the first byte of the payload. */
  payloadStart: number;
  /** Index behind the packet. */
  frameEnd: number;
}

/**
 * Reads a PUBLISH in place: no view on its payload is made, and its properties are checked but not decoded. Its Topic Name
 * stands behind two bytes from {@linkcode PublishTarget.bodyStart} on and is left to the caller, who may know it.
 *
 * @param target takes what is read
 * @param header first byte of the packet
 * @param buffer where the packet is
 * @param start behind the fixed header
 * @param end behind the packet
 * @param version of the connection
 * @param options sender and limits
 * @returns index behind the Topic Name
 * @throws {MqttError} 0x81 for QoS 3, DUP at QoS 0 and fields that do not fit, 0x82 for Packet Identifier 0, and what
 * the properties say
 */
export function readPublish(
  target: PublishTarget,
  header: number,
  buffer: Uint8Array,
  start: number,
  end: number,
  version: ProtocolVersion,
  options: DecodePropertiesOptions,
): number {
  const qos = checkFlags(header), topicEnd = start + 2 + (buffer[start] << 8 | buffer[start + 1]);
  if (topicEnd > end) throw tooShort(); // [MQTT-3.3.2-1]
  let at = topicEnd;
  target.qos = qos;
  target.retain = (header & PublishFlag.RETAIN) !== 0;
  target.dup = (header & PublishFlag.DUP) !== 0;
  if (qos > 0) { // [MQTT-2.2.1-2]
    target.packetId = readPacketId(buffer, at, end);
    at += 2;
  }
  target.propertiesStart = at;
  if (version === 5) {
    if (at < end && buffer[at] === 0) at++;
    else at = scanPublishProperties(target, buffer, at, end, options);
  }
  target.buffer = buffer;
  target.bodyStart = start;
  target.payloadStart = at;
  target.frameEnd = end;
  return topicEnd;
}

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
 * import { decodePublish } from "./decode_publish.ts";
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
  options: DecodePropertiesOptions = {},
): PublishPacket {
  const target: PublishTarget = {
    qos: 0,
    retain: false,
    dup: false,
    packetId: 0,
    topicAlias: 0,
    aliasStart: -1,
    expiryStart: -1,
    isText: false,
    buffer,
    bodyStart: start,
    propertiesStart: 0,
    payloadStart: 0,
    frameEnd: 0,
  };
  const topicEnd = readPublish(target, header, buffer, start, end, version, options);
  const topic = topicNames.decode(buffer, start + 2, topicEnd);
  const { qos, retain, dup, packetId, propertiesStart, payloadStart } = target;
  const payload = payloadStart === end ? NO_PAYLOAD : buffer.subarray(payloadStart, end);
  const properties = decodePublishProperties(buffer, propertiesStart, payloadStart, options);
  return { type: PacketType.PUBLISH, topic, payload, qos, retain, dup, packetId, properties };
}

/**
 * The properties of a PUBLISH that was read.
 *
 * @param buffer where they are
 * @param start index of the Property Length
 * @param end index behind them, the same as `start` before MQTT 5
 * @param options sender and limits
 * @returns the properties, `undefined` when there are none
 */
export function decodePublishProperties(
  buffer: Uint8Array,
  start: number,
  end: number,
  options?: DecodePropertiesOptions,
): Properties | undefined {
  if (end - start < 2) return undefined;
  return decodeProperties(new Reader(buffer, start, end), PacketType.PUBLISH, options);
}

function checkFlags(header: number): QoS {
  const qos = header >>> 1 & 3;
  if (qos === 3) throw new MqttError(ReasonCode.MalformedPacket, "Cannot decode PUBLISH: current QoS is 3"); // [MQTT-3.3.1-4]
  if (qos === 0 && (header & PublishFlag.DUP) !== 0) { // [MQTT-3.3.1-2]
    throw new MqttError(ReasonCode.MalformedPacket, "Cannot decode PUBLISH: DUP is set at QoS 0");
  }
  return qos as QoS;
}

function readPacketId(buffer: Uint8Array, at: number, end: number): number {
  if (at + 2 > end) throw tooShort();
  const packetId = buffer[at] << 8 | buffer[at + 1];
  if (packetId === 0) throw new MqttError(ReasonCode.ProtocolError, "Cannot decode PUBLISH: Packet Identifier is 0"); // [MQTT-2.2.1-3]
  return packetId;
}

function tooShort(): MqttError {
  return new MqttError(ReasonCode.MalformedPacket, "Cannot decode PUBLISH: it is too short for its fields");
}
