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
  readonly #mostReading: number;
  /** Bytes that framers read into, and how many framers there are with some. */
  #reading = 0;
  #framers = 0;

  /**
   * A pool with nothing in it.
   *
   * @param mostReading bytes that all framers together may read into, beside the first ones of each; no limit by default
   */
  constructor(mostReading: number = Infinity) {
    this.#mostReading = mostReading;
  }

  /**
   * Bytes that a framer may read into which has nothing yet. A read that waits holds them for as long as its peer says nothing, and
   * nobody can take them back: so from half of the limit on each may have no more than an equal part of what is left.
   */
  get mostForRead(): number {
    const left = this.#mostReading - this.#reading;
    if (left >= this.#mostReading / 2) return Infinity;
    return left < this.#framers ? 0 : 2 ** Math.floor(Math.log2(left / this.#framers));
  }

  /** A framer reads into so many bytes now, 0 for none, and not any more into those that it had before. */
  countReading(before: number, now: number): void {
    this.#reading += now - before;
    this.#framers += Math.sign(now) - Math.sign(before);
  }

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
