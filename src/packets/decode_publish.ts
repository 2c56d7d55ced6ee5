/** Decoding of PUBLISH (3.3), the hot path.
 * @module */

import { MqttError } from "./errors.ts";
import { decodeProperties, type DecodePropertiesOptions } from "./decode_properties.ts";
import { Reader } from "./reader.ts";
import { StringCache } from "./string_cache.ts";
import { PacketType, type Properties, type ProtocolVersion, type PublishPacket, type QoS } from "./types.ts";

const topicNames: StringCache = new StringCache();
const NO_PAYLOAD: Uint8Array = new Uint8Array(0);

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
  options?: DecodePropertiesOptions,
): PublishPacket {
  const qos = checkFlags(header);
  const topicStart = start + 2;
  let at = topicStart + (buffer[start] << 8 | buffer[start + 1]);
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
