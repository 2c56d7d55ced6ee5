import { SlabPool } from "../../src/packets/slab.ts";
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { MqttError } from "../../src/packets/errors.ts";
import { Framer, PROTOCOL_MAXIMUM_PACKET_SIZE } from "../../src/packets/framer.ts";
import { framed, hex, toHex } from "./bytes.ts";

/** Feeds bytes as reads of at most `most` bytes. */
function read(framer: Framer, bytes: Uint8Array, most: number = Infinity): void {
  for (let at = 0; at < bytes.length;) {
    const space = framer.space();
    const length = Math.min(space.length, bytes.length - at, most);
    space.set(bytes.subarray(at, at + length));
    framer.commit(length);
    at += length;
  }
}

function body(framer: Framer): Uint8Array {
  return framer.buffer.subarray(framer.start, framer.end);
}

/** Bytes that differ from place to place. */
function pattern(length: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + (i >>> 8) + seed) & 0xff);
}

/** Bytes of the memory that a framer reads into. */
function heldBy(framer: Framer): number {
  return framer.space().buffer.byteLength;
}

Deno.test("Framer describes each packet of a chunk", () => {
  const framer = new Framer();
  framer.push(hex("C0 00 30 03 00 01 't' E0 00 40"));
  assert(framer.next());
  assertEquals([framer.header, framer.frameStart, framer.start, framer.end], [0xc0, 0, 2, 2]);
  assert(framer.next());
  assertEquals([framer.header, framer.frameStart, framer.start, framer.end], [0x30, 2, 4, 7]);
  assert(framer.next());
  assertEquals([framer.header, framer.frameStart, framer.start, framer.end], [0xe0, 7, 9, 9]);
  assert(!framer.next());
  framer.push(hex("02 00 01"));
  assert(framer.next());
  assertEquals(toHex(body(framer)), "00 01");
});

Deno.test("Framer does not copy a chunk that it is given", () => {
  const framer = new Framer();
  const chunk = hex("C0 00");
  framer.push(chunk);
  assert(framer.next());
  assertStrictEquals(framer.buffer, chunk);
});

Deno.test("Framer reads Remaining Lengths of one to four bytes, whatever the splits", () => {
  for (const length of [0, 1, 127, 128, 16383, 16384, 2097151, 2097152]) {
    const packet = framed(0x30, pattern(length));
    const stream = new Uint8Array(2 * packet.length);
    stream.set(packet);
    stream.set(packet, packet.length);
    for (const most of length > 20000 ? [65536] : [1, 3, 1000, Infinity]) {
      const framer = new Framer();
      let found = 0;
      for (let at = 0; at < stream.length; at += most) {
        read(framer, stream.subarray(at, Math.min(at + most, stream.length)));
        while (framer.next()) {
          found++;
          assertEquals(framer.end - framer.start, length);
          assertEquals(framer.end - framer.frameStart, packet.length);
          if (length < 20000 || found === 2) assertEquals(body(framer), pattern(length));
        }
        if (most === Infinity) break;
      }
      assertEquals(found, 2, `length ${length}, ${most} at a time`);
    }
  }
});

Deno.test("[v5 MQTT-1.5.5-1] Framer refuses a Remaining Length that is not in its shortest form", () => {
  for (const text of ["C0 80 00", "C0 FF 00", "C0 80 80 00", "C0 FF FF FF 00", "30 80 80 80 00"]) {
    const framer = new Framer();
    framer.push(hex(text));
    const error = assertThrows(() => framer.next(), MqttError);
    assertEquals(error.reasonCode, 0x81);
    assertThrows(() => framer.next(), MqttError); // and does not go on
  }
});

Deno.test("[v5 MQTT-1.5.5-1] Framer refuses a Remaining Length of five bytes at its fourth", () => {
  const framer = new Framer();
  framer.push(hex("30 FF FF FF"));
  assert(!framer.next());
  framer.push(hex("FF"));
  assertEquals(assertThrows(() => framer.next(), MqttError).reasonCode, 0x81);
});

