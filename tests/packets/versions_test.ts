/** What differs between the versions when a server writes, and what a failed CONNECT tells. */

import { assertEquals, assertThrows } from "@std/assert";
import { encodeInto, encodePacket } from "../../src/packets/codec.ts";
import { ConnectError } from "../../src/packets/errors.ts";
import { type Packet, PacketType, type ProtocolVersion } from "../../src/packets/types.ts";
import { Writer } from "../../src/packets/writer.ts";
import { decodeBytes, hex, toHex } from "./bytes.ts";

const properties = { reasonString: "because" };

function written(packet: Packet, version: ProtocolVersion): string | undefined {
  const bytes = encodePacket(packet, version);
  return bytes && toHex(bytes);
}

Deno.test("[v5 NOTE-57] older versions get no properties", () => {
  const table: [packet: Packet, bytes: string][] = [
    [{ type: PacketType.CONNACK, sessionPresent: false, reasonCode: 0, properties }, "20 02 00 00"],
    [{ type: PacketType.PUBACK, packetId: 1, reasonCode: 0x87, properties }, "40 02 00 01"],
    [{ type: PacketType.PUBREC, packetId: 1, reasonCode: 0x10, properties }, "50 02 00 01"],
    [{ type: PacketType.PUBREL, packetId: 1, reasonCode: 0x92, properties }, "62 02 00 01"],
    [{ type: PacketType.PUBCOMP, packetId: 1, reasonCode: 0x92, properties }, "70 02 00 01"],
    [{ type: PacketType.UNSUBACK, packetId: 1, reasonCodes: [0, 0x11], properties }, "B0 02 00 01"],
    [
      {
        type: PacketType.PUBLISH,
        topic: "t",
        payload: hex("'x'"),
        qos: 1,
        retain: false,
        dup: false,
        packetId: 1,
        properties: { messageExpiryInterval: 1 },
      },
      "32 06 00 01 74 00 01 78",
    ],
  ];
  for (const [packet, bytes] of table) {
    assertEquals(written(packet, 4), bytes);
    assertEquals(written(packet, 3), bytes);
  }
});

Deno.test("[v311 MQTT-3.9.3-2] [v311 NOTE-12] SUBACK failures for older versions", () => {
  const packet: Packet = { type: PacketType.SUBACK, packetId: 1, reasonCodes: [0, 1, 2, 0x87, 0x8f] };
  assertEquals(written(packet, 5), "90 08 00 01 00 00 01 02 87 8F");
  assertEquals(written(packet, 4), "90 07 00 01 00 01 02 80 80");
  assertEquals(written(packet, 3), "90 07 00 01 00 01 02 00 00");
});

Deno.test("[v311 NOTE-9] Session Present is for MQTT 3.1.1 and later, and not for refusals", () => {
  const packet: Packet = { type: PacketType.CONNACK, sessionPresent: true, reasonCode: 0 };
  assertEquals(written(packet, 5), "20 03 01 00 00");
  assertEquals(written(packet, 4), "20 02 01 00");
  assertEquals(written(packet, 3), "20 02 00 00");
  const refusal: Packet = { ...packet, reasonCode: 0x87 };
  assertEquals(written(refusal, 5), "20 03 00 87 00");
  assertEquals(written(refusal, 4), "20 02 00 05");
});

Deno.test("[v311 NOTE-2] a server sends neither DISCONNECT nor AUTH before MQTT 5", () => {
  const writer = new Writer();
  for (const version of [3, 4] as const) {
    assertEquals(encodeInto(writer, { type: PacketType.DISCONNECT, reasonCode: 0x8e }, version), false);
    assertEquals(encodeInto(writer, { type: PacketType.AUTH, reasonCode: 0x18 }, version), false);
    assertEquals(encodeInto(writer, { type: PacketType.AUTH, reasonCode: 0x18 }, version, { from: "client" }), false);
    const unnamed: Packet = { type: PacketType.CONNACK, sessionPresent: false, reasonCode: 0x81 };
    assertEquals(encodeInto(writer, unnamed, version), false);
  }
  assertEquals(writer.length, 0);
});

