/** Matches that take long.
 * @module */

import type { MatchResult } from "./match_result.ts";

/** Finds who receives a topic, a part at a time: each `next` is told how many nodes are visited at most. */
export type Finding<S> = Generator<undefined, MatchResult<S>, number>;

/** A match that was not done at once. */
export class PendingMatch<S> {
  /** Whether the topic was asked for before, lately. */
  readonly isAgain: boolean;
  readonly #finding: Finding<S>;

  /**
   * A match that has come to somewhere.
   *
   * @param finding goes on
   * @param isAgain whether the topic was asked for before
   */
  constructor(finding: Finding<S>, isAgain: boolean) {
    this.#finding = finding;
    this.isAgain = isAgain;
    finding.next(); // to where it wants to know how many
  }

  /** Goes on to the end. */
  finish(): MatchResult<S> {
    for (;;) {
      const found = this.goOn(Infinity);
      if (found !== undefined) return found;
    }
  }

  /**
   * Goes on.
   *
   * @param steps how many nodes are visited at most
   * @returns who receives the topic, `undefined` while there is more to visit
   */
  goOn(steps: number): MatchResult<S> | undefined {
    const { done, value } = this.#finding.next(steps);
    return done ? value : undefined;
  }
}
