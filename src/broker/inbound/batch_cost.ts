/** What the packets of one read cost: their bytes, or the time that they take.
 * @module */
import type { Core } from "../core/core.ts";

/** After so many packets of one read it is looked at the clock. */
const LOOK_EVERY = 64;
/** It is looked earlier when they have cost so much more than usual, see `Core.charged`. */
const LOOK_AT_CHARGE = 500;
/** Milliseconds that the packets of one read are handled before others have their turn. */
const LONGEST_BATCH = 3;
/** Bytes that are handled in a microsecond, mostly: what takes longer is reckoned as more of them. */
const BYTES_IN_MICROSECOND = 21.845;

/** The batch at hand of one reader. */
export class BatchCost {
  /** Bytes of the last read, or as many as are handled in the time that it took. */
  cost = 0;
  /** Bytes of the last read. */
  bytes = 0;
  /** When its packets began to be handled, or went on to be, in milliseconds. */
  #start = 0;
  /** Microseconds or so that were charged for it so far. */
  #charged = 0;
  /** Packets that were handled since it was last looked at the clock. */
  #handled = 0;
  /** True while nothing of it was handled, as it had to wait. */
  #isNew = false;

  /** So many bytes were read. @returns what those before have cost */
  begin(bytes: number, now: number): number {
    const before = this.cost;
    this.cost = this.bytes = bytes;
    this.#start = now;
    return before;
  }

  /** It has to wait before it is looked at: what the one before has cost tells its place among others. */
  waitAs(before: number): void {
    this.cost = Math.max(this.cost, before);
    this.#isNew = true;
  }

  /** Its turn has come: from now on what it costs itself counts. */
  goOn(now: number): void {
    this.#start = now;
    if (this.#isNew) this.cost = this.bytes;
    this.#isNew = false;
  }

  /**
   * A packet is handled. A read may hold ten thousand, and nobody else is served meanwhile: an async hook that answers at once
   * does not let the event loop go round.
   * @returns true when others have their turn first
   */
  isLate(core: Core): boolean {
    if (++this.#handled < LOOK_EVERY && core.charged < LOOK_AT_CHARGE) return false;
    this.#handled = 0;
    this.take(core);
    const now = core.now(), took = now - this.#start;
    if (took < LONGEST_BATCH) return false;
    this.cost = Math.max(this.cost, took * 1_000 * BYTES_IN_MICROSECOND);
    this.#start = now;
    return true;
  }

  /** All packets of the read are handled: if they have cost more than their bytes tell, the next read is expected to do so too. */
  end(core: Core): void {
    this.take(core);
    this.cost = Math.max(this.cost, this.#charged * BYTES_IN_MICROSECOND);
    this.#charged = 0;
  }

  /** What was charged is this batch's, before others are handled. */
  take(core: Core): void {
    this.#charged += core.charged;
    core.charged = 0;
  }
}