Deno.test("Framer refuses a packet above the maximum as soon as its length is there", () => {
  const framer = new Framer({ maximumPacketSize: 100 });
  framer.push(hex("30 62")); // 98 bytes and 2 of the header
  assert(!framer.next());
  framer.push(pattern(98));
  assert(framer.next());
  framer.push(hex("30 63"));
  assertEquals(assertThrows(() => framer.next(), MqttError).reasonCode, 0x95);
});

Deno.test("Framer counts the whole fixed header towards the maximum", () => {
  const framer = new Framer({ maximumPacketSize: 203 });
  framer.push(framed(0x30, pattern(200)));
  assert(framer.next());
  framer.push(framed(0x30, pattern(201)));
  assertEquals(assertThrows(() => framer.next(), MqttError).reasonCode, 0x95);
});

Deno.test("Framer follows a change of its maximum", () => {
  const framer = new Framer({ maximumPacketSize: 10 });
  framer.push(hex("10 05 00 00 00 00 00 30 64"));
  assert(framer.next());
  framer.maximumPacketSize = 1000;
  assert(!framer.next());
  framer.maximumPacketSize = 10;
  assertEquals(assertThrows(() => framer.next(), MqttError).reasonCode, 0x95);
});

Deno.test("Framer accepts the protocol's largest packet by default", () => {
  assertEquals(PROTOCOL_MAXIMUM_PACKET_SIZE, 268435455 + 5);
  const framer = new Framer();
  framer.push(hex("30 FF FF FF 7F"));
  assert(!framer.next());
});

Deno.test("Framer takes no memory for an announced length", () => {
  const framer = new Framer();
  read(framer, hex("10 FF FF FF 7F"));
  assert(!framer.next());
  framer.space();
  assertEquals(heldBy(framer), 1024);
  read(framer, pattern(3000), 100);
  assert(!framer.next());
  assert(heldBy(framer) <= 4 * 3005, `${heldBy(framer)} bytes for 3005`);
  const pushed = new Framer();
  pushed.push(hex("10 FF FF FF 7F"));
  assert(!pushed.next());
  pushed.push(hex("00"));
  assert(!pushed.next());
  assertEquals(heldBy(pushed), 1024);
});

Deno.test("Framer at rest holds one small slab, and nothing when it is pushed to", () => {
  const framer = new Framer();
  assertEquals(framer.space().length, 1024);
  assertEquals(heldBy(framer), 1024);
  const pushed = new Framer();
  pushed.push(framed(0x30, pattern(100_000)));
  assert(pushed.next());
  assert(!pushed.next());
  assertEquals(pushed.buffer.length, 0);
});

Deno.test("Framer never overwrites bytes that it handed out", () => {
  for (const most of [1, 7, 64, 1000, Infinity]) {
    const framer = new Framer();
    const views: Uint8Array[] = [];
    const packets = Array.from({ length: 300 }, (_, i) => framed(0x30, pattern(i % 90 === 89 ? 5000 : i % 60, i)));
    for (const packet of packets) {
      if (views.length % 3 === 2) framer.push(packet);
      else read(framer, packet, most);
      while (framer.next()) views.push(body(framer));
    }
    assertEquals(views.length, packets.length);
    views.forEach((view, i) => assertEquals(view, pattern(i % 90 === 89 ? 5000 : i % 60, i)));
  }
});

Deno.test("Framer offers larger regions while reads fill them, up to the maximum", () => {
  const framer = new Framer({ initialSize: 1024, maximumReadSize: 8192 });
  const sizes: number[] = [];
  for (let i = 0; i < 12; i++) {
    const space = framer.space();
    sizes.push(space.length);
    space.fill(0);
    for (let at = 0; at + 1 < space.length; at += 2) space[at] = 0xc0;
    framer.commit(space.length & ~1);
    while (framer.next());
  }
  assertEquals(sizes[0], 1024);
  assertEquals(Math.max(...sizes), 8192);
  assertEquals(sizes.at(-1), 8192);
});

