/**
 * Packets of a server, read by a decoder of the tests' own: a fault in the broker's codec cannot hide itself. Whatever no
 * server may send is an error here, in every test.
 */

import { PacketType, type Properties, type ProtocolVersion, type UserProperty } from "../../src/packets/types.ts";
import { toHex } from "../packets/bytes.ts";

/** What was read. Only the fields that the type has are set. */
export interface ServerPacket {
  /** The whole packet. */
  readonly bytes: Uint8Array;
  /** One of `PacketType`. */
  readonly type: number;
  packetId?: number;
  reasonCode?: number;
  reasonCodes?: number[];
  sessionPresent?: boolean;
  topic?: string;
  payload?: Uint8Array;
  qos?: number;
  retain?: boolean;
  dup?: boolean;
  properties?: Properties;
}

type Kind = "byte" | "u16" | "u32" | "varint" | "string" | "binary" | "pair";

const { CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK, PINGRESP, DISCONNECT, AUTH } = PacketType;
const EVERY_ANSWER = [CONNACK, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK, DISCONNECT, AUTH];

/** Properties that a server may send, and where. */
const PROPERTIES: Record<number, readonly [name: keyof Properties, kind: Kind, packets: readonly number[]]> = {
  0x01: ["payloadFormatIndicator", "byte", [PUBLISH]],
  0x02: ["messageExpiryInterval", "u32", [PUBLISH]],
  0x03: ["contentType", "string", [PUBLISH]],
  0x08: ["responseTopic", "string", [PUBLISH]],
  0x09: ["correlationData", "binary", [PUBLISH]],
  0x0b: ["subscriptionIdentifiers", "varint", [PUBLISH]],
  0x11: ["sessionExpiryInterval", "u32", [CONNACK]],
  0x12: ["assignedClientIdentifier", "string", [CONNACK]],
  0x13: ["serverKeepAlive", "u16", [CONNACK]],
  0x15: ["authenticationMethod", "string", [CONNACK, AUTH]],
  0x16: ["authenticationData", "binary", [CONNACK, AUTH]],
  0x1a: ["responseInformation", "string", [CONNACK]],
  0x1c: ["serverReference", "string", [CONNACK, DISCONNECT]],
  0x1f: ["reasonString", "string", EVERY_ANSWER],
  0x21: ["receiveMaximum", "u16", [CONNACK]],
  0x22: ["topicAliasMaximum", "u16", [CONNACK]],
  0x23: ["topicAlias", "u16", [PUBLISH]],
  0x24: ["maximumQoS", "byte", [CONNACK]],
  0x25: ["retainAvailable", "byte", [CONNACK]],
  0x26: ["userProperties", "pair", [...EVERY_ANSWER, PUBLISH]],
  0x27: ["maximumPacketSize", "u32", [CONNACK]],
  0x28: ["wildcardSubscriptionAvailable", "byte", [CONNACK]],
  0x29: ["subscriptionIdentifierAvailable", "byte", [CONNACK]],
  0x2a: ["sharedSubscriptionAvailable", "byte", [CONNACK]],
};

/** Reads fields and complains about what does not fit. */
class Fields {
  readonly #bytes: Uint8Array;
  at: number;
  end: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
    this.end = bytes.length;
  }

  get left(): number {
    return this.end - this.at;
  }

  byte(): number {
    return this.take(1)[0];
  }

  u16(): number {
    return this.byte() * 256 + this.byte();
  }

  u32(): number {
    return this.u16() * 65_536 + this.u16();
  }

  varint(): number {
    let value = 0;
    for (let place = 1; place <= 128 ** 3; place *= 128) {
      const byte = this.byte();
      value += (byte & 127) * place;
      if (byte > 127) continue;
      need(byte > 0 || place === 1, "a variable byte integer is in its shortest form");
      return value;
    }
    throw new Error("a variable byte integer has at most four bytes");
  }

  string(): string {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.take(this.u16()));
    need(!text.includes("\0"), "no string holds U+0000");
    return text;
  }

  binary(): Uint8Array {
    return this.take(this.u16());
  }

  take(length: number): Uint8Array {
    need(length <= this.left, "no field is longer than its packet");
    this.at += length;
    return this.#bytes.slice(this.at - length, this.at);
  }
}

/**
 * Reads one packet.
 *
 * @param bytes exactly one packet with its fixed header
 * @param version of the connection
 * @returns what it says
 * @throws Error when no server may send it
 */
export function readServerPacket(bytes: Uint8Array, version: ProtocolVersion): ServerPacket {
  const type = bytes[0] >> 4, flags = bytes[0] & 15;
  const fields = new Fields(bytes, 1);
  const length = fields.varint();
  need(length === fields.left, "the Remaining Length is that of the packet");
  if (type !== PUBLISH) need(flags === (type === PUBREL ? 2 : 0), "reserved flags have their value");
  const packet: ServerPacket = { bytes, type };
  readBody(packet, fields, version);
  need(fields.left === 0, "nothing is left behind the last field");
  return packet;
}

