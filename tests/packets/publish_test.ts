import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { MqttError } from "../../src/packets/errors.ts";
import { decodePublish, encodeAck, encodePublish, type PublishFields, publishSize } from "../../src/packets/publish.ts";
import { Writer } from "../../src/packets/writer.ts";
import { decodeBytes, hex, toHex } from "./bytes.ts";

function message(fields: Partial<PublishFields> = {}): PublishFields {
  return { topic: "a/b", payload: hex("'x'"), qos: 0, retain: false, dup: false, packetId: 0, ...fields };
}

Deno.test("decodePublish gives a view on the payload, not a copy", () => {
  const bytes = hex("FF FF 30 04 00 01 't' 'x' FF");
  const packet = decodePublish(0x30, bytes, 4, 8, 4);
  assertStrictEquals(packet.payload.buffer, bytes.buffer);
  assertEquals([packet.payload.byteOffset, packet.payload.length], [7, 1]);
});

Deno.test("decodePublish does not look behind the packet", () => {
  for (const [text, version] of [["00", 4], ["00 03 'ab'", 4], ["00 01 't'", 5], ["00 01 't' 02 01", 5]] as const) {
    const body = hex(text);
    const bytes = new Uint8Array(body.length + 10); // zeros follow: an empty property set, say
    bytes.set(body);
    const error = assertThrows(() => decodePublish(0x30, bytes, 0, body.length, version), MqttError);
    assertEquals(error.reasonCode, 0x81);
  }
  for (const text of ["00 01 't'", "00 01 't' 01"]) {
    const body = hex(text);
    const bytes = Uint8Array.from([...body, 1, 1, 1]);
    const error = assertThrows(() => decodePublish(0x32, bytes, 0, body.length, 4), MqttError);
    assertEquals(error.reasonCode, 0x81);
  }
});

Deno.test("decodePublish objects have one shape", () => {
  const plain = decodePublish(0x30, hex("00 01 't' 'x'"), 0, 4, 4);
  const rich = decodePublish(0x32, hex("00 01 't' 00 01 02 01 01 'x'"), 0, 9, 5);
  assertEquals(Object.keys(plain), Object.keys(rich));
});

Deno.test("encodePublish returns where the Packet Identifier is", () => {
  const writer = new Writer(1);
  writer.u32(0);
  assertEquals(encodePublish(writer, message(), 5), -1);
  for (const version of [3, 4, 5] as const) {
    for (const topic of ["a/b", "ä/ö", "x".repeat(300)]) {
      const start = writer.length;
      const at = encodePublish(writer, message({ topic, qos: 1, packetId: 0 }), version);
      writer.buffer[at] = 0x12;
      writer.buffer[at + 1] = 0x34;
      const packet = decodeBytes(writer.buffer.slice(start, writer.length), version);
      assert(packet.type === 3 && packet.packetId === 0x1234 && packet.topic === topic);
    }
  }
});

Deno.test("publishSize is what encodePublish writes", () => {
  const sets = [undefined, {}, { contentType: "ä" }, { userProperties: [["k", "v".repeat(200)] as const] }];
  for (const version of [4, 5] as const) {
    for (const qos of [0, 1, 2] as const) {
      for (const properties of sets) {
        for (const length of [0, 1, 31, 32, 33, 117, 118, 119, 120, 121, 122, 16370, 16380, 16384]) {
          const writer = new Writer(1);
          const fields = message({ qos, packetId: 1, properties, payload: new Uint8Array(length).fill(7) });
          encodePublish(writer, fields, version);
          assertEquals(publishSize(fields, version), writer.length);
          const packet = decodeBytes(writer.buffer.slice(0, writer.length), version);
          assertEquals(
            packet.type === 3 && packet.payload.every((byte) => byte === 7) && packet.payload.length,
            length,
          );
        }
      }
    }
  }
});

Deno.test("encodePublish leaves the writer as it was when it throws", () => {
  const writer = new Writer();
  writer.u16(0x1234);
  const bad: PublishFields[] = [
    message({ topic: "a\0" }),
    message({ topic: "\udfff" }),
    message({ topic: "x".repeat(65536) }),
    message({ qos: 1, packetId: 70000 }),
    message({ properties: { topicAlias: 0 } }),
    message({ properties: { userProperties: [["a", "b"], ["\ud800", ""]] } }),
  ];
  for (const fields of bad) {
    assertThrows(() => encodePublish(writer, fields, 5), MqttError);
    assertEquals(toHex(writer.buffer.subarray(0, writer.length)), "12 34");
  }
  assertEquals(encodePublish(writer, message({ topic: "x".repeat(65535) }), 5), -1);
});

Deno.test("Subscription Identifiers are a server's: a client's PUBLISH is written without", () => {
  const fields = message({ properties: { subscriptionIdentifiers: [5] } });
  const writer = new Writer();
  encodePublish(writer, fields, 5, "client");
  assertEquals(toHex(writer.buffer.subarray(0, writer.length)), "30 07 00 03 61 2F 62 00 78");
  assertEquals(publishSize(fields, 5, "client"), 9);
  assertEquals(publishSize(fields, 5), 11);
});

Deno.test("Will Properties become PUBLISH properties without Will Delay Interval", () => {
  const writer = new Writer();
  encodePublish(writer, message({ properties: { willDelayInterval: 5, contentType: "c" } }), 5);
  assertEquals(toHex(writer.buffer.subarray(0, writer.length)), "30 0B 00 03 61 2F 62 04 03 00 01 63 78");
});

Deno.test("[v5 MQTT-3.6.1-1] encodeAck writes four bytes", () => {
  const writer = new Writer(1);
  for (const type of [4, 5, 6, 7] as const) encodeAck(writer, type, 0xfffe);
  const bytes = toHex(writer.buffer.subarray(0, writer.length));
  assertEquals(bytes, "40 02 FF FE 50 02 FF FE 62 02 FF FE 70 02 FF FE");
});