Deno.test("SUBSCRIBE options of MQTT 5 are not written for older versions", () => {
  const options = { qos: 1, noLocal: true, retainAsPublished: true, retainHandling: 2 } as const;
  const packet: Packet = { type: PacketType.SUBSCRIBE, packetId: 1, subscriptions: [{ topicFilter: "a", ...options }] };
  assertEquals(written(packet, 5), "82 07 00 01 00 00 01 61 2D");
  assertEquals(written(packet, 4), "82 06 00 01 00 01 61 01");
  assertEquals(written(packet, 3), "82 06 00 01 00 01 61 01");
});

Deno.test("[v5 MQTT-3.14.2-2] DISCONNECT of a server has no Session Expiry Interval", () => {
  const packet: Packet = { type: PacketType.DISCONNECT, reasonCode: 0x8e, properties: { sessionExpiryInterval: 5 } };
  assertEquals(written(packet, 5), "E0 01 8E");
});

Deno.test("[v5 MQTT-3.3.1-2] PUBLISH at QoS 0 is written without DUP", () => {
  const packet = { type: PacketType.PUBLISH, topic: "t", payload: hex(""), qos: 0, retain: true, packetId: 7 } as const;
  assertEquals(written({ ...packet, dup: true }, 5), "31 04 00 01 74 00");
});

Deno.test("a failed CONNECT tells what was read of it", () => {
  const table: [bytes: string, name: string | undefined, level: number | undefined, version: number | undefined][] = [
    ["10 00", undefined, undefined, undefined],
    ["10 0E 00 04 'MQTX' 05 02 00 3C 00 00 01 'a'", undefined, undefined, undefined],
    ["10 06 00 04 'MQTT'", "MQTT", undefined, undefined],
    ["10 0D 00 04 'MQTT' 09 02 00 3C 00 01 'a'", "MQTT", 9, undefined],
    ["10 0D 00 04 'MQTT' 83 02 00 3C 00 01 'a'", "MQTT", 0x83, undefined],
    ["10 0D 00 04 'MQTT' 84 03 00 3C 00 01 'a'", "MQTT", 0x84, 4],
    ["10 0F 00 06 'MQIsdp' 04 02 00 3C 00 01 'a'", "MQIsdp", 4, undefined],
    ["10 0F 00 06 'MQIsdp' 03 42 00 3C 00 01 'a'", "MQIsdp", 3, 3],
    ["10 0D 00 04 'MQTT' 04 03 00 3C 00 01 'a'", "MQTT", 4, 4],
    ["10 0E 00 04 'MQTT' 05 03 00 3C 00 00 01 'a'", "MQTT", 5, 5],
    ["11 0E 00 04 'MQTT' 05 02 00 3C 00 00 01 'a'", "MQTT", 5, 5],
    ["10 0E 00 04 'MQTT' 05 02 00 3C 00 00 01 FF", "MQTT", 5, 5],
  ];
  for (const [text, name, level, version] of table) {
    const error = assertThrows(() => decodeBytes(hex(text), 4), ConnectError);
    assertEquals([error.protocolName, error.protocolLevel, error.protocolVersion], [name, level, version], text);
    assertEquals(error.name, "ConnectError");
  }
});

Deno.test("CONNECT is decoded and encoded in its own version, whatever the connection's", () => {
  const bytes = hex("10 0E 00 04 'MQTT' 05 02 00 3C 00 00 01 'a'");
  for (const version of [3, 4, 5] as const) {
    const packet = decodeBytes(bytes, version);
    assertEquals(packet.type === PacketType.CONNECT && packet.protocolVersion, 5);
    assertEquals(encodePacket(packet, version), bytes);
  }
});