Deno.test("Framer never offers a region that is tiny for its size", () => {
  const framer = new Framer();
  for (let i = 0; i < 2000; i++) {
    assert(framer.space().length >= 256);
    read(framer, hex("30 05 00 01 't' 'xy'"));
    while (framer.next());
  }
});

Deno.test("Framer gives memory back when reads are small again", () => {
  const framer = new Framer();
  const burst = framed(0x30, pattern(400_000));
  read(framer, burst);
  assert(framer.next());
  framer.space();
  assert(heldBy(framer) >= 65536 && heldBy(framer) <= 131072);
  for (let i = 0; i < 8; i++) {
    read(framer, hex("C0 00"));
    assert(framer.next());
    assert(!framer.next());
    framer.space(); // the read that waits while nothing comes
    assert(framer.buffer.length <= heldBy(framer), "an old slab is still held");
  }
  assertEquals(heldBy(framer), 1024);
});

Deno.test("Framer gives memory back behind a large packet though another has begun", () => {
  const framer = new Framer();
  read(framer, framed(0x30, pattern(400_000)));
  read(framer, hex("30"));
  assert(framer.next());
  assert(!framer.next());
  framer.space();
  assert(heldBy(framer) <= 131072 + 1, `${heldBy(framer)}`);
  read(framer, hex("03 00 01 't'"));
  assert(framer.next());
  assertEquals(toHex(body(framer)), "00 01 74");
});

Deno.test("Framer copies a large packet a bounded number of times", () => {
  const framer = new Framer();
  const packet = framed(0x30, pattern(2_000_000));
  const slabs = new Set<ArrayBufferLike>();
  let memory = 0;
  for (let at = 0; at < packet.length;) {
    const space = framer.space();
    if (!slabs.has(space.buffer)) memory += space.buffer.byteLength;
    slabs.add(space.buffer);
    const length = Math.min(space.length, packet.length - at);
    space.set(packet.subarray(at, at + length));
    framer.commit(length);
    at += length;
    framer.next();
  }
  assertEquals(framer.end - framer.frameStart, packet.length);
  assert(memory < 3 * packet.length, `${memory} bytes allocated for ${packet.length}`);
  assert(slabs.size < 20);
});

Deno.test("Framer with pushed chunks of one byte allocates geometrically", () => {
  const framer = new Framer();
  const packet = framed(0x30, pattern(20_000));
  const slabs = new Set<number>();
  for (const byte of packet) {
    framer.push(Uint8Array.of(byte));
    if (!framer.next()) slabs.add(heldBy(framer));
  }
  assertEquals(framer.end - framer.frameStart, packet.length);
  assertEquals(body(framer), pattern(20_000));
  assert(slabs.size < 10, `${slabs.size} slabs`);
});

Deno.test("Framer finds large packets by their whole length only", () => {
  const framer = new Framer(), large = new Uint8Array(131);
  large.set([0x30, 0x80, 0x01]);
  read(framer, Uint8Array.of(...large, ...large));
  assert(framer.next());
  assertEquals([framer.next(), framer.end], [true, 262]);
});

Deno.test("Framer shows the first byte of the packet that comes next", () => {
  const framer = new Framer();
  assertEquals(framer.nextHeader, 0);
  read(framer, hex("10"));
  assertEquals(framer.nextHeader, 0x10);
  read(framer, hex("00 C0 00"));
  assert(framer.next());
  assertEquals(framer.nextHeader, 0xc0);
  assert(framer.next());
  assertEquals(framer.nextHeader, 0);
});

Deno.test("what has come of a packet is let go of at once", () => {
  const pool = new SlabPool(), framer = new Framer({ pool, initialSize: 8_192 }), region = framer.space();
  region.set([0x30, 0x80, 0x80, 0x01]);
  framer.commit(4);
  assertEquals([framer.next(), framer.pendingBytes], [false, 4]);
  framer.discard();
  assertEquals([framer.pendingBytes, region.length, framer.next()], [0, 0, false]);
});

