/** CONNECT (3.1).
 * @module */

import { ReasonCode } from "./reason_codes.ts";
import { ConnectError, type ConnectErrorContext, MqttError } from "./errors.ts";
import type { DecodeOptions } from "./fields.ts";
import { FixedHeader } from "./fixed_header.ts";
import { closePacket, openPacket } from "./frame.ts";
import { decodeProperties } from "./decode_properties.ts";
import { encodeProperties } from "./encode_properties.ts";
import type { Reader } from "./reader.ts";
import { type ConnectPacket, PacketType, type ProtocolVersion, type QoS, type Will } from "./types.ts";
import type { Writer } from "./writer.ts";

const CLEAN_START = 0x02;
const WILL = 0x04;
const WILL_RETAIN = 0x20;
const PASSWORD = 0x40;
const USERNAME = 0x80;

/** The bit that bridges set in the protocol level of MQTT 3.1 and 3.1.1, by a custom that no standard knows. */
const BRIDGE = 0x80;

/**
 * Decodes a CONNECT of any version. The Will Topic and the Client Identifier are not judged here.
 *
 * @param reader stands behind the fixed header
 * @param header first byte of the packet
 * @param options limits
 * @returns the packet
 * @throws {ConnectError} 0x84 for another protocol name or level (0x83 and 0x84 are bridges of MQTT 3.1 and 3.1.1); 0x81 for flags and fields that do not fit; 0x82 for
 * forbidden property values and Authentication Data without a method
 *
 * @example
 * ```ts
 * import { decodeConnect } from "./connect.ts";
 * import { Reader } from "./reader.ts";
 *
 * const body = Uint8Array.of(0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 60, 0, 1, 0x61);
 * console.assert(decodeConnect(new Reader(body, 0, body.length), 0x10).clientId === "a");
 * ```
 */
export function decodeConnect(reader: Reader, header: number, options?: DecodeOptions): ConnectPacket {
  const context: ConnectErrorContext = {};
  try {
    const protocolVersion = readVersion(reader, context);
    if (header !== FixedHeader.CONNECT) {
      throw new MqttError(ReasonCode.MalformedPacket, "Cannot decode CONNECT: flags are set in its first byte");
    }
    const packet = readFields(reader, protocolVersion, options);
    if (context.protocolLevel !== protocolVersion) packet.bridge = true;
    reader.finish(); // [MQTT-3.1.2-16] [MQTT-3.1.2-18]
    return packet;
  } catch (error) {
    if (!(error instanceof MqttError)) throw error;
    throw new ConnectError(error.reasonCode, error.message, context);
  }
}

/** Name and level; notes in `context` what is known. */
function readVersion(reader: Reader, context: ConnectErrorContext): ProtocolVersion {
  const name = reader.string();
  if (name !== "MQTT" && name !== "MQIsdp") { // [MQTT-3.1.2-1]
    throw new MqttError(ReasonCode.UnsupportedProtocolVersion, "Cannot accept CONNECT: its protocol name is not MQTT");
  }
  context.protocolName = name;
  const level = context.protocolLevel = reader.u8();
  const protocolVersion = versionOf(name, level);
  if (protocolVersion === undefined) {
    throw new MqttError(
      ReasonCode.UnsupportedProtocolVersion,
      `Cannot accept ${name}: current protocol level is ${level}`,
    ); // [MQTT-3.1.2-2]
  }
  return context.protocolVersion = protocolVersion;
}

function versionOf(name: "MQTT" | "MQIsdp", level: number): ProtocolVersion | undefined {
  if (name === "MQIsdp") return (level & ~BRIDGE) === 3 ? 3 : undefined;
  if (level === 5) return 5;
  return (level & ~BRIDGE) === 4 ? 4 : undefined;
}

function readFields(reader: Reader, protocolVersion: ProtocolVersion, options?: DecodeOptions): ConnectPacket {
  const flags = reader.u8();
  checkFlags(flags, protocolVersion);
  const keepAlive = reader.u16();
  const properties = protocolVersion === 5 ? decodeProperties(reader, PacketType.CONNECT, options) : undefined;
  const clientId = reader.string(); // [MQTT-3.1.3-1] [MQTT-3.1.3-3] [MQTT-3.1.3-4]
  const will = (flags & WILL) === 0 ? undefined : readWill(reader, flags, protocolVersion, options);
  // MQTT 3.1 lets the packet end before fields that the flags announce.
  const lenient = protocolVersion === 3;
  const absent = (flag: number): boolean => (flags & flag) === 0 || (lenient && reader.remaining === 0);
  const username = absent(USERNAME) ? undefined : reader.string(); // [MQTT-3.1.2-17] [MQTT-3.1.3-12]
  const password = absent(PASSWORD) ? undefined : reader.binary(); // [MQTT-3.1.2-19]
  const cleanStart = (flags & CLEAN_START) !== 0;
  return {
    type: PacketType.CONNECT,
    ...{ protocolVersion, cleanStart, keepAlive, clientId, username, password, will, properties },
  };
}

