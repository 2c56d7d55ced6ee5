/** Time that passes when a test says so. */

import type { Clock } from "../../src/time/clock.ts";

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

/** More timers than any test needs at one moment: somebody sets them again and again, and time would never pass. */
const MOST_AT_ONCE = 3_000;

/** A clock that stands still between two calls of {@linkcode FakeClock.advance}. */
export class FakeClock implements Clock {
  #now = 1_700_000_000_000;
  #next = 0;
  readonly #timers = new Map<number, Timer>();

  /** Milliseconds since 1970. */
  now(): number {
    return this.#now;
  }

  /** Number of timers that wait. */
  get pending(): number {
    return this.#timers.size;
  }

  setTimeout(callback: () => void, delay: number): number {
    if (!(delay >= 0 && delay < 2 ** 31)) throw new RangeError(`no timer takes a delay of ${delay} ms`);
    this.#timers.set(++this.#next, { due: this.#now + delay, callback });
    return this.#next;
  }

  clearTimeout(handle: number): void {
    this.#timers.delete(handle);
  }

  /** Lets time pass: timers fire in order, each with the time it was set for, and what they start is done before the next. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await settle();
    let atOnce = 0;
    for (let handle = this.#first(end); handle !== undefined; handle = this.#first(end)) {
      const { due, callback } = this.#timers.get(handle)!;
      this.#timers.delete(handle);
      atOnce = due > this.#now ? 0 : atOnce + 1;
      if (atOnce > MOST_AT_ONCE) throw new Error(`${atOnce} timers fired at the same moment, and one more waits`);
      this.#now = Math.max(this.#now, due);
      callback();
      await settle();
    }
    this.#now = end;
  }

  #first(until: number): number | undefined {
    let first: number | undefined, earliest = until;
    for (const [handle, { due }] of this.#timers) {
      if (due > earliest || first !== undefined && due === earliest) continue;
      first = handle;
      earliest = due;
    }
    return first;
  }
}

/** A look of the broker at its sockets takes 64 laps of the event loop. */
const LAPS = 70;
/** A test may keep the broker from its own. */
const nextLap = setImmediate;

/** Lets everything run that has nothing to wait for. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await nextTurn();
  for (let lap = 0; lap < LAPS; lap++) await new Promise((resolve) => nextLap(resolve));
}

/** The next turn of the event loop: faster than a timer, and behind all promises that are settled. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      port2.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
