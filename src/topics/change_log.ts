/** Which filters have changed lately, and for whom.
 * @module */

import type { FilterLeaf } from "./filter_leaf.ts";
import type { ShareGroup } from "./share_group.ts";
import { topicMatchesFilter } from "./topic_filter.ts";

/** So many changes are compared with a topic; beyond that matching anew is cheaper. */
const FEW = 32;
/** The same for a topic whose match was long: all of them take two milliseconds. */
const MANY = 16_384;
/** Bytes of a change, with a filter that is there for it alone, and without the text of that and the subscriber. */
const CHANGE = 224;

const NONE: readonly never[] = Object.freeze([]);

/** A subscriber has subscribed, unsubscribed, or asked for something else with a filter. */
export interface Change<S> {
  /** The filter or share group. It tells what holds now, also where it has lost its last subscriber. */
  readonly holder: FilterLeaf<S> | ShareGroup<S>;
  /** Whose subscription it was. */
  readonly subscriber: S;
}

/** The last changes. Many are kept only while there are topics that need them: filters and subscribers that have gone are kept with them. */
export class ChangeLog<S> {
  /** How many changes there have been. */
  generation = 0;
  readonly #room: number;
  readonly #sizeOf: (subscriber: S) => number;
  /** The last of them; `undefined` for one that concerns no topic. */
  readonly #changes: (Change<S> | undefined)[] = [];
  /** What each of them is counted with. */
  readonly #sizes: number[] = [];
  #bytes = 0;
  #manyUntil = 0;

  /** @param options `bytes` that changes may take; `sizeOf` tells what a subscriber takes that has gone */
  constructor({ bytes, sizeOf }: { readonly bytes: number; readonly sizeOf: (subscriber: S) => number }) {
    this.#room = bytes;
    this.#sizeOf = sizeOf;
  }

  /** How many of them are remembered. */
  get size(): number {
    return this.#changes.length;
  }

  /**
   * Takes note of a change.
   *
   * @param change what has changed, `undefined` when topics are only to be looked up again
   * @returns bytes that it is counted with: a result from before it may hold as much of what has gone
   */
  note(change: Change<S> | undefined): number {
    const changes = this.#changes, kept = ++this.generation <= this.#manyUntil ? MANY : FEW;
    const bytes = change === undefined ? 0 : this.#bytesOf(change);
    changes.push(change);
    this.#sizes.push(bytes);
    this.#bytes += bytes;
    if (changes.length >= 2 * kept) this.#forget(changes.length - kept);
    else if (this.#bytes > this.#room) this.#forget(1 + (changes.length >> 2));
    return bytes;
  }

  /** Somebody will ask what has changed from now on, and not be content with few changes. */
  keepMany(): void {
    this.#manyUntil = this.generation + MANY;
  }

  /** Forgets all changes: whatever was known before is not known to be true any more. */
  clear(): void {
    this.#forget(this.#changes.length);
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
    const count = this.generation - from;
    return count > (isLong ? MANY : FEW) ? undefined : this.compare(topic, from, count);
  }

  /**
   * Finds those of some changes that concern a topic.
   *
   * @param topic a Topic Name
   * @param from the generation before them
   * @param count how many of them there are
   * @returns the changes in their order, `undefined` when they are forgotten
   */
  compare(topic: string, from: number, count: number): readonly Change<S>[] | undefined {
    const changes = this.#changes, first = changes.length - (this.generation - from);
    if (first < 0) return undefined;
    let found: Change<S>[] | undefined;
    for (let at = first; at < first + count; at++) {
      const change = changes[at];
      if (change !== undefined && topicMatchesFilter(topic, change.holder.filter)) (found ??= []).push(change);
    }
    return found ?? NONE;
  }

  /** Changes of one subscriber that follow each other hold it once. */
  #bytesOf({ holder, subscriber }: Change<S>): number {
    const bytes = CHANGE + 2 * holder.full.length, isAgain = this.#changes.at(-1)?.subscriber === subscriber;
    return isAgain ? bytes : bytes + this.#sizeOf(subscriber);
  }

  #forget(count: number): void {
    this.#changes.splice(0, count);
    for (const bytes of this.#sizes.splice(0, count)) this.#bytes -= bytes;
  }
}
