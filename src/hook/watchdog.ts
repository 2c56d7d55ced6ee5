/** The one limit of time for hooks, for calls that are made so fast that the clock cannot be read for each of them.
 * @module */
import type { Clock } from "../time/clock.ts";
import { LostTime } from "../time/deadline.ts";

/** The clock is read so often within the limit. */
const STEPS = 16;

/** Something that waits for the answer of a hook. */
export interface Watched {
  /** When the answer is late, in milliseconds of the clock; Infinity while it waits for none. */
  due: number;
  /** The answer is late. */
  expire(): void;
}

/**
 * Looks after a while whether an answer is late: never too early, not because the process stood still, and not more than an eighth
 * of the limit too late.
 */
export class Watchdog {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #lostTime = new LostTime();
  readonly #watched = new Set<Watched>();
  #timer: number | undefined;
  #isClosed = false;
  /** The latest that it can be until the timer has run. */
  #latest = 0;

  /**
   * @param clock source of time
   * @param limit milliseconds that an answer may take
   */
  constructor(clock: Clock, limit: number) {
    this.#clock = clock;
    this.#limit = limit;
  }

  /** Begins to wait: sets when the answer is late that is asked for now. */
  watch(watched: Watched): void {
    if (this.#isClosed) return;
    if (this.#timer === undefined) this.#arm(this.#clock.now());
    watched.due = this.#latest + this.#limit;
    this.#watched.add(watched);
  }

  /**
   * Settles as `promise` does, or rejects with `timeout()` when that takes too long.
   *
   * @param promise what is waited for
   * @param timeout makes the error
   */
  race<T>(promise: PromiseLike<T>, timeout: () => Error): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const watched: Watched = { due: Infinity, expire: () => reject(timeout()) };
      this.watch(watched);
      promise.then((value) => {
        watched.due = Infinity;
        resolve(value);
      }, (error) => {
        watched.due = Infinity;
        reject(error ?? new Error("no reason was given"));
      });
    });
  }

  /** Stops the timer; nothing is late any more. */
  close(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isClosed = true;
    this.#watched.clear();
  }

  #arm(now: number): void {
    const step = this.#limit / STEPS;
    this.#latest = now + step;
    this.#timer = this.#clock.setTimeout(() => this.#look(), step);
  }

  /** Those who have their answer are forgotten here, all at once, instead of one by one. */
  #look(): void {
    this.#timer = undefined;
    const now = this.#clock.now(), lost = this.#lostTime.by(now - this.#latest), late: Watched[] = [];
    this.#lostTime.nextLook();
    for (const watched of this.#watched) {
      if (watched.due === Infinity) this.#watched.delete(watched);
      else if (watched.due === this.#latest + this.#limit) watched.due = now + this.#limit; // it may have begun just now
      else if ((watched.due += lost) <= now) late.push(watched);
    }
    for (const watched of late) {
      this.#watched.delete(watched);
      watched.due = Infinity;
    }
    if (this.#watched.size > 0) this.#arm(now);
    for (const watched of late) watched.expire();
  }
}
