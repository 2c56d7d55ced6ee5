/** One timer for all who want to hear that everything which could happen at once has happened.
 * @module */
import type { Clock } from "../time/clock.ts";

/** Somebody who waits. */
export interface Reminded {
  /** It is not over at once. */
  remind(): void;
}

/** Reminds those who still wait when timers have their turn. A timer for each of them would cost more than what they do. */
export class Reminder {
  readonly #clock: Clock;
  #waiting = new Set<Reminded>();
  #timer: number | undefined;

  /** @param clock source of timers */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Reminds `waiting` once, unless it is deleted before. */
  add(waiting: Reminded): void {
    this.#waiting.add(waiting);
    this.#timer ??= this.#clock.setTimeout(() => this.#remind(), 0);
  }

  /** Reminds `waiting` no more. */
  delete(waiting: Reminded): void {
    this.#waiting.delete(waiting);
  }

  /** Stops the timer; nobody is reminded any more. */
  close(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting.clear();
  }

  #remind(): void {
    this.#timer = undefined;
    const all = this.#waiting;
    this.#waiting = new Set();
    for (const waiting of all) waiting.remind();
  }
}
