/** Which filters have changed lately, and for whom.
 * @module */

import type { FilterLeaf } from "./filter_leaf.ts";
import type { ShareGroup } from "./share_group.ts";
import { topicMatchesFilter } from "./topic_filter.ts";

/** So many changes are compared with a topic; beyond that matching anew is cheaper. */
const FEW = 32;
/** The same for a topic whose match was long: that takes more time than to compare all of these. */
const MANY = 4_096;

const NONE: readonly never[] = Object.freeze([]);

/** A subscriber has subscribed, unsubscribed, or asked for something else with a filter. */
export interface Change<S> {
  /** The filter or share group. It tells what holds now, also where it has lost its last subscriber. */
  readonly holder: FilterLeaf<S> | ShareGroup<S>;
  /** Whose subscription it was. */
  readonly subscriber: S;
}

/** The last changes. Many are kept only while there are topics that need them, as subscribers who have gone are kept with them. */
export class ChangeLog<S> {
  /** How many changes there have been. */
  generation = 0;
  /** The last of them; `undefined` for one that concerns no topic. */
  #changes: (Change<S> | undefined)[] = [];
  #manyUntil = 0;

  /**
   * Takes note of a change.
   *
   * @param change what has changed, `undefined` when topics are only to be looked up again
   */
  note(change: Change<S> | undefined): void {
    const kept = ++this.generation <= this.#manyUntil ? MANY : FEW;
    this.#changes.push(change);
    if (this.#changes.length >= 2 * kept) this.#changes.splice(0, this.#changes.length - kept);
  }

  /** Somebody will ask what has changed from now on, and not be content with few changes. */
  keepMany(): void {
    this.#manyUntil = this.generation + MANY;
  }

  /** Forgets all changes: whatever was known before is not known to be true any more. */
  clear(): void {
    this.#changes = [];
    this.generation++;
  }

  /**
   * Finds the changes that concern a topic.
   *
   * @param topic a Topic Name
   * @param from the generation that is known
   * @param isLong whether matching it anew takes long
   * @returns the changes in their order, `undefined` when there are too many to look at
   */
  since(topic: string, from: number, isLong: boolean): readonly Change<S>[] | undefined {
    const changes = this.#changes, count = this.generation - from;
    if (count > changes.length || count > (isLong ? MANY : FEW)) return undefined;
    let found: Change<S>[] | undefined;
    for (let at = changes.length - count; at < changes.length; at++) {
      const change = changes[at];
      if (change !== undefined && topicMatchesFilter(topic, change.holder.filter)) (found ??= []).push(change);
    }
    return found ?? NONE;
  }
}
