/** Memory that is used again. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { SlabPool, SMALLEST_KEPT } from "../../src/packets/slab.ts";

Deno.test("SlabPool keeps what is worth it", () => {
  const pool = new SlabPool();
  for (
    const [size, isKept] of [[SMALLEST_KEPT - 1, false], [SMALLEST_KEPT, true], [SMALLEST_KEPT + 1, true]] as const
  ) {
    const slab = pool.take(size), { bytes } = slab;
    slab.release();
    assertEquals([pool.take(size).bytes === bytes, bytes.length >= size], [isKept, true], `${size} bytes`);
  }
});

Deno.test("SlabPool uses the same memory again as often as it is given back", () => {
  const pool = new SlabPool(), { bytes } = pool.take(1_048_576);
  pool.put(bytes);
  for (let time = 0; time < 40; time++) {
    const slab = pool.take(1_048_576);
    assertEquals([slab.bytes === bytes, pool.take(1_048_576).bytes === bytes], [true, false]);
    slab.release();
  }
});

Deno.test("SlabPool gives memory to nobody else while somebody holds it", () => {
  const pool = new SlabPool(), slab = pool.take(SMALLEST_KEPT);
  slab.hold();
  slab.release();
  assertEquals(pool.take(SMALLEST_KEPT).bytes === slab.bytes, false);
  slab.release();
  assertEquals(pool.take(SMALLEST_KEPT).bytes === slab.bytes, true);
});

Deno.test("up to half of what there is framers may read into what they want, then into an equal part of what is left", () => {
  for (const [reading, most] of [[50, Infinity], [51, 8], [92, 2], [96, 1], [97, 0], [150, 0]]) {
    const pool = new SlabPool(100);
    for (const now of [10, 10, 10, reading - 30]) pool.countReading(0, now);
    assertEquals(pool.mostForRead, most, `${reading} of 100 bytes`);
  }
});

Deno.test("memory that was given back is not held again", () => {
  const slab = new SlabPool().take(8_192);
  slab.hold();
  slab.release();
  slab.release();
  assertThrows(() => slab.hold(), Error, "given back");
});

Deno.test("memory that is kept may be held again by who comes later", () => {
  const pool = new SlabPool(), slab = pool.take(8_192);
  slab.keep();
  slab.release();
  slab.hold();
  slab.release();
  assert(pool.take(8_192).bytes !== slab.bytes);
});

Deno.test("memory is given back to the system at once where nobody else needs it", () => {
  const pool = new SlabPool(), idle = pool.take(8_192), held = pool.take(8_192), kept = pool.take(8_192);
  held.hold();
  kept.keep();
  for (const slab of [idle, held, kept]) slab.discard();
  assertEquals([idle, held, kept].map(({ bytes }) => bytes.length), [0, 8_192, 8_192]);
  const gone = new Set([idle, held, kept].map(({ bytes }) => bytes));
  for (const slab of [idle, held, held, kept]) slab.release();
  const next = pool.take(8_192).bytes; // none of these: a read into what is held may be under way
  assertEquals([next.length, gone.has(next)], [8_192, false]);
});
