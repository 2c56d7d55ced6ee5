/** The packet tables, run as decode, encode, mirror, split at each byte, and refused. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { decodePacket, encodeInto, encodePacket, packetSize } from "../../src/packets/codec.ts";
import { ConnectError, MqttError } from "../../src/packets/errors.ts";
import { Framer } from "../../src/packets/framer.ts";
import { type Packet, PacketType, type ProtocolVersion } from "../../src/packets/types.ts";
import { Writer } from "../../src/packets/writer.ts";
import { ALL_CASES } from "./all_cases.ts";
import { compact, decodeBytes, hex, toHex } from "./bytes.ts";
import type { BadCase, GoodCase } from "./cases.ts";

function testGood(version: ProtocolVersion, good: GoodCase): void {
  const bytes = hex(good.hex);
  const { from = "client", packet } = good;
  Deno.test(`v${version} ${good.name}: decode`, () => {
    assertEquals(compact(decodeBytes(bytes, version, { from })), compact(packet));
  });
  Deno.test(`v${version} ${good.name}: split at each byte`, () => testSplits(bytes, version, good));
  if (good.decodeOnly) return;
  Deno.test(`v${version} ${good.name}: encode`, () => {
    assertEquals(toHex(encodePacket(packet, version, { from })!), toHex(bytes));
    assertEquals(packetSize(packet, version, { from }), bytes.length);
  });
  Deno.test(`v${version} ${good.name}: mirror`, () => {
    const writer = new Writer(1);
    writer.u8(0xee);
    assert(encodeInto(writer, decodeBytes(bytes, version, { from }), version, { from }));
    assertEquals(toHex(writer.buffer.subarray(0, writer.length)), `EE ${toHex(bytes)}`);
  });
}

function testSplits(bytes: Uint8Array, version: ProtocolVersion, good: GoodCase): void {
  for (let at = 1; at < bytes.length; at++) {
    const pushed = new Framer();
    pushed.push(bytes.slice(0, at));
    assert(!pushed.next());
    pushed.push(bytes.slice(at));
    assertEquals(compact(decodeNext(pushed, version, good)), compact(good.packet));
  }
  const read = new Framer({ initialSize: 4 });
  for (let at = 0; at < bytes.length; at++) {
    assert(!read.next());
    read.space()[0] = bytes[at];
    read.commit(1);
  }
  assertEquals(compact(decodeNext(read, version, good)), compact(good.packet));
  assert(!read.next());
}

function decodeNext(framer: Framer, version: ProtocolVersion, good: GoodCase): Packet {
  assert(framer.next());
  return decodePacket(framer.header, framer.buffer, framer.start, framer.end, version, { from: good.from });
}

function testBad(version: ProtocolVersion, bad: BadCase): void {
  const bytes = hex(bad.hex);
  Deno.test(`v${version} refused with 0x${bad.error.toString(16)}: ${bad.name}`, () => {
    const error = assertThrows(() => decodeBytes(bytes, version, { from: bad.from }), MqttError);
    assertEquals(error.reasonCode, bad.error, error.message);
    assertEquals(error instanceof ConnectError, bytes[0] >>> 4 === PacketType.CONNECT);
  });
}

for (const { version, good, bad } of ALL_CASES) {
  for (const row of good) testGood(version, row);
  for (const row of bad) testBad(version, row);
}

Deno.test("the tables have every packet type of every version", () => {
  const types = (version: ProtocolVersion): number[] => {
    const rows = ALL_CASES.filter((cases) => cases.version === version).flatMap((cases) => cases.good);
    return [...new Set(rows.map((row) => row.packet.type))].sort((a, b) => a - b);
  };
  assertEquals(types(5), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
  assertEquals(types(4), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
});

Deno.test("flags: each packet type accepts exactly its reserved bits", () => {
  for (const { version, good } of ALL_CASES.filter((cases) => cases.version !== 3)) {
    for (const { hex: text, packet, from } of good) {
      if (packet.type === PacketType.PUBLISH) continue;
      const bytes = hex(text);
      for (let flags = 0; flags < 16; flags++) {
        const changed = Uint8Array.from(bytes);
        changed[0] = bytes[0] & 0xf0 | flags;
        if (changed[0] === bytes[0]) continue;
        const error = assertThrows(() => decodeBytes(changed, version, { from }), MqttError);
        assertEquals(error.reasonCode, 0x81);
      }
    }
  }
});
