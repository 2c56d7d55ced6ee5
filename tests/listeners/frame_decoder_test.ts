/** Frames become bytes, however they are cut into reads. */

import { assertEquals } from "@std/assert";
import { FrameDecoder } from "../../listeners/frame_decoder.ts";
import { joined } from "../packets/bytes.ts";
import { clientFrame } from "../helpers/raw_websocket.ts";
import { pattern } from "./echo_context.ts";

interface Decoded {
  readonly payload: Uint8Array;
  readonly pings: Uint8Array[];
  readonly closeStatus: number | undefined;
}

/** Decodes reads of so many bytes, at an offset in memory. */
function decode(bytes: Uint8Array, size: number, offset = 0): Decoded {
  const decoder = new FrameDecoder(),
    memory = new Uint8Array(offset + size),
    parts: Uint8Array[] = [],
    pings: Uint8Array[] = [];
  for (let at = 0; at < bytes.length && decoder.closeStatus === undefined; at += size) {
    const read = bytes.subarray(at, at + size), buffer = memory.subarray(offset);
    buffer.set(read);
    parts.push(buffer.slice(0, decoder.decode(buffer, read.length)));
    if (decoder.ping !== undefined) pings.push(decoder.ping);
    decoder.ping = undefined;
  }
  return { payload: joined(...parts), pings, closeStatus: decoder.closeStatus };
}

Deno.test("frames: any payload at any place in memory, cut into reads of any size", () => {
  for (const length of [0, 1, 2, 3, 15, 16, 17, 47, 125, 126, 300, 511, 512, 513, 65_535, 65_536]) {
    const data = pattern(length), frames = [clientFrame(data), clientFrame(data, { lengthBytes: 8 })];
    if (length < 65_536) frames.push(clientFrame(data, { lengthBytes: 2 }));
    const frame = joined(...frames), all = joined(...frames.map(() => data));
    const sizes = length < 1_000 ? [1, 2, 3, 5, 7, 13, 14, 50, 61, 1_000] : [997, 8_192, 70_000, 200_000];
    for (const size of sizes) {
      for (const offset of [0, 1, 2, 3]) {
        const { payload } = decode(frame, size, offset);
        assertEquals(payload, all, `${length} bytes, reads of ${size} at ${offset}`);
      }
    }
  }
});

Deno.test("frames: every mask", () => {
  for (let shift = 0; shift < 32; shift++) {
    const mask = Uint8Array.of(...[24, 16, 8, 0].map((bits) => 1 << shift >>> bits)), data = pattern(200);
    const masked = joined(Uint8Array.of(0x82, 0xfe, 0, 200), mask, data.map((byte, index) => byte ^ mask[index & 3]));
    for (const size of [1, 77, 208]) assertEquals(decode(masked, size).payload, data);
  }
});

Deno.test("frames: what follows a cut is no header, however much it looks like one", () => {
  const mask = Uint8Array.of(0x82, 0x81, 0x82, 0x81);
  for (const header of [Uint8Array.of(0x82, 0x80 | 40), Uint8Array.of(0x82, 0xfe, 0, 200)]) {
    const data = new Uint8Array(header.length === 2 ? 40 : 200), masked = data.map((_, index) => mask[index & 3]);
    const frame = joined(header, mask, masked);
    for (let cut = 1; cut < frame.length; cut++) {
      const decoder = new FrameDecoder(), first = frame.slice(0, cut), second = frame.slice(cut);
      const taken = [first, second].map((bytes) => bytes.subarray(0, decoder.decode(bytes, bytes.length)));
      assertEquals([joined(...taken), decoder.closeStatus], [data, undefined], `cut at ${cut} of ${frame.length}`);
    }
  }
});

Deno.test("frames: fragments with control frames between them, cut anywhere", () => {
  const bytes = joined(
    clientFrame(pattern(60), { final: false }),
    clientFrame(Uint8Array.of(1), { opcode: 9 }),
    clientFrame(pattern(0), { opcode: 0, final: false }),
    clientFrame(pattern(125), { opcode: 9 }),
    clientFrame(pattern(9), { opcode: 10 }),
    clientFrame(pattern(100), { opcode: 0 }),
    clientFrame(pattern(0), { opcode: 9 }),
    clientFrame(pattern(5)),
  );
  const expected = joined(pattern(60), pattern(100), pattern(5));
  for (let size = 1; size < 100; size++) {
    const { payload, closeStatus } = decode(bytes, size);
    assertEquals([payload, closeStatus], [expected, undefined], `reads of ${size}`);
  }
  assertEquals(decode(bytes, 1).pings, [Uint8Array.of(1), pattern(125), pattern(0)]);
  assertEquals(decode(bytes, bytes.length).pings, [pattern(0)]); // the last one is answered
});

Deno.test("frames: nothing is looked at behind a close", () => {
  const close = clientFrame(Uint8Array.of(3, 232, 98, 121, 101), { opcode: 8 });
  const bytes = joined(clientFrame(pattern(4)), close, clientFrame(pattern(9)), clientFrame(pattern(3), { opcode: 3 }));
  for (let size = 1; size < bytes.length + 1; size++) {
    const { payload, closeStatus } = decode(bytes, size);
    assertEquals([payload, closeStatus], [pattern(4), 1000], `reads of ${size}`);
  }
});

Deno.test("frames: a frame without a mask is refused with its second byte", () => {
  for (const opcode of [0, 2, 8, 9, 10]) {
    assertEquals(decode(clientFrame(pattern(0), { opcode, masked: false }), 1).closeStatus, 1002);
  }
});
