/** Whether there is memory for anything new.
 * @module */
import type { MemoryLimits } from "./memory_limits.ts";

/** Milliseconds between two looks. */
const LOOK_EVERY = 100;
/** It is over once what is used is down to this part of the limits: at the limits themselves it would come and go. */
const LOW_WATER = 0.9;

/** Memory of the process in bytes. */
export interface MemoryUse {
  /** Heap in use, with garbage that is not collected yet. */
  readonly heapUsed: number;
  /** Buffers outside of the heap. */
  readonly external: number;
}

/** What a {@linkcode MemoryGuard} works with. */
export interface MemoryGuardOptions {
  /** The high-water marks. */
  readonly limits: Pick<MemoryLimits, "memory" | "heap">;
  /** Milliseconds, as of this turn: to ask has to cost nothing. */
  now(): number;
  /** Told when memory becomes short, and when that is over. */
  onChange(isShort: boolean, use: MemoryUse): void;
  /** What the process uses. */
  use?(): MemoryUse;
}

/** Watches the memory of the process, and only while somebody asks. */
export class MemoryGuard {
  readonly #options: MemoryGuardOptions;
  #isShort = false;
  #lookedAt = -Infinity;

  /** @param options what it works with */
  constructor(options: MemoryGuardOptions) {
    this.#options = options;
  }

  /** True from the high-water mark on until enough memory is free again. */
  get isShort(): boolean {
    const now = this.#options.now();
    if (Math.abs(now - this.#lookedAt) >= LOOK_EVERY) this.#look(now);
    return this.#isShort;
  }

  #look(now: number): void {
    const { limits, onChange, use = Deno.memoryUsage } = this.#options, used = use();
    this.#lookedAt = now;
    const part = this.#isShort ? LOW_WATER : 1;
    const isShort = used.heapUsed > part * limits.heap || used.heapUsed + used.external > part * limits.memory;
    if (isShort === this.#isShort) return;
    this.#isShort = isShort;
    onChange(isShort, used);
  }
}
