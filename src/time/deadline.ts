/** Limits of time for peers, who have all of it: what the process itself loses is not theirs.
 * @module */
import type { Clock } from "./clock.ts";
import type { Scheduler, Task } from "./scheduler.ts";

/** Milliseconds between two looks at the clock, as long as there are deadlines of at most so many; without them it is looked more seldom. */
const BEAT = 500, SHORT = 60_000, SLOW_BEAT = 30_000;

/** So many milliseconds late means that the process stood still: it was stopped, had no processor, or was busy. */
const STANDSTILL = 100;

/** It takes no longer than so many milliseconds to read what has come meanwhile. */
const LONGEST_CATCHING_UP = 5_000;

/** What a process loses for whoever looks at the clock now and then. */
export class LostTime {
  /** True when the process has stood still since the last look, and before it. */
  #isLate = false;
  #wasLate = false;

  /**
   * Milliseconds that nobody has to answer for: those in which the process stood still, and as many again, up to five seconds, as it
   * may take so long to read what has come meanwhile. Where every look is late there is no such time: it goes on all the same.
   *
   * @param late milliseconds
   */
  by(late: number): number {
    if (late < STANDSTILL) return 0;
    this.#isLate = true;
    return this.#wasLate ? late : late + Math.min(late, LONGEST_CATCHING_UP);
  }

  /** The next look begins. */
  nextLook(): void {
    this.#wasLate = this.#isLate;
    this.#isLate = false;
  }
}

/** What is waited for. */
export interface Awaited {
  /** The time is over. */
  expired(): void;
  /** Milliseconds since the peer was heard of, from which on it has its time once more; Infinity where that does not count. */
  silence(): number;
}

/** What deadlines need. */
export interface DeadlinesOptions {
  /** Source of time. */
  readonly clock: Clock;
  /** Runs them. */
  readonly scheduler: Scheduler;
  /** Calls back when what has arrived by now is read. */
  readonly lookAround: (done: () => unknown) => void;
}

/** All deadlines of a broker, and the time that they are reckoned in. */
export class Deadlines {
  /** What they need. */
  readonly options: DeadlinesOptions;
  #size = 0;
  /** Those of them that are short. */
  #short = 0;
  #timer: number | undefined = undefined;
  /** When the next look is due; later than that, the process has stood still. */
  #expected = Infinity;
  #lost = 0;
  readonly #lostTime = new LostTime();
  #closed = false;

  /** @param options what they need */
  constructor(options: DeadlinesOptions) {
    this.options = options;
  }

  /** Milliseconds that count. Only differences mean something, and only while there is a deadline. */
  now(): number {
    const now = this.options.clock.now(), lost = this.#lostTime.by(now - this.#expected);
    if (lost > 0) this.#expected = now;
    return now - (this.#lost += lost);
  }

  /**
   * Begins to wait for a peer.
   *
   * @param milliseconds how long it may take
   * @param awaited what is waited for
   */
  begin(milliseconds: number, awaited: Awaited): Deadline {
    return new Deadline(this, milliseconds, awaited);
  }

  /** One more of so many milliseconds is under way. */
  began(milliseconds: number): void {
    this.#size++;
    if (milliseconds <= SHORT) this.#short++;
    if (this.#timer === undefined || milliseconds <= SHORT && this.#short === 1) this.#beat();
  }

  /** One of so many milliseconds is over. */
  ended(milliseconds: number): void {
    if (milliseconds <= SHORT) this.#short--;
    if (--this.#size === 0) this.#stop();
  }

  /** Stops the looks for good. */
  close(): void {
    this.#closed = true;
    this.#stop();
  }

  #stop(): void {
    if (this.#timer !== undefined) this.options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#expected = Infinity;
  }

  #beat(): void {
    if (this.#closed) return;
    this.now();
    this.#lostTime.nextLook();
    this.#stop();
    const { clock } = this.options, beat = this.#short > 0 ? BEAT : SLOW_BEAT;
    this.#expected = clock.now() + beat;
    this.#timer = clock.setTimeout(() => this.#beat(), beat);
  }
}

/** A peer is waited for. */
export class Deadline {
  readonly #all: Deadlines;
  readonly #milliseconds: number;
  readonly #awaited: Awaited;
  #due: number;
  #task: Task | undefined = undefined;
  #hasLooked = false;
  #isOver = false;
  readonly #check = () => this.#look();

  /** @param all those of the broker @param milliseconds how long it may take @param awaited what is waited for */
  constructor(all: Deadlines, milliseconds: number, awaited: Awaited) {
    all.began(milliseconds);
    this.#all = all;
    this.#milliseconds = milliseconds;
    this.#awaited = awaited;
    this.#due = all.now() + milliseconds;
    this.#task = all.options.scheduler.after(milliseconds, this.#check);
  }

  /** It is not waited for any more. Safe to call twice. */
  cancel(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#all.options.scheduler.cancel(this.#task);
    this.#all.ended(this.#milliseconds);
  }

  /** It is over when the time has passed and what had arrived until then was read. */
  #look(): void {
    if (this.#isOver) return;
    const { scheduler, lookAround } = this.#all.options, now = this.#all.now();
    this.#due = Math.max(this.#due, now - this.#awaited.silence() + this.#milliseconds);
    const left = this.#due - now;
    if (left > 0) {
      this.#hasLooked = false;
      this.#task = scheduler.after(left, this.#check);
    } else if (!this.#hasLooked) {
      this.#hasLooked = true;
      lookAround(() => this.#isOver || (this.#task = scheduler.after(0, this.#check)));
    } else {
      this.cancel();
      this.#awaited.expired();
    }
  }
}
