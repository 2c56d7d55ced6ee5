import { assert, assertEquals } from "@std/assert";
import { MemoryGuard } from "../../src/broker/core/memory_guard.ts";
import { memoryLimits } from "../../src/broker/core/memory_limits.ts";
import { defaultCapabilities } from "../../src/broker/core/options.ts";
import { HEAP_LIMIT, keptHeap } from "../../src/hook/heap.ts";

/** A guard for a heap of 1,000 bytes and 1,500 with buffers, and what it saw. */
function guard() {
  const state = { now: 0, heapUsed: 0, external: 0, looks: 0 }, told: boolean[] = [];
  const made = new MemoryGuard({
    limits: { heap: 1_000, memory: 1_500 },
    now: () => state.now,
    onChange: (isShort) => void told.push(isShort),
    use: () => {
      state.looks++;
      return state;
    },
  });
  /** Some time later, with so much in use. */
  const later = (heapUsed: number, external: number) => {
    Object.assign(state, { heapUsed, external, now: state.now + 100 });
    return made.isShort;
  };
  return { made, state, told, later };
}

Deno.test("memory is short above either mark, until nine tenths of both are enough", () => {
  const { later, told } = guard();
  assertEquals([later(1_000, 500), later(1_001, 0), later(950, 0), later(901, 0), later(900, 0)], [
    false,
    true,
    true,
    true,
    false,
  ]);
  assertEquals([later(500, 1_001), later(500, 900), later(500, 850)], [true, true, false]);
  assertEquals(told, [true, false, true, false]);
});

Deno.test("it is looked at most every 100 ms, also after the clock was put back", () => {
  const { made, state, later } = guard();
  assertEquals(later(0, 0), false);
  state.heapUsed = 2_000;
  for (let time = 0; time < 99; time++) {
    state.now++;
    assertEquals(made.isShort, false);
  }
  assertEquals(state.looks, 1);
  state.now = -1_000_000;
  assertEquals([made.isShort, state.looks], [true, 2]);
});

Deno.test("what is not set is a part of the heap, and all parts together stay below the high-water mark", () => {
  const MIB = 1_048_576;
  for (const heap of [64 * MIB, 512 * MIB, 4_249 * MIB]) {
    const limits = memoryLimits(defaultCapabilities, heap), { memory, heap: highWater, reading, ...parts } = limits;
    const all = Object.values(parts).reduce((sum, bytes) => sum + bytes, 0) + 0.03 * heap; // and a store
    assert(all < highWater && highWater < heap && memory > heap + reading, JSON.stringify(limits));
    assert(Object.values({ ...parts, reading }).every((bytes) => bytes > 0));
  }
});

Deno.test("what is set counts, and less memory means smaller parts", () => {
  const capabilities = { ...defaultCapabilities, maximumRetainedBytes: 5, maximumTotalWillBytes: 7 };
  const { retained, wills, queued } = memoryLimits(capabilities, 1_000);
  assertEquals([retained, wills, queued], [5, 7, 160]);
  const small = memoryLimits({ ...capabilities, maximumMemory: 100 }, 1_000);
  assertEquals([small.memory, small.heap, small.queued, small.retained], [100, 800, 16, 5]);
  const large = memoryLimits({ ...capabilities, maximumMemory: 100_000 }, 1_000);
  assertEquals([large.memory, large.heap, large.queued], [100_000, 800, 160]);
});

Deno.test("the heap that there is is that of this process", () => {
  const MIB = 1_048_576;
  assertEquals([608 * MIB, 160 * MIB, 96 * MIB].map((limit) => keptHeap(limit) / MIB), [512, 64, 32]);
  assert(HEAP_LIMIT > Deno.memoryUsage().heapUsed && Number.isSafeInteger(HEAP_LIMIT));
});
