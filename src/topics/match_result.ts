/** From the filters that match a topic to those who receive it.
 * @module */

import type { FilterLeaf } from "./filter_leaf.ts";
import { countOf, itemsOf } from "./one_or_map.ts";
import type { MatchedShare } from "./share_group.ts";
import { HeldSubscription, type MatchedSubscriber, MergedSubscriber } from "./subscription.ts";

/** Who receives a topic. Never changed after it was handed out. */
export interface MatchResult<S> {
  /** The subscribers, once each. */
  readonly subscribers: readonly MatchedSubscriber<S>[];
  /** The share groups; one member of each receives. */
  readonly shares: readonly MatchedShare<S>[];
}

/** A result with what it takes in memory. */
export interface KnownResult<S> {
  /** Who receives a topic. */
  readonly result: MatchResult<S>;
  /** Bytes that it takes by itself: nothing where others have the same one. */
  readonly bytes: number;
}

/** A subscriber while a result is built. */
export type Collected<S> = HeldSubscription<S> | MergedSubscriber<S>;

/** Bytes of a result with room for the first subscribers, and of each of them. */
const RESULT = 224, SUBSCRIBER = 12;
/** Bytes of the merge of several subscriptions, and of each of them; with Subscription Identifiers twice that. */
const MERGED = 160, SUBSCRIPTION = 12;
/** Bytes of a share group, and of each member. */
const SHARE = 128, MEMBER = 8;

/** Up to this many subscribers a scan is cheaper than a `Map`. */
const SCAN_LIMIT = 16;

const NOBODY: readonly never[] = Object.freeze([]);

/** The result of a topic that nobody has subscribed to. */
export const EMPTY_RESULT: MatchResult<never> = Object.freeze({ subscribers: NOBODY, shares: NOBODY });

/** Merges the subscriptions of matching filters into a result, filter by filter. */
export class ResultBuilder<S> {
  /** Subscriptions and share groups that were added. */
  weight = 0;
  /** Those of them that were merged with others: that takes time, and one filter alone takes none. */
  merged = 0;
  /** Bytes that the result takes by itself, once it is built. */
  bytes = 0;
  /** The filter that was added first, while it is the only one. */
  #only: FilterLeaf<S> | undefined;
  #list: Collected<S>[] | undefined;
  /** Whether somebody has several subscriptions that match. */
  #overlaps = false;
  #index: Map<S, number> | undefined;
  #shares: MatchedShare<S>[] | undefined;

  /** What was added, once: nothing may be added afterwards. Topics that one filter with wildcards alone matches share their result. */
  build(): MatchResult<S> {
    if (this.weight === 0) return EMPTY_RESULT;
    const only = this.#only;
    if (only?.alone !== undefined) return only.alone;
    const result = only === undefined ? this.#merged() : this.#alone(only);
    this.bytes = bytesOfResult(result, this.#overlaps);
    return result;
  }

  /** A filter without wildcards has one topic, and the cache remembers that for a while: it keeps nothing itself. */
  #alone(leaf: FilterLeaf<S>): MatchResult<S> {
    const result = this.#merge(leaf).#merged();
    if (leaf.hasWildcard) leaf.alone = result;
    return result;
  }

  #merged(): MatchResult<S> {
    return { subscribers: this.#list ?? NOBODY, shares: this.#shares ?? NOBODY };
  }

  /**
   * Adds all who have subscribed to a filter.
   *
   * @param leaf a filter that matches
   */
  add(leaf: FilterLeaf<S>): void {
    if (this.weight === 0) this.#only = leaf;
    else {
      if (this.#only !== undefined) this.#merge(this.#only);
      this.#only = undefined;
      this.#merge(leaf);
    }
    this.weight += countOf(leaf.held) + countOf(leaf.groups);
  }

  #merge(leaf: FilterLeaf<S>): this {
    this.merged += countOf(leaf.held) + countOf(leaf.groups);
    if (leaf.held !== undefined) this.#addSubscribers(leaf.held);
    if (leaf.groups !== undefined) this.#addShares(leaf.groups);
    return this;
  }

  #addSubscribers(added: NonNullable<FilterLeaf<S>["held"]>): void {
    if (this.#list === undefined) this.#list = added instanceof Map ? [...added.values()] : [added]; // no room for more
    else if (!(added instanceof Map)) this.#put(this.#list, added);
    else for (const held of added.values()) this.#put(this.#list, held);
  }

  #addShares(groups: NonNullable<FilterLeaf<S>["groups"]>): void {
    const shares = this.#shares ??= [];
    for (const group of itemsOf(groups)) shares.push(group.matched());
  }

  #put(list: Collected<S>[], held: HeldSubscription<S>): void {
    if (this.#index === undefined && list.length > SCAN_LIMIT) this.#index = indexOfAll(list);
    const index = this.#index, { subscriber } = held;
    const at = index === undefined ? scan(list, subscriber) : index.get(subscriber) ?? -1;
    if (at !== -1) {
      list[at] = merge(list[at], held);
      this.#overlaps = true;
    } else {
      index?.set(subscriber, list.length);
      list.push(held);
    }
  }
}

function indexOfAll<S>(list: readonly Collected<S>[]): Map<S, number> {
  const index = new Map<S, number>();
  for (let at = 0; at < list.length; at++) index.set(list[at].subscriber, at);
  return index;
}

function scan<S>(list: readonly Collected<S>[], subscriber: S): number {
  for (let at = 0; at < list.length; at++) if (list[at].subscriber === subscriber) return at;
  return -1;
}

/**
 * Takes one more subscription of a subscriber in, while a result is built.
 *
 * @param collected what there is of the subscriber already; a merge is changed
 * @param held another subscription of the same subscriber
 * @returns both of them
 */
export function merge<S>(collected: Collected<S> | undefined, held: HeldSubscription<S>): Collected<S> {
  if (collected === undefined) return held;
  if (collected instanceof HeldSubscription) return new MergedSubscriber<S>(collected, held);
  collected.add(held);
  return collected;
}

/**
 * Tells what a result takes in memory.
 *
 * @param result the result
 * @param overlaps whether somebody may have several subscriptions in it
 * @returns bytes
 */
export function bytesOfResult<S>({ subscribers, shares }: MatchResult<S>, overlaps = true): number {
  let bytes = RESULT + SUBSCRIBER * subscribers.length;
  if (overlaps) { for (const matched of subscribers) bytes += bytesOfMerged(matched); }
  for (const { members } of shares) bytes += SHARE + MEMBER * members.length;
  return bytes;
}

/** A subscription that is the only match of its subscriber is there already. */
function bytesOfMerged<S>(matched: MatchedSubscriber<S>): number {
  if (!(matched instanceof MergedSubscriber)) return 0;
  return (MERGED + SUBSCRIPTION * matched.subscriptions.length) * (matched.identifiers === undefined ? 1 : 2);
}
