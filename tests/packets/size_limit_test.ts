import { assert, assertEquals, assertThrows } from "@std/assert";
import { encodeInto, encodePacket, packetSize } from "../../src/packets/codec.ts";
import { MqttError } from "../../src/packets/errors.ts";
import { type Packet, PacketType, type Properties } from "../../src/packets/types.ts";
import { Writer } from "../../src/packets/writer.ts";
import { closePacket, openPacket } from "../../src/packets/frame.ts";
import { decodeBytes, framed, toHex } from "./bytes.ts";

const properties: Properties = { reasonString: "because", userProperties: [["name", "value"]] };

const ANSWERS: [tags: string, packet: Packet, lightest: string][] = [
  [
    "[v5 MQTT-3.2.2-19] [v5 MQTT-3.2.2-20] CONNACK",
    { type: PacketType.CONNACK, sessionPresent: false, reasonCode: 0x87, properties },
    "20 03 00 87 00",
  ],
  [
    "[v5 MQTT-3.4.2-2] [v5 MQTT-3.4.2-3] PUBACK",
    { type: PacketType.PUBACK, packetId: 1, reasonCode: 0x87, properties },
    "40 03 00 01 87",
  ],
  [
    "[v5 MQTT-3.5.2-2] [v5 MQTT-3.5.2-3] PUBREC",
    { type: PacketType.PUBREC, packetId: 1, reasonCode: 0x87, properties },
    "50 03 00 01 87",
  ],
  [
    "[v5 MQTT-3.6.2-2] [v5 MQTT-3.6.2-3] PUBREL",
    { type: PacketType.PUBREL, packetId: 1, reasonCode: 0, properties },
    "62 02 00 01",
  ],
  [
    "[v5 MQTT-3.7.2-2] [v5 MQTT-3.7.2-3] PUBCOMP",
    { type: PacketType.PUBCOMP, packetId: 1, reasonCode: 0x92, properties },
    "70 03 00 01 92",
  ],
  [
    "[v5 MQTT-3.9.2-1] [v5 MQTT-3.9.2-2] SUBACK",
    { type: PacketType.SUBACK, packetId: 1, reasonCodes: [0x87, 1], properties },
    "90 05 00 01 00 87 01",
  ],
  [
    "[v5 MQTT-3.11.2-1] [v5 MQTT-3.11.2-2] UNSUBACK",
    { type: PacketType.UNSUBACK, packetId: 1, reasonCodes: [0x11], properties },
    "B0 04 00 01 00 11",
  ],
  [
    "[v5 MQTT-3.14.2-3] [v5 MQTT-3.14.2-4] DISCONNECT",
    { type: PacketType.DISCONNECT, reasonCode: 0x82, properties },
    "E0 01 82",
  ],
  [
    "[v5 MQTT-3.15.2-2] [v5 MQTT-3.15.2-3] AUTH",
    { type: PacketType.AUTH, reasonCode: 0x18, properties: { ...properties, authenticationMethod: "m" } },
    "F0 06 18 04 15 00 01 6D",
  ],
];

for (const [name, packet, lightest] of ANSWERS) {
  Deno.test(`${name}: Reason String, then User Properties are left out`, () => {
    const whole = packetSize(packet, 5);
    const lightestSize = lightest.split(" ").length;
    const forms = new Set<string>();
    for (let maximumPacketSize = whole + 1; maximumPacketSize > 0; maximumPacketSize--) {
      const writer = new Writer();
      const written = encodeInto(writer, packet, 5, { maximumPacketSize });
      assertEquals(written, maximumPacketSize >= lightestSize, `limit ${maximumPacketSize}`);
      assert(writer.length <= maximumPacketSize);
      if (!written) {
        assertEquals(writer.length, 0);
        continue;
      }
      const bytes = writer.buffer.slice(0, writer.length);
      const found = (decodeBytes(bytes, 5, { from: "server" }) as { properties?: Properties }).properties;
      forms.add(`${found?.reasonString !== undefined} ${found?.userProperties !== undefined}`);
      if (found?.userProperties === undefined) assertEquals(toHex(bytes), lightest);
    }
    assertEquals([...forms], ["true true", "false true", "false false"]);
    assertEquals(packetSize(packet, 5), whole); // the packet itself stays as it is
  });
}

Deno.test("[v5 MQTT-3.1.2-24] a PUBLISH above the limit is not written and loses nothing below it", () => {
  const packet: Packet = {
    type: PacketType.PUBLISH,
    topic: "a/b",
    payload: new Uint8Array(10),
    qos: 1,
    retain: false,
    dup: false,
    packetId: 1,
    properties: { userProperties: [["name", "value"]] },
  };
  const size = packetSize(packet, 5);
  assertEquals(encodePacket(packet, 5, { maximumPacketSize: size })?.length, size);
  assertEquals(encodePacket(packet, 5, { maximumPacketSize: size - 1 }), undefined);
});

Deno.test("packets of clients lose no properties", () => {
  const userProperties: Properties = { userProperties: [["name", "value"]] };
  const packets: Packet[] = [
    { type: PacketType.UNSUBSCRIBE, packetId: 1, topicFilters: ["a"], properties: userProperties },
    {
      type: PacketType.CONNECT,
      protocolVersion: 5,
      cleanStart: true,
      keepAlive: 0,
      clientId: "",
      properties: userProperties,
    },
  ];
  for (const packet of packets) {
    assertEquals(encodePacket(packet, 5, { maximumPacketSize: packetSize(packet, 5) - 1 }), undefined);
  }
});

Deno.test("a packet above the protocol's limit is refused", () => {
  const payload = new Uint8Array(268_435_450);
  const publish = { type: PacketType.PUBLISH, topic: "abcd", qos: 0, retain: false, dup: false, packetId: 0 } as const;
  const action = () => packetSize({ ...publish, payload }, 4);
  assertEquals(assertThrows(action, MqttError).reasonCode, 0x81);
  assertEquals(packetSize({ ...publish, topic: "abc", payload }, 4), 268_435_460);
});

Deno.test("a body of 127 and 128 bytes behind other packets", () => {
  for (const length of [120, 121, 122, 123, 16376, 16377, 16378, 16379, 16380]) {
    const writer = new Writer(1);
    writer.u8(0xaa);
    const text = "x".repeat(length);
    assert(encodeInto(writer, { type: PacketType.UNSUBSCRIBE, packetId: 1, topicFilters: [text] }, 5));
    assert(encodeInto(writer, { type: PacketType.PINGREQ }, 5));
    assertEquals(toHex(writer.buffer.subarray(writer.length - 2, writer.length)), "C0 00");
    const packet = decodeBytes(writer.buffer.slice(1, writer.length - 2), 5);
    assertEquals(packet.type === PacketType.UNSUBSCRIBE && packet.topicFilters[0], text);
  }
});

Deno.test("closing a packet that fills the buffer to its last byte", () => {
  for (const length of [0, 127, 128, 200, 16383, 16384]) {
    const body = Uint8Array.from({ length }, (_, i) => i);
    const writer = new Writer(2 + length);
    const start = openPacket(writer, 0x30);
    writer.bytes(body);
    closePacket(writer, start);
    assertEquals(writer.buffer.slice(0, writer.length), framed(0x30, body));
  }
});
