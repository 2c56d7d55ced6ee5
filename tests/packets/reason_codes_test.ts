import { assertEquals } from "@std/assert";
import { encodePacket } from "../../src/packets/codec.ts";
import { MqttError } from "../../src/packets/errors.ts";
import { connackReasonCode, connackReturnCode } from "../../src/packets/return_codes.ts";
import {
  isReasonCodeAllowed,
  ReasonCode,
  reasonCodeName,
  type Sender,
  usableReasonCode,
} from "../../src/packets/reason_codes.ts";
import { type Packet, PacketType } from "../../src/packets/types.ts";
import { decodeBytes, framed, hex } from "./bytes.ts";

function codes(text: string): number[] {
  return [...hex(text)];
}

const PUBLISH_ACK = codes("00 10 80 83 87 90 91 97 99");
const RELEASE_ACK = codes("00 92");
const CONNACK = codes("00 80 81 82 83 84 85 86 87 88 89 8A 8C 90 95 97 99 9A 9B 9C 9D 9F");
const SUBACK = codes("00 01 02 80 83 87 8F 91 97 9E A1 A2");
const UNSUBACK = codes("00 11 80 83 87 8F 91");

const TABLE: [name: string, type: number, from: Sender, allowed: number[]][] = [
  ["[v5 MQTT-3.2.2-8] CONNACK", PacketType.CONNACK, "server", CONNACK],
  ["CONNACK of a client", PacketType.CONNACK, "client", []],
  ["[v5 MQTT-3.4.2-1] PUBACK of a client", PacketType.PUBACK, "client", PUBLISH_ACK],
  ["[v5 MQTT-3.4.2-1] PUBACK of a server", PacketType.PUBACK, "server", PUBLISH_ACK],
  ["[v5 MQTT-3.5.2-1] PUBREC of a client", PacketType.PUBREC, "client", PUBLISH_ACK],
  ["[v5 MQTT-3.5.2-1] PUBREC of a server", PacketType.PUBREC, "server", PUBLISH_ACK],
  ["[v5 MQTT-3.6.2-1] PUBREL of a client", PacketType.PUBREL, "client", RELEASE_ACK],
  ["[v5 MQTT-3.6.2-1] PUBREL of a server", PacketType.PUBREL, "server", RELEASE_ACK],
  ["[v5 MQTT-3.7.2-1] PUBCOMP of a client", PacketType.PUBCOMP, "client", RELEASE_ACK],
  ["[v5 MQTT-3.7.2-1] PUBCOMP of a server", PacketType.PUBCOMP, "server", RELEASE_ACK],
  ["[v5 MQTT-3.9.3-2] SUBACK", PacketType.SUBACK, "server", SUBACK],
  ["SUBACK of a client", PacketType.SUBACK, "client", []],
  ["[v5 MQTT-3.11.3-2] UNSUBACK", PacketType.UNSUBACK, "server", UNSUBACK],
  [
    "[v5 MQTT-3.14.2-1] [v5 NOTE-23] DISCONNECT of a client",
    PacketType.DISCONNECT,
    "client",
    codes("00 04 80 81 82 83 90 93 94 95 96 97 98 99 9B"),
  ],
  [
    "[v5 MQTT-3.14.2-1] DISCONNECT of a server",
    PacketType.DISCONNECT,
    "server",
    codes("00 80 81 82 83 87 89 8B 8C 8D 8E 8F 90 93 94 95 96 97 98 99 9A 9B 9C 9D 9E 9F A0 A1 A2"),
  ],
  ["[v5 MQTT-3.15.2-1] AUTH of a client", PacketType.AUTH, "client", codes("18 19")],
  ["[v5 MQTT-3.15.2-1] AUTH of a server", PacketType.AUTH, "server", codes("00 18")],
  ["PUBLISH", PacketType.PUBLISH, "client", []],
  ["PINGREQ", PacketType.PINGREQ, "client", []],
];

for (const [name, type, from, allowed] of TABLE) {
  Deno.test(`${name}: table of codes`, () => {
    for (let code = 0; code < 256; code++) {
      assertEquals(isReasonCodeAllowed(type, code, from), allowed.includes(code), `0x${code.toString(16)}`);
    }
  });
}

