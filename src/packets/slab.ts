/** Memory for reading that is used again once nobody needs what is in it.
 * @module */

/** Bytes of the smallest slab that is kept, as smaller ones are not worth it. */
export const SMALLEST_KEPT = 4_096;
/** Bytes of the slabs that wait to be used again. */
const POOL_BYTES = 16_777_216;

/** A piece of memory and those who hold it. */
export class Slab {
  /** The memory. */
  readonly bytes: Uint8Array;
  readonly #pool: SlabPool;
  #holders = 1;
  #isKept = false;

  /**
   * Memory with one holder.
   *
   * @param bytes the memory
   * @param pool where it goes when nobody holds it
   */
  constructor(bytes: Uint8Array, pool: SlabPool) {
    this.bytes = bytes;
    this.#pool = pool;
  }

  /** True when its one holder may write it again from the beginning. */
  get isIdle(): boolean {
    return this.#holders === 1 && !this.#isKept;
  }

  /**
   * One holder more.
   * @throws Error when it was given back: it may hold something else by now
   */
  hold(): void {
    if (this.#holders === 0 && !this.#isKept) throw new Error("the memory was given back already");
    this.#holders++;
  }

  /** One holder less: with the last one the memory may be written again, unless it is kept. */
  release(): void {
    if (--this.#holders === 0 && !this.#isKept) this.#pool.put(this.bytes);
  }

  /**
   * The memory is given back to the system at once, if nobody but the one holder needs it. Nothing may be done with it any more.
   * Where others hold it, it is never written again by anybody else: a read into it may be under way.
   */
  discard(): void {
    if (!this.isIdle) return this.keep();
    this.#isKept = true;
    (this.bytes.buffer as ArrayBuffer).transfer(0);
  }

  /** Views on the memory are handed out that nobody gives back: it is never written again. */
  keep(): void {
    this.#isKept = true;
  }
}

/**
 * Slabs that wait to be used again, the last one first, because it may still be in the caches of the processor. New memory
 * costs twice: it has to be cleared, and it has to be collected.
 *
 * @example
 * ```ts
 * import { SlabPool } from "./slab.ts";
 *
 * const pool = new SlabPool(), slab = pool.take(100_000), { bytes } = slab;
 * slab.release();
 * console.assert(pool.take(120_000).bytes === bytes);
 * ```
 */
export class SlabPool {
  /** Free memory by the binary logarithm of its size. */
  readonly #free: Uint8Array[][] = [];
  #bytes = 0;

  /**
   * Memory of at least this size, not cleared when it was used before.
   *
   * @param size bytes
   * @returns a slab that the caller holds
   */
  take(size: number): Slab {
    if (size < SMALLEST_KEPT) return new Slab(new Uint8Array(size), this);
    const order = 32 - Math.clz32(size - 1), bytes = this.#free[order]?.pop();
    if (bytes === undefined) return new Slab(new Uint8Array(2 ** order), this);
    this.#bytes -= bytes.length;
    return new Slab(bytes, this);
  }

  /**
   * Takes memory back that nobody holds.
   *
   * @param bytes the memory
   */
  put(bytes: Uint8Array): void {
    const order = 31 - Math.clz32(bytes.length);
    if (bytes.length < SMALLEST_KEPT || bytes.length !== 2 ** order || this.#bytes + bytes.length > POOL_BYTES) return;
    this.#bytes += bytes.length;
    (this.#free[order] ??= []).push(bytes);
  }
}
