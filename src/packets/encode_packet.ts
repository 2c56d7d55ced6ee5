/** Packets to bytes, by packet type.
 * @module */

import { encodeAckPacket } from "./acks.ts";
import { encodeAuth } from "./auth.ts";
import { encodeConnack } from "./connack.ts";
import { encodeConnect } from "./connect.ts";
import { encodeDisconnect } from "./disconnect.ts";
import { encodePublish, publishSize } from "./encode_publish.ts";
import type { Sender } from "./reason_codes.ts";
import { encodeSuback } from "./suback.ts";
import { encodeSubscribe } from "./subscribe.ts";
import { type Packet, PacketType, type Properties, type ProtocolVersion } from "./types.ts";
import { encodeUnsuback } from "./unsuback.ts";
import { encodeUnsubscribe } from "./unsubscribe.ts";
import { Writer } from "./writer.ts";

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
 * import { encodeInto } from "./encode_packet.ts";
 * import { PacketType } from "./types.ts";
 * import { Writer } from "./writer.ts";
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
 * import { encodePacket, PacketType } from "@mochi/broker/packets";
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
 * import { packetSize, PacketType } from "@mochi/broker/packets";
 *
 * console.assert(packetSize({ type: PacketType.PINGREQ }, 5) === 2);
 * ```
 */
export function packetSize(packet: Packet, version: ProtocolVersion, options: EncodeOptions = {}): number {
  if (packet.type === PacketType.PUBLISH) return publishSize(packet, version, options.from);
  return encodePacket(packet, version, { from: options.from })?.length ?? 0;
}
