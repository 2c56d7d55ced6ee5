import { assert, assertEquals } from "@std/assert";
import { HookMemory } from "../../src/broker/inbound/hook_memory.ts";

Deno.test("hook memory: copies lie one behind the other and are never written again", () => {
  const memory = new HookMemory(), source = new Uint8Array(100), copies: Uint8Array[] = [];
  for (let number = 0; number < 1_000; number++) {
    source.fill(number & 255);
    const at = memory.add(source.subarray(number % 100));
    copies.push(new Uint8Array(memory.buffer, at, 100 - number % 100));
  }
  copies.forEach((copy, number) => assert(copy.every((byte) => byte === (number & 255)), `copy ${number}`));
  assert(new Set(copies.map(({ buffer }) => buffer)).size < 10);
});

Deno.test("hook memory: who keeps a small payload does not keep much, and a large one has room", () => {
  const memory = new HookMemory();
  assertEquals(memory.add(new Uint8Array(64)), 0);
  const first = memory.buffer;
  assertEquals([first.byteLength, memory.add(new Uint8Array(16_320))], [16_384, 64]);
  assert(memory.buffer === first); // full to the last byte
  assertEquals([memory.add(new Uint8Array(100_000)), memory.buffer.byteLength], [0, 100_000]);
  assertEquals([memory.add(new Uint8Array(1)), memory.buffer.byteLength], [0, 16_384]);
  assert(memory.buffer !== first);
});
