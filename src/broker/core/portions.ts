/** Work that is too long for one turn: a portion of it each time the event loop goes round, whoever it is for.
 * @module */

/** Units, of about a microsecond each, that are done before timers and sockets come first. */
const UNITS_A_ROUND = 2_500;

/** What portions work with. */
export interface PortionOptions {
  /** Runs a function when the event loop has gone round. */
  later(run: () => void): void;
  /** Told of what a portion throws: the others have their turn all the same. */
  onError(error: unknown): void;
}

/**
 * One for each broker. Replays of retained messages, what has waited in sessions, matches over many filters, messages for thousands
 * and the ends of large sessions share what there is: whoever has used up a portion waits here behind all others.
 */
export class Portions {
  readonly #options: PortionOptions;
  #left = UNITS_A_ROUND;
  #waiting: (() => void)[] = [];
  /** What is done once: it has half of each round, and the other half where nobody goes on for longer. */
  #brief: (() => void)[] = [];
  #isDue = false;
  readonly #round = () => this.#nextRound();

  /** @param options what it works with */
  constructor(options: PortionOptions) {
    this.#options = options;
  }

  /** Whether nothing more should be done before the event loop goes round. */
  get isSpent(): boolean {
    return this.#left <= 0;
  }

  /** Takes note of work that was done, in units. */
  spend(units: number): void {
    this.#left -= units;
    if (this.#left <= 0) this.#callRound();
  }

  /**
   * Repeats a step as long as something is left of this round, and goes on in the rounds that follow.
   *
   * @param units what a step takes
   * @param step one step; false when it was the last one
   */
  run(units: number, step: () => boolean): void {
    while (!this.isSpent) {
      this.spend(units);
      if (!step()) return;
    }
    this.wait(() => this.run(units, step));
  }

  /**
   * Does something once when something is left, before all who go on for longer.
   *
   * @param work what is done; it spends what it uses
   * @returns what `work` returns
   */
  once<T>(work: () => Promise<T>): Promise<T> {
    if (!this.isSpent) return work();
    return new Promise((resolve) => {
      this.#brief.push(() => resolve(work()));
      this.#callRound();
    });
  }

  /** Calls `work` once when it is its turn; it spends what it uses, and waits again for more. */
  wait(work: () => void): void {
    this.#waiting.push(work);
    this.#callRound();
  }

  #callRound(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#options.later(this.#round);
  }

  /** Those who wait again in this round have their next turn behind the others, in this round if there is something left. */
  #nextRound(): void {
    this.#isDue = false;
    this.#left = UNITS_A_ROUND;
    this.#doBrief(UNITS_A_ROUND / 2);
    while (this.#left > 0 && this.#waiting.length > 0) {
      const works = this.#waiting;
      this.#waiting = [];
      let done = 0;
      while (this.#left > 0 && done < works.length) this.#run(works[done++]);
      if (done < works.length) this.#waiting = works.slice(done).concat(this.#waiting);
    }
    this.#doBrief(0);
    if (this.#waiting.length + this.#brief.length > 0) this.#callRound();
  }

  #doBrief(least: number): void {
    let done = 0;
    while (this.#left > least && done < this.#brief.length) this.#run(this.#brief[done++]);
    this.#brief.splice(0, done);
  }

  #run(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#options.onError(error);
    }
  }
}
