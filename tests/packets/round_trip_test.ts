import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { encodeInto, encodePacket, packetSize } from "../../src/packets/codec.ts";
import { MqttError } from "../../src/packets/errors.ts";
import { decodeProperties, encodeProperties, propertiesSize } from "../../src/packets/properties.ts";
import { PROPERTIES } from "../../src/packets/property_table.ts";
import { Reader } from "../../src/packets/reader.ts";
import type { Properties } from "../../src/packets/types.ts";
import { Writer } from "../../src/packets/writer.ts";
import { KINDS, packets, propertyValue } from "./arbitraries.ts";
import { compact, decodeBytes } from "./bytes.ts";

/** An empty set of properties is the same as none. */
function withoutEmpty(packet: unknown): unknown {
  return JSON.parse(
    JSON.stringify(compact(packet), (key, value) => {
      if (value instanceof Uint8Array) return [...value];
      const empty = key === "properties" && Object.keys(value).length === 0;
      return empty ? undefined : value;
    }),
  );
}

for (const [type, version, from] of KINDS) {
  Deno.test(`round trip of packet type ${type}, v${version}, from a ${from}`, () => {
    fc.assert(
      fc.property(packets(type, version, from), (packet) => {
        const bytes = encodePacket(packet, version, { from });
        assert(bytes !== undefined);
        assertEquals(packetSize(packet, version, { from }), bytes.length);
        const decoded = decodeBytes(bytes, version, { from });
        assertEquals(withoutEmpty(decoded), withoutEmpty(packet));
        assertEquals(encodePacket(decoded, version, { from }), bytes);
        const writer = new Writer(1);
        assert(!encodeInto(writer, packet, version, { from, maximumPacketSize: 1 }));
        assertEquals(writer.length, 0);
        assert(encodeInto(writer, packet, version, { from, maximumPacketSize: bytes.length }));
        assertEquals(writer.buffer.slice(0, writer.length), bytes);
      }),
      { numRuns: 60 },
    );
  });
}

for (const property of PROPERTIES) {
  Deno.test(`round trip of property ${property.name}`, () => {
    for (const owner of property.packets) {
      const from = property.onlyFrom.get(owner) ?? "client";
      fc.assert(
        fc.property(propertyValue(property, owner), (value) => {
          const method = property.name === "authenticationData" ? { authenticationMethod: "m" } : {};
          const properties = { ...method, [property.name]: value } as Properties;
          const writer = new Writer(1);
          encodeProperties(writer, properties, owner, from);
          assertEquals(propertiesSize(properties, owner, from), writer.length);
          const reader = new Reader(writer.buffer, 0, writer.length);
          assertEquals(compact(decodeProperties(reader, owner, { from })), compact(properties));
          reader.finish();
        }),
        { numRuns: 20 },
      );
    }
  });
}

Deno.test("text that has no encoding is refused in each packet, and the writer stays as it was", () => {
  const writer = new Writer();
  writer.u8(1);
  for (const text of ["\ud800", "a\0", "x".repeat(65536)]) {
    const publish = {
      topic: text,
      payload: new Uint8Array(0),
      qos: 0,
      retain: false,
      dup: false,
      packetId: 0,
    } as const;
    const attempts = [
      () => encodeInto(writer, { type: 3, ...publish }, 5),
      () => encodeInto(writer, { type: 3, ...publish, topic: "t", properties: { contentType: text } }, 5),
      () => encodeInto(writer, { type: 10, packetId: 1, topicFilters: ["a", text] }, 4),
      () => encodeInto(writer, { type: 4, packetId: 1, reasonCode: 0, properties: { reasonString: text } }, 5),
    ];
    for (const attempt of attempts) {
      assertEquals(assertThrows(attempt, MqttError).reasonCode, 0x81);
      assertEquals(writer.length, 1);
    }
  }
});
