/** Bytes to packets and back, by packet type.
 * @module */

import { decodeAck, encodeAckPacket } from "./acks.ts";
import { decodeAuth, encodeAuth } from "./auth.ts";
import { decodeConnack, encodeConnack } from "./connack.ts";
import { decodeConnect, encodeConnect } from "./connect.ts";
import { decodeDisconnect, encodeDisconnect } from "./disconnect.ts";
import { MqttError } from "./errors.ts";
import type { DecodeContext, DecodeOptions } from "./fields.ts";
import { decodePublish, encodePublish, publishSize } from "./publish.ts";
import { Reader } from "./reader.ts";
import type { Sender } from "./reason_codes.ts";
import { decodeSuback, encodeSuback } from "./suback.ts";
import { decodeSubscribe, encodeSubscribe } from "./subscribe.ts";
import { type Packet, PacketType, type Properties, type ProtocolVersion } from "./types.ts";
import { decodeUnsuback, encodeUnsuback } from "./unsuback.ts";
import { decodeUnsubscribe, encodeUnsubscribe } from "./unsubscribe.ts";
import { Writer } from "./writer.ts";

export type { DecodeOptions } from "./fields.ts";

/** Where {@linkcode encodePacket} writes before it copies; nothing in it outlives the call. */
const scratch: Writer = new Writer(1024);

