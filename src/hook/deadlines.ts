/** One timer for all promises that may take only so long.
 * @module */
import type { Clock } from "../time/clock.ts";

interface Entry {
  previous: Entry | undefined;
  next: Entry | undefined;
  readonly due: number;
  readonly expire: () => void;
}

/** Races promises against one common limit. Entries are in order of their deadline, so that the first is the next. */
export class Deadlines {
  readonly #clock: Clock;
  readonly #limit: number;
  #first: Entry | undefined;
  #last: Entry | undefined;
  #timer: number | undefined;

  /**
   * @param clock source of time
   * @param limit milliseconds that each promise may take
   */
  constructor(clock: Clock, limit: number) {
    this.#clock = clock;
    this.#limit = limit;
  }

  /**
   * Settles as `promise` does, or rejects with `timeout()` when that takes too long.
   * @param promise what is waited for
   * @param timeout makes the error
   */
  race<T>(promise: PromiseLike<T>, timeout: () => Error): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const entry = this.#add(() => reject(timeout()));
      promise.then((value) => {
        this.#remove(entry);
        resolve(value);
      }, (error) => {
        this.#remove(entry);
        reject(error);
      });
    });
  }

  /** Stops the timer; what is still waited for is never timed out. */
  close(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#first = this.#last = undefined;
  }

  #add(expire: () => void): Entry {
    const entry: Entry = { previous: this.#last, next: undefined, due: this.#clock.now() + this.#limit, expire };
    if (this.#last === undefined) this.#first = entry;
    else this.#last.next = entry;
    this.#last = entry;
    if (this.#timer === undefined) this.#arm(this.#limit);
    return entry;
  }

  #remove(entry: Entry): void {
    if (entry.previous !== undefined) entry.previous.next = entry.next;
    else if (this.#first === entry) this.#first = entry.next;
    else return; // it has expired, or everything was closed
    if (entry.next !== undefined) entry.next.previous = entry.previous;
    else this.#last = entry.previous;
    entry.previous = entry.next = undefined;
  }

  #arm(delay: number): void {
    this.#timer = this.#clock.setTimeout(() => this.#sweep(), Math.max(delay, 0));
  }

  #sweep(): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    while (this.#first !== undefined && this.#first.due <= now) {
      const entry = this.#first;
      this.#remove(entry);
      entry.expire();
    }
    if (this.#first !== undefined) this.#arm(this.#first.due - now);
  }
}