const KIB = 1_024;

/** Framers that have each read a large packet, and the beginning of one more, and wait. */
function waiting(pool: SlabPool, count: number, begun = 0): Framer[] {
  const packet = new Uint8Array([
    ...framed(0x30, pattern(65_000)),
    ...framed(0x30, pattern(65_000)).subarray(0, begun),
  ]);
  return Array.from({ length: count }, () => {
    const framer = new Framer({ pool, initialSize: 512 });
    read(framer, packet);
    assert(framer.next() && !framer.next());
    framer.space();
    return framer;
  });
}

function heldByAll(framers: readonly Framer[]): number {
  return framers.reduce((sum, framer) => sum + heldBy(framer), 0);
}

Deno.test("Framers that wait hold no more together than their pool allows, and the first bytes of each", () => {
  for (const begun of [0, 1, 300]) {
    for (const count of [10, 100, 1_000]) {
      const most = 2_048 * KIB, all = heldByAll(waiting(new SlabPool(most), count, begun));
      assert(all <= most + count * Math.max(512, 4 * begun), `${count} framers hold ${all} bytes`);
      assert(all >= Math.min(count * 64 * KIB, most / 2), `${count} framers hold ${all} bytes`);
    }
  }
});

Deno.test("Framers have what they want as long as all of them want less than half of what there is", () => {
  const framers = waiting(new SlabPool(2_048 * KIB), 15);
  assertEquals(framers.map(heldBy), framers.map(() => 64 * KIB));
});

Deno.test("Framers that have a lot take less with their next read where others have come", () => {
  const pool = new SlabPool(1_024 * KIB), first = waiting(pool, 7), slabs = first.map(({ slab }) => slab!.bytes.length);
  assertEquals(slabs, first.map(() => 64 * KIB));
  waiting(pool, 120);
  assertEquals(first.map(({ slab }) => slab!.bytes.length), slabs); // a read is under way
  for (const framer of first) {
    read(framer, framed(0x30, pattern(100)));
    assert(framer.next() && !framer.next());
  }
  const all = heldByAll(first); // one may have what the others have left
  assert(all <= 2 * 64 * KIB, `${all} bytes`);
});

Deno.test("what a Framer has given back others have, however it was given back", () => {
  for (const give of ["release", "discard"] as const) {
    const pool = new SlabPool(1_024 * KIB);
    for (let round = 0; round < 5; round++) {
      const framers = waiting(pool, 7);
      assertEquals(framers.map(heldBy), framers.map(() => 64 * KIB));
      for (const framer of framers) for (let time = 0; time < 2; time++) framer[give]();
    }
    assertEquals(pool.mostForRead, Infinity);
  }
});

Deno.test("packets that are incomplete take nothing from what others may read", () => {
  const pool = new SlabPool(1_024 * KIB), large = framed(0x30, pattern(1_000_000));
  for (let count = 0; count < 5; count++) {
    const framer = new Framer({ pool });
    read(framer, large.subarray(0, 999_000));
    assert(!framer.next());
  }
  assertEquals(waiting(pool, 1).map(heldBy), [64 * KIB]);
});

Deno.test("Framers find every packet where there is no memory to read into but the first bytes", () => {
  const pool = new SlabPool(0), packets = [0, 1, 300, 511, 512, 513, 5_000, 70_000].map((size) => pattern(size, size));
  const stream = packets.map((packet) => framed(0x30, packet));
  for (const most of [1, 700, Infinity]) {
    const framer = new Framer({ pool, initialSize: 512 });
    for (const [index, bytes] of stream.entries()) {
      read(framer, bytes, most);
      assert(framer.next());
      assertEquals(body(framer), packets[index]);
    }
    assert(!framer.next());
    assertEquals(heldBy(framer), 512);
  }
});