/** Options of {@linkcode encodePacket} and {@linkcode encodeInto}. */
export interface EncodeOptions {
  /** Largest packet that the receiver accepts, in bytes with its fixed header. */
  maximumPacketSize?: number;
  /** The end that sends the packet, `"server"` when absent; decides on reason codes and properties. */
  from?: Sender;
}

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
 * User Properties
 * @throws {ConnectError} for the same in CONNECT, and 0x84 for unsupported versions
 *
 * @example
 * ```ts
 * import { decodePacket, PacketType } from "@mochi/broker";
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
  throw new MqttError(0x81, `Cannot decode packet type ${type}: current flags are ${flags}`);
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
  throw new MqttError(0x81, `Cannot decode packet: its type is ${type}`);
}

/**
 * Appends one packet. When it exceeds `maximumPacketSize`, Reason String is left out first, then the User Properties (not
 * in CONNECT, PUBLISH, SUBSCRIBE and UNSUBSCRIBE).
 *
 * @param writer where to append; unchanged when nothing is written or this throws
 * @param packet what to write, with MQTT 5 reason codes for all versions
 * @param version of the connection; CONNECT tells its own
 * @param options size limit and sender
 * @returns false when nothing was written: the packet is too large, the version has no such packet (DISCONNECT of a server
 * and AUTH before MQTT 5) or no CONNACK for that reason
 * @throws {MqttError} 0x81 for values that have no encoding, 0x82 for reason codes and values that are forbidden there,
 * 0x94 for Topic Alias 0
 *
 * @example
 * ```ts
 * import { encodeInto, PacketType, Writer } from "@mochi/broker";
 *
 * const writer = new Writer();
 * console.assert(encodeInto(writer, { type: PacketType.PINGRESP }, 5) && writer.length === 2);
 * ```
 */
export function encodeInto(
  writer: Writer,
  packet: Packet,
  version: ProtocolVersion,
  options: EncodeOptions = {},
): boolean {
  const { maximumPacketSize = Infinity, from = "server" } = options;
  if (packet.type === PacketType.PUBLISH && publishSize(packet, version, from) > maximumPacketSize) return false;
  const start = writer.length;
  try {
    for (let rest: Packet | undefined = packet; rest !== undefined; rest = lighter(rest)) {
      if (!encodeBody(writer, rest, version, from)) return false;
      if (writer.length - start <= maximumPacketSize) return true; // [MQTT-3.1.2-24]
      writer.length = start;
    }
  } catch (error) {
    writer.length = start;
    throw error;
  }
  return false;
}

function encodeBody(writer: Writer, packet: Packet, version: ProtocolVersion, from: Sender): boolean {
  switch (packet.type) {
    case PacketType.CONNECT:
      encodeConnect(writer, packet);
      return true;
    case PacketType.CONNACK:
      return encodeConnack(writer, packet, version);
    case PacketType.PUBLISH:
      encodePublish(writer, packet, version, from);
      return true;
    case PacketType.SUBSCRIBE:
      encodeSubscribe(writer, packet, version);
      return true;
    case PacketType.SUBACK:
      encodeSuback(writer, packet, version);
      return true;
    case PacketType.UNSUBSCRIBE:
      encodeUnsubscribe(writer, packet, version);
      return true;
    case PacketType.UNSUBACK:
      encodeUnsuback(writer, packet, version);
      return true;
    case PacketType.PINGREQ:
    case PacketType.PINGRESP:
      writer.u16(packet.type << 12);
      return true;
    case PacketType.DISCONNECT:
      return encodeDisconnect(writer, packet, version, from);
    case PacketType.AUTH:
      return encodeAuth(writer, packet, version, from);
    default:
      encodeAckPacket(writer, packet, version, from);
      return true;
  }
}

/** The packet without its Reason String, or else without its User Properties; `undefined` when there is nothing to leave out. */
function lighter(packet: Packet): Packet | undefined {
  switch (packet.type) {
    case PacketType.CONNECT:
    case PacketType.PUBLISH:
    case PacketType.SUBSCRIBE:
    case PacketType.UNSUBSCRIBE:
    case PacketType.PINGREQ:
    case PacketType.PINGRESP:
      return undefined;
  }
  const properties = lighterProperties(packet.properties);
  return properties && { ...packet, properties };
}

/** [MQTT-3.2.2-19] [MQTT-3.2.2-20], and the same for acknowledgements, DISCONNECT and AUTH. */
function lighterProperties(properties: Properties | undefined): Properties | undefined {
  if (properties?.reasonString !== undefined) return { ...properties, reasonString: undefined };
  if (properties?.userProperties !== undefined) return { ...properties, userProperties: undefined };
  return undefined;
}

/**
 * Encodes one packet into memory of its own; see {@linkcode encodeInto}.
 *
 * @param packet what to write, with MQTT 5 reason codes for all versions
 * @param version of the connection; CONNECT tells its own
 * @param options size limit and sender
 * @returns the bytes, or `undefined` when there is nothing to send
 * @throws {MqttError} as {@linkcode encodeInto} does
 *
 * @example
 * ```ts
 * import { encodePacket, PacketType } from "@mochi/broker";
 *
 * const bytes = encodePacket({ type: PacketType.CONNACK, sessionPresent: false, reasonCode: 0x84 }, 4);
 * console.assert(bytes?.join() === "32,2,0,1");
 * ```
 */
export function encodePacket(
  packet: Packet,
  version: ProtocolVersion,
  options: EncodeOptions = {},
): Uint8Array<ArrayBuffer> | undefined {
  scratch.reset();
  return encodeInto(scratch, packet, version, options) ? scratch.buffer.slice(0, scratch.length) : undefined;
}

/**
 * The size of a packet on the wire.
 *
 * @param packet the packet
 * @param version of the connection
 * @param options sender
 * @returns bytes, fixed header included; 0 when the version has no such packet
 * @throws {MqttError} as {@linkcode encodeInto} does
 *
 * @example
 * ```ts
 * import { packetSize, PacketType } from "@mochi/broker";
 *
 * console.assert(packetSize({ type: PacketType.PINGREQ }, 5) === 2);
 * ```
 */
export function packetSize(packet: Packet, version: ProtocolVersion, options: EncodeOptions = {}): number {
  if (packet.type === PacketType.PUBLISH) return publishSize(packet, version, options.from);
  return encodePacket(packet, version, { from: options.from })?.length ?? 0;
}
