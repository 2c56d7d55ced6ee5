/** A limit for calls that are made so fast that the clock cannot be read for each of them.
 * @module */
import type { Clock } from "../time/clock.ts";

/** The clock is read so often within the limit. */
const STEPS = 16;

/** Something that makes one call after the other. */
export interface Watched {
  /** When the call that it waits for is late, in milliseconds since 1970; Infinity while it waits for none. */
  due: number;
  /** The call is late. */
  expire(): void;
}

/** Looks after a while whether a call is late: never too early, and not more than an eighth of the limit too late. */
export class Watchdog {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #watched = new Set<Watched>();
  #timer: number | undefined;
  /** The latest that it can be until the timer has run. */
  #latest = 0;

  /**
   * @param clock source of time
   * @param limit milliseconds that a call may take
   */
  constructor(clock: Clock, limit: number) {
    this.#clock = clock;
    this.#limit = limit;
  }

  /** When a call is late that begins now. Only while something is watched. */
  get due(): number {
    return this.#latest + this.#limit;
  }

  /** Begins to look after `watched`. */
  watch(watched: Watched): void {
    this.#watched.add(watched);
    if (this.#timer === undefined) this.#arm(this.#clock.now());
  }

  /** Looks after `watched` no more. */
  unwatch(watched: Watched): void {
    this.#watched.delete(watched);
  }

  /** Stops the timer; nothing is late any more. */
  close(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#watched.clear();
  }

  #arm(now: number): void {
    const step = this.#limit / STEPS;
    this.#latest = now + step;
    this.#timer = this.#clock.setTimeout(() => this.#look(), step);
  }

  #look(): void {
    this.#timer = undefined;
    if (this.#watched.size === 0) return;
    const now = this.#clock.now();
    this.#forgive(now - this.#latest);
    this.#arm(now);
    for (const watched of [...this.#watched]) if (watched.due <= now) watched.expire();
  }

  /** The process was busy, and the timer runs so much too late: calls since the last look may have begun just now. */
  #forgive(delay: number): void {
    const { due } = this;
    if (delay > 0) { for (const watched of this.#watched) if (watched.due === due) watched.due += delay; }
  }
}
