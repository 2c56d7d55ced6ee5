/** WebSocket frames: bytes of clients taken out of them, packets put into them. Each run is one read or one write.
 *
 *     deno bench -A $(deno run -qA tools/registry.ts) tests/bench/frames_bench.ts
 */

import { FrameDecoder } from "../../listeners/frame_decoder.ts";
import { type FrameEncoder, PacketFrames, WriteFrames } from "../../listeners/frame_encoder.ts";
import { FrameWriter } from "../../listeners/frame_writer.ts";
import { clientFrame } from "../helpers/raw_websocket.ts";
import { joined } from "../packets/bytes.ts";

const READ = 16_384;

/** A PUBLISH of so many bytes, below 16,386. */
function packet(size: number): Uint8Array {
  const rest = size - (size < 130 ? 2 : 3), bytes = new Uint8Array(size).fill(120);
  bytes.set(rest < 128 ? [0x30, rest] : [0x30, rest & 0x7f | 0x80, rest >> 7]);
  return bytes;
}

function times<T>(count: number, item: T): T[] {
  return new Array<T>(count).fill(item);
}

for (const [size, each] of [[4, 1], [20, 1], [64, 1], [64, 16], [400, 1], [4_096, 1]]) {
  const frame = clientFrame(joined(...times(each, packet(size)))), count = Math.floor(READ / frame.length);
  for (const frames of [1, count]) {
    const decoder = new FrameDecoder(), arrived = joined(...times(frames, frame)), memory = new Uint8Array(READ);
    Deno.bench(`decode ${frames} frames, in each ${each} packets of ${size} bytes`, { group: "decode" }, () => {
      memory.set(arrived);
      decoder.decode(memory, arrived.length);
    });
  }
}

const encoders: Record<string, () => FrameEncoder> = {
  packets: () => new PacketFrames(),
  coalesced: () => new WriteFrames(),
};

for (const [size, count] of [[4, 1], [4, 100], [64, 1], [64, 100], [120, 100], [300, 50], [4_096, 4]]) {
  for (const [name, make] of Object.entries(encoders)) {
    const encoder = make(), writes = times(2, joined(...times(count, packet(size)))).map((bytes) => bytes.slice());
    let turn = 0;
    Deno.bench(`encode ${count} packets of ${size} bytes, ${name}`, { group: "encode" }, () => {
      encoder.encode(writes[turn ^= 1]).slab.release(); // one after the other: the same bytes again are known
    });
  }
}

const network = {
  remoteAddress: "",
  read: () => Promise.resolve(null),
  write: ({ length }: Uint8Array) => Promise.resolve(length),
  close: () => {},
};
const writer = new FrameWriter(network, new PacketFrames()), message = packet(64);
Deno.bench("64 writes, one after the other", { group: "write" }, async () => {
  for (let i = 0; i < 64; i++) await writer.write(message);
});
