/** Bytes to packets, by packet type.
 * @module */

import { ReasonCode } from "./reason_codes.ts";
import { decodeAck, decodeShortAck } from "./acks.ts";
import { decodeAuth } from "./auth.ts";
import { decodeConnack } from "./connack.ts";
import { decodeConnect } from "./connect.ts";
import { decodeDisconnect } from "./disconnect.ts";
import { MqttError } from "./errors.ts";
import type { DecodeContext, DecodeOptions } from "./fields.ts";
import { decodePublish } from "./decode_publish.ts";
import { Reader } from "./reader.ts";
import { decodeSuback } from "./suback.ts";
import { decodeSubscribe } from "./subscribe.ts";
import { type AckPacket, type Packet, PacketType, type ProtocolVersion } from "./types.ts";
import { decodeUnsuback } from "./unsuback.ts";
import { decodeUnsubscribe } from "./unsubscribe.ts";

/**
 * Decodes one packet as the framer found it. Views in the result share the buffer's memory.
 *
 * Decides what the bytes alone decide: flags, lengths, text, properties, reason codes. Which end may send a packet, when,
 * and whether names and filters are valid is decided elsewhere.
 *
 * @param header first byte of the packet
 * @param buffer where the packet is
 * @param start behind the fixed header
 * @param end behind the packet
 * @param version of the connection; CONNECT tells its own
 * @param options sender and limits
 * @returns the packet
 * @throws {MqttError} 0x81 for malformed packets, 0x82 for protocol errors, 0x94 for Topic Alias 0, 0x97 for too many
 * User Properties or Topic Filters
 * @throws {ConnectError} for the same in CONNECT, and 0x84 for unsupported versions
 *
 * @example
 * ```ts
 * import { decodePacket, PacketType } from "@mochi/broker/packets";
 *
 * console.assert(decodePacket(0xc0, new Uint8Array(0), 0, 0, 5).type === PacketType.PINGREQ);
 * ```
 */
export function decodePacket(
  header: number,
  buffer: Uint8Array,
  start: number,
  end: number,
  version: ProtocolVersion,
  options?: DecodeOptions,
): Packet {
  const type = header >>> 4;
  if (type === PacketType.PUBLISH) return decodePublish(header, buffer, start, end, version, options);
  if (type >= PacketType.PUBACK && type <= PacketType.PUBCOMP && end - start === 2) {
    checkFlags(type, header & 0x0f, version);
    return decodeShortAck(buffer[start] << 8 | buffer[start + 1], type as AckPacket["type"]);
  }
  const reader = new Reader(buffer, start, end);
  if (type === PacketType.CONNECT) return decodeConnect(reader, header, options);
  checkFlags(type, header & 0x0f, version);
  const packet = decodeBody(reader, type, { ...options, version });
  reader.finish();
  return packet;
}

/** Reserved flags are 0010 in PUBREL, SUBSCRIBE and UNSUBSCRIBE (which MQTT 3.1 lets have DUP), 0000 in the others. */
function checkFlags(type: number, flags: number, version: ProtocolVersion): void {
  const acknowledged = type === PacketType.PUBREL || type === PacketType.SUBSCRIBE || type === PacketType.UNSUBSCRIBE;
  if (acknowledged ? flags === 2 || version === 3 : flags === 0) return;
  // [MQTT-2.1.3-1] [MQTT-3.6.1-1] [MQTT-3.8.1-1] [MQTT-3.10.1-1] [MQTT-3.14.1-1] [MQTT-3.15.1-1], 3.1.1: [MQTT-2.2.2-2]
  throw new MqttError(ReasonCode.MalformedPacket, `Cannot decode packet type ${type}: current flags are ${flags}`);
}

function decodeBody(reader: Reader, type: number, context: DecodeContext): Packet {
  switch (type) {
    case PacketType.CONNACK:
      return decodeConnack(reader, context);
    case PacketType.PUBACK:
    case PacketType.PUBREC:
    case PacketType.PUBREL:
    case PacketType.PUBCOMP:
      return decodeAck(reader, type, context);
    case PacketType.SUBSCRIBE:
      return decodeSubscribe(reader, context);
    case PacketType.SUBACK:
      return decodeSuback(reader, context);
    case PacketType.UNSUBSCRIBE:
      return decodeUnsubscribe(reader, context);
    case PacketType.UNSUBACK:
      return decodeUnsuback(reader, context);
    case PacketType.PINGREQ:
    case PacketType.PINGRESP:
      return { type };
    case PacketType.DISCONNECT:
      return decodeDisconnect(reader, context);
    case PacketType.AUTH:
      return decodeAuth(reader, context);
  }
  throw new MqttError(ReasonCode.MalformedPacket, `Cannot decode packet: its type is ${type}`);
}