function checkFlags(flags: number, version: ProtocolVersion): void {
  const refuse = (why: string): never => {
    throw new MqttError(ReasonCode.MalformedPacket, `Cannot accept Connect Flags 0x${flags.toString(16)}: ${why}`);
  };
  if (version !== 5 && (flags & PASSWORD) !== 0 && (flags & USERNAME) === 0) { // [MQTT-3.1.2-22] of 3.1.1
    refuse("password without user name");
  }
  if ((flags & WILL) !== 0) {
    if ((flags & 0x18) === 0x18) refuse("Will QoS is 3"); // [MQTT-3.1.2-12]
  } else if (version !== 3 && (flags & 0x38) !== 0) { // [MQTT-3.1.2-11] [MQTT-3.1.2-13]
    refuse("Will QoS or Will Retain without a will");
  }
  if (version !== 3 && (flags & 1) !== 0) refuse("the reserved bit is set"); // [MQTT-3.1.2-3]
}

/** Will Properties, Will Topic and Will Payload, all of which have to be there. [MQTT-3.1.2-9] */
function readWill(reader: Reader, flags: number, version: ProtocolVersion, options?: DecodeOptions): Will {
  const properties = version === 5 ? decodeProperties(reader, "WILL", options) : undefined;
  const topic = reader.string(); // [MQTT-3.1.3-11]
  const payload = reader.binary();
  return { topic, payload, qos: (flags >>> 3 & 3) as QoS, retain: (flags & WILL_RETAIN) !== 0, properties };
}

/**
 * Appends a CONNECT of the version that it names.
 *
 * @param writer where to append
 * @param packet what to write
 * @throws {MqttError} 0x81 for values that have no encoding and a password without user name in MQTT 3.1 and 3.1.1,
 * 0x82 for forbidden property values and for a bridge of MQTT 5, which has no bit for it
 *
 * @example
 * ```ts
 * import { encodeConnect } from "./connect.ts";
 * import { Writer } from "./writer.ts";
 *
 * const writer = new Writer();
 * encodeConnect(writer, { type: 1, protocolVersion: 4, cleanStart: true, keepAlive: 60, clientId: "a" });
 * console.assert(writer.length === 15);
 * ```
 */
export function encodeConnect(writer: Writer, packet: ConnectPacket): void {
  const { protocolVersion, username, password, will } = packet;
  const start = openPacket(writer, FixedHeader.CONNECT);
  writer.string(protocolVersion === 3 ? "MQIsdp" : "MQTT");
  writer.u8(levelOf(packet));
  const flags = flagsOf(packet);
  checkFlags(flags, protocolVersion);
  writer.u8(flags);
  writer.u16(packet.keepAlive);
  if (protocolVersion === 5) encodeProperties(writer, packet.properties, PacketType.CONNECT, "client");
  writer.string(packet.clientId);
  if (will !== undefined) writeWill(writer, will, protocolVersion);
  if (username !== undefined) writer.string(username);
  if (password !== undefined) writer.binary(password);
  closePacket(writer, start);
}

function levelOf({ protocolVersion, bridge }: ConnectPacket): number {
  if (!bridge) return protocolVersion;
  if (protocolVersion !== 5) return protocolVersion | BRIDGE;
  throw new MqttError(ReasonCode.ProtocolError, "Cannot encode CONNECT: MQTT 5 has no bridge bit, expected MQTT 3.1.1");
}

function flagsOf(packet: ConnectPacket): number {
  const { will } = packet;
  return (packet.cleanStart ? CLEAN_START : 0) |
    (will === undefined ? 0 : WILL | will.qos << 3 | (will.retain ? WILL_RETAIN : 0)) |
    (packet.password === undefined ? 0 : PASSWORD) |
    (packet.username === undefined ? 0 : USERNAME);
}

function writeWill(writer: Writer, will: Will, version: ProtocolVersion): void {
  if (version === 5) encodeProperties(writer, will.properties, "WILL", "client");
  writer.string(will.topic);
  writer.binary(will.payload);
}
