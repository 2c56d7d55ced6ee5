/** MQTT packets become frames, however they are cut into writes. */

import { assertEquals } from "@std/assert";
import { type FrameEncoder, PacketFrames, WriteFrames } from "../../listeners/frame_encoder.ts";
import { joined } from "../packets/bytes.ts";
import { pattern } from "./echo_context.ts";

/** A packet of so many bytes behind its fixed header. */
function packet(length: number): Uint8Array {
  const header = [0x30];
  for (let rest = length;;) {
    const more = rest >> 7;
    header.push(rest & 0x7f | (more > 0 ? 0x80 : 0));
    if ((rest = more) === 0) break;
  }
  return joined(Uint8Array.from(header), pattern(length));
}

function encode(encoder: FrameEncoder, writes: readonly Uint8Array[]): Uint8Array {
  return joined(...writes.map((data) => {
    const { slab, length } = encoder.encode(data), frames = slab.bytes.slice(0, length);
    slab.release();
    return frames;
  }));
}

/** Payloads of whole, final, binary frames without a mask. */
function payloads(bytes: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [], view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let at = 0; at < bytes.length;) {
    assertEquals(bytes[at], 0x82);
    const short = bytes[at + 1];
    const size = short < 126 ? short : short === 126 ? view.getUint16(at + 2) : Number(view.getBigUint64(at + 2));
    at += short < 126 ? 2 : short === 126 ? 4 : 10;
    found.push(bytes.slice(at, at + size));
    assertEquals(found.at(-1)!.length, size);
    at += size;
  }
  return found;
}

const PACKETS = [
  0,
  1,
  13,
  14,
  15,
  47,
  123,
  124,
  125,
  126,
  127,
  128,
  252,
  253,
  254,
  300,
  16_383,
  65_531,
  65_532,
  65_533,
  70_000,
  2,
]
  .map(packet);

Deno.test("frames: each packet has a frame of its own", () => {
  const encoder = new PacketFrames();
  assertEquals(payloads(encode(encoder, [joined(...PACKETS)])), PACKETS);
  assertEquals(encoder.isBetweenFrames, true);
});

Deno.test("frames: writes that end anywhere within packets make the same frames", () => {
  const small = PACKETS.filter(({ length }) => length < 500), all = joined(...small);
  const expected = encode(new PacketFrames(), [all]);
  for (let size = 1; size < 200; size++) {
    const writes: Uint8Array[] = [];
    for (let at = 0; at < all.length; at += size) writes.push(all.subarray(at, at + size));
    assertEquals(encode(new PacketFrames(), writes), expected, `${size} bytes a write`);
  }
  const large = joined(...PACKETS), cuts = [16_384, 65_536, 100_000];
  for (const size of cuts) {
    const writes: Uint8Array[] = [];
    for (let at = 0; at < large.length; at += size) writes.push(large.subarray(at, at + size));
    assertEquals(payloads(encode(new PacketFrames(), writes)), PACKETS, `${size} bytes a write`);
  }
});

Deno.test("frames: within a packet no other frame may begin", () => {
  const encoder = new PacketFrames(), data = packet(200);
  for (let at = 0; at < data.length; at++) {
    encode(encoder, [data.subarray(at, at + 1)]);
    assertEquals(encoder.isBetweenFrames, at === data.length - 1, `${at + 1} bytes`);
  }
});

Deno.test("frames: the same bytes for many are encoded once, as long as they cannot have changed", async () => {
  const data = joined(packet(200), packet(3)), first = new PacketFrames().encode(data);
  assertEquals(new PacketFrames().encode(data), first);
  assertEquals(new PacketFrames().encode(data.subarray(0)).slab === first.slab, true);
  const cut = new PacketFrames();
  cut.encode(data.subarray(0, 100)); // within a packet the same bytes are something else
  assertEquals(cut.encode(data).slab === first.slab, false);
  const expected = encode(new PacketFrames(), [data]);
  await Promise.resolve();
  data[data.length - 1]++;
  const changed = encode(new PacketFrames(), [data]);
  assertEquals(changed.at(-1), data.at(-1));
  assertEquals(changed.subarray(0, -1), expected.subarray(0, -1));
});

Deno.test("frames: what is no packet passes as it is", () => {
  const data = Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0xff, 1, 2, 3);
  assertEquals(payloads(encode(new PacketFrames(), [data])), [data]);
});

Deno.test("frames: coalesced, a write is a frame", () => {
  for (const length of [1, 125, 126, 65_535, 65_536, 200_000]) {
    assertEquals(payloads(encode(new WriteFrames(), [pattern(length), pattern(3)])), [pattern(length), pattern(3)]);
  }
});