/** A packet with a code, as bytes and as an object. */
function withCode(type: number, code: number): [bytes: Uint8Array, packet: Packet] | undefined {
  const method = { authenticationMethod: "m" };
  const auth = [code, ...hex("04 15 00 01 'm'")];
  switch (type) {
    case PacketType.CONNACK:
      return [framed(0x20, Uint8Array.of(0, code, 0)), { type, sessionPresent: false, reasonCode: code }];
    case PacketType.SUBACK:
      return [framed(0x90, Uint8Array.of(0, 1, 0, code)), { type, packetId: 1, reasonCodes: [code] }];
    case PacketType.UNSUBACK:
      return [framed(0xb0, Uint8Array.of(0, 1, 0, code)), { type, packetId: 1, reasonCodes: [code] }];
    case PacketType.DISCONNECT:
      return [framed(0xe0, Uint8Array.of(code)), { type, reasonCode: code }];
    case PacketType.AUTH:
      return [framed(0xf0, Uint8Array.from(auth)), { type, reasonCode: code, properties: method }];
    case PacketType.PUBACK:
    case PacketType.PUBREC:
    case PacketType.PUBREL:
    case PacketType.PUBCOMP: {
      const header = type << 4 | (type === PacketType.PUBREL ? 2 : 0);
      return [framed(header, Uint8Array.of(0, 1, code)), { type, packetId: 1, reasonCode: code }];
    }
  }
  return undefined;
}

function reasonOf(action: () => unknown): number {
  try {
    action();
    return 0;
  } catch (error) {
    if (!(error instanceof MqttError)) throw error;
    return error.reasonCode;
  }
}

for (const [name, type, from, allowed] of TABLE) {
  if (allowed.length === 0) continue;
  Deno.test(`${name}: the codec accepts these codes and no others`, () => {
    for (let code = 0; code < 256; code++) {
      const [bytes, packet] = withCode(type, code)!;
      const expected = allowed.includes(code) ? 0 : 0x82;
      assertEquals(reasonOf(() => decodeBytes(bytes, 5, { from })), expected, `decode 0x${code.toString(16)}`);
      assertEquals(reasonOf(() => encodePacket(packet, 5, { from })), expected, `encode 0x${code.toString(16)}`);
    }
  });
}

Deno.test("isReasonCodeAllowed without a sender asks for either", () => {
  assertEquals(isReasonCodeAllowed(PacketType.DISCONNECT, 0x04), true);
  assertEquals(isReasonCodeAllowed(PacketType.DISCONNECT, 0x8e), true);
  assertEquals(isReasonCodeAllowed(PacketType.DISCONNECT, 0x85), false);
});

Deno.test("every code has its name, others have none", () => {
  const known = new Set<number>(Object.values(ReasonCode));
  assertEquals(known.size, 43);
  for (let code = 0; code < 256; code++) {
    assertEquals(reasonCodeName(code).startsWith("Unknown"), !known.has(code), reasonCodeName(code));
  }
  assertEquals(reasonCodeName(0x8d), "Keep Alive timeout");
  assertEquals(reasonCodeName(0x03), "Unknown reason code 0x03");
  for (const [name, code] of Object.entries(ReasonCode)) {
    const letters = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, "");
    const aliases = ["NormalDisconnection", "GrantedQoS0", "DisconnectWithWill"];
    if (!aliases.includes(name)) assertEquals(letters(reasonCodeName(code)), letters(name));
  }
});

Deno.test("usableReasonCode falls back where a code does not belong", () => {
  assertEquals(usableReasonCode(PacketType.SUBACK, 0x97), 0x97);
  assertEquals(usableReasonCode(PacketType.UNSUBACK, 0x97), 0x80);
  assertEquals(usableReasonCode(PacketType.PUBACK, 0x8a), 0x80);
  assertEquals(usableReasonCode(PacketType.PUBCOMP, 0x80), 0x92);
  assertEquals(usableReasonCode(PacketType.PUBREL, 0x80), 0x92);
  assertEquals(usableReasonCode(PacketType.CONNACK, 0x87), 0x87);
});

Deno.test("[v311 MQTT-3.2.2-6] CONNACK codes for older clients", () => {
  const table = new Map([
    [0x00, 0],
    [0x84, 1],
    [0x85, 2],
    [0x86, 4],
    [0x87, 5],
    [0x88, 3],
    [0x89, 3],
    [0x8a, 5],
    [0x97, 3],
    [0x9c, 3],
    [0x9d, 3],
    [0x9f, 3],
  ]);
  for (const code of CONNACK) {
    assertEquals(connackReturnCode(code), table.get(code));
    const bytes = encodePacket({ type: PacketType.CONNACK, sessionPresent: false, reasonCode: code }, 4);
    assertEquals(bytes?.[3], table.get(code));
  }
  for (let code = 0; code < 6; code++) assertEquals(connackReturnCode(connackReasonCode(code)!), code);
  assertEquals(connackReasonCode(6), undefined);
  assertEquals(connackReasonCode(255), undefined);
});