function readBody(packet: ServerPacket, fields: Fields, version: ProtocolVersion): void {
  switch (packet.type) {
    case CONNACK:
      return readConnack(packet, fields, version);
    case PUBLISH:
      return readPublish(packet, fields, version);
    case PUBACK:
    case PUBREC:
    case PUBREL:
    case PUBCOMP:
      packet.packetId = readId(fields);
      return readReason(packet, fields, version);
    case SUBACK:
    case UNSUBACK:
      return readCodes(packet, fields, version);
    case PINGRESP:
      return;
    case DISCONNECT:
    case AUTH:
      need(version === 5, "a server sends DISCONNECT and AUTH in MQTT 5 only");
      return readReason(packet, fields, version);
  }
  throw new Error(`a server sends no packet type ${packet.type}`);
}

function readConnack(packet: ServerPacket, fields: Fields, version: ProtocolVersion): void {
  const flags = fields.byte();
  need(flags < 2, "Connect Acknowledge Flags are 0 or 1");
  packet.sessionPresent = flags === 1;
  packet.reasonCode = fields.byte();
  need(packet.reasonCode === 0 || flags === 0, "no refusal has Session Present");
  if (version === 5) packet.properties = readProperties(packet.type, fields);
  else need(packet.reasonCode <= 5, "return codes end at 5");
}

function readPublish(packet: ServerPacket, fields: Fields, version: ProtocolVersion): void {
  const flags = packet.bytes[0] & 15;
  packet.qos = flags >> 1 & 3;
  packet.retain = (flags & 1) === 1;
  packet.dup = flags >= 8;
  need(packet.qos < 3, "there is no QoS 3");
  need(packet.qos > 0 || !packet.dup, "DUP is 0 at QoS 0");
  packet.topic = fields.string();
  need(!/[+#]/.test(packet.topic), "a topic has no wildcard");
  packet.packetId = packet.qos > 0 ? readId(fields) : 0;
  if (version === 5) packet.properties = readProperties(packet.type, fields);
  need(packet.topic !== "" || packet.properties?.topicAlias !== undefined, "an empty topic has an alias");
  packet.payload = fields.take(fields.left);
}

function readReason(packet: ServerPacket, fields: Fields, version: ProtocolVersion): void {
  packet.reasonCode = 0;
  if (fields.left === 0) return;
  need(version === 5, "older acknowledgements end with their identifier");
  packet.reasonCode = fields.byte();
  packet.properties = fields.left === 0 ? {} : readProperties(packet.type, fields);
}

function readCodes(packet: ServerPacket, fields: Fields, version: ProtocolVersion): void {
  packet.packetId = readId(fields);
  if (version === 5) packet.properties = readProperties(packet.type, fields);
  packet.reasonCodes = [...fields.take(fields.left)];
  const some = packet.type === SUBACK || version === 5;
  need(some === packet.reasonCodes.length > 0, "SUBACK and UNSUBACK have the codes of their version");
}

function readId(fields: Fields): number {
  const id = fields.u16();
  need(id !== 0, "no Packet Identifier is 0");
  return id;
}

function readProperties(type: number, fields: Fields): Properties {
  const length = fields.varint(), end = fields.end;
  need(length <= fields.left, "properties end with their packet");
  fields.end = fields.at + length;
  const properties: Record<string, unknown> = {};
  while (fields.left > 0) readProperty(type, fields, properties);
  fields.end = end;
  return properties;
}

function readProperty(type: number, fields: Fields, properties: Record<string, unknown>): void {
  const id = fields.varint();
  const [name, kind, packets] = PROPERTIES[id] ?? [];
  if (name === undefined || !packets!.includes(type)) {
    throw new Error(`property ${id.toString(16)} does not belong into packet type ${type} of a server`);
  }
  const value = kind === "pair" ? [fields.string(), fields.string()] as UserProperty : fields[kind!]();
  if (kind === "pair" || kind === "varint") {
    (properties[name] ??= [] as unknown[]) && (properties[name] as unknown[]).push(value);
  } else {
    need(properties[name] === undefined, `property ${name} stands there once`);
    properties[name] = value;
  }
}

function need(holds: boolean, rule: string): void {
  if (!holds) throw new Error(`rule broken: ${rule}`);
}

/** A packet for messages: its name and its bytes. */
export function describe(packet: ServerPacket): string {
  const name = Object.entries(PacketType).find(([, type]) => type === packet.type)?.[0] ?? "?";
  return `${name} ${toHex(packet.bytes.subarray(0, 80))}${packet.bytes.length > 80 ? " ..." : ""}`;
}
