/** Sequences one behind the other, as long as hooks answer before anything else happens.
 *
 * Sequences that are under way together take turns after each value: what one of them needs has left the processor's caches
 * when its turn comes, and the first is not done before the last. One after the other they are a quarter faster, and what has
 * passed leaves while the others are asked. A hook that takes its time must not keep everybody waiting: then all begin.
 * @module */
import type { Reminded, Reminder } from "./reminder.ts";

/** What takes its place in a line. */
export interface Sequence {
  /** @returns a Promise only when something has to be waited for */
  run(): void | Promise<void>;
}

/** Who is told of a line: what its sequences bring about may be put off until it has ended. */
export interface LineWatcher {
  /** Sequences wait. */
  lineFormed(): void;
  /** Nobody is in it any more, or the first takes its time. */
  lineEnded(): void;
}

interface Place {
  readonly sequence: Sequence;
  begin(): void;
}

/** Lets one sequence begin when the one before it has ended, or when timers have their turn. */
export class TransformLine implements Reminded {
  readonly #reminder: Reminder;
  readonly #watcher: LineWatcher | undefined;
  /** The sequence that the others wait for. */
  #first: Sequence | undefined = undefined;
  #waiting: Place[] = [];
  /** True from the time that the first one took too long until nobody is in the line. */
  #isSlow = false;

  /**
   * @param reminder tells that hooks take their time
   * @param watcher is told of lines that move
   */
  constructor(reminder: Reminder, watcher?: LineWatcher) {
    this.#reminder = reminder;
    this.#watcher = watcher;
  }

  /**
   * Runs a sequence when its time has come.
   * @returns a Promise only when something has to be waited for
   * @throws what the sequence throws (also as rejection)
   */
  run(sequence: Sequence): void | Promise<void> {
    if (this.#first === undefined) return this.#begin(sequence);
    if (this.#waiting.length === 0) this.#form();
    const turn = new Promise<void>((begin) => this.#waiting.push({ sequence, begin }));
    return turn.then(() => this.#begin(sequence));
  }

  #form(): void {
    this.#reminder.add(this);
    if (!this.#isSlow) this.#watcher?.lineFormed();
  }

  remind(): void {
    const waiting = this.#waiting;
    if (this.#first === undefined) return;
    this.#isSlow = true;
    this.#watcher?.lineEnded();
    this.#waiting = [];
    for (const place of waiting) place.begin();
  }

  #begin(sequence: Sequence): void | Promise<void> {
    const leave = () => this.#leave(sequence);
    this.#first = sequence;
    let pending: void | Promise<void>;
    try {
      pending = sequence.run();
    } catch (error) {
      leave();
      throw error;
    }
    if (pending === undefined) leave();
    else pending.then(leave, leave);
    return pending;
  }

  /** The next one has its turn, unless all have begun meanwhile. */
  #leave(sequence: Sequence): void {
    if (this.#first !== sequence) return;
    const next = this.#waiting.shift();
    this.#first = next?.sequence;
    if (next !== undefined) return next.begin();
    this.#isSlow = false;
    this.#watcher?.lineEnded();
  }
}
