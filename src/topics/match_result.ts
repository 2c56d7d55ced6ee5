/** From the filters that match a topic to those who receive it.
 * @module */

import type { FilterLeaf } from "./filter_leaf.ts";
import { appendAll, itemsOf } from "./one_or_map.ts";
import type { MatchedShare } from "./share_group.ts";
import { HeldSubscription, type MatchedSubscriber, MergedSubscriber } from "./subscription.ts";

/** Who receives a topic. Never changed after it was handed out. */
export interface MatchResult<S> {
  /** The subscribers, once each. */
  readonly subscribers: readonly MatchedSubscriber<S>[];
  /** The share groups; one member of each receives. */
  readonly shares: readonly MatchedShare<S>[];
}

/** A subscriber while a result is built. */
type Collected<S> = HeldSubscription<S> | MergedSubscriber<S>;

/** Up to this many subscribers a scan is cheaper than a `Map`. */
const SCAN_LIMIT = 16;

const NOBODY: readonly never[] = Object.freeze([]);

/** The result of a topic that nobody has subscribed to. */
export const EMPTY_RESULT: MatchResult<never> = Object.freeze({ subscribers: NOBODY, shares: NOBODY });

/**
 * Merges the subscriptions of all matching filters.
 *
 * @param leaves the matching filters
 * @returns the subscribers and shares
 */
export function buildResult<S>(leaves: readonly FilterLeaf<S>[]): MatchResult<S> {
  if (leaves.length === 0) return EMPTY_RESULT;
  return { subscribers: collectSubscribers(leaves), shares: collectShares(leaves) };
}

function collectShares<S>(leaves: readonly FilterLeaf<S>[]): readonly MatchedShare<S>[] {
  let shares: MatchedShare<S>[] | undefined;
  for (const leaf of leaves) {
    if (leaf.groups === undefined) continue;
    shares ??= [];
    for (const group of itemsOf(leaf.groups)) shares.push(group.matched());
  }
  return shares ?? NOBODY;
}

function collectSubscribers<S>(leaves: readonly FilterLeaf<S>[]): readonly MatchedSubscriber<S>[] {
  const list: Collected<S>[] = [];
  let index: Map<S, number> | undefined;
  for (const leaf of leaves) {
    if (leaf.held === undefined) continue;
    if (list.length === 0) {
      appendAll<S, Collected<S>>(leaf.held, list);
      continue;
    }
    if (index === undefined && list.length > SCAN_LIMIT) index = indexOfAll(list);
    for (const held of itemsOf(leaf.held)) addSubscription(list, index, held);
  }
  return list.length === 0 ? NOBODY : list;
}

function indexOfAll<S>(list: readonly Collected<S>[]): Map<S, number> {
  const index = new Map<S, number>();
  for (let at = 0; at < list.length; at++) index.set(list[at].subscriber, at);
  return index;
}

function addSubscription<S>(list: Collected<S>[], index: Map<S, number> | undefined, held: HeldSubscription<S>): void {
  const at = index === undefined ? scan(list, held.subscriber) : index.get(held.subscriber) ?? -1;
  if (at === -1) {
    index?.set(held.subscriber, list.length);
    list.push(held);
  } else list[at] = merge(list[at], held);
}

function scan<S>(list: readonly Collected<S>[], subscriber: S): number {
  for (let at = 0; at < list.length; at++) if (list[at].subscriber === subscriber) return at;
  return -1;
}

function merge<S>(collected: Collected<S>, held: HeldSubscription<S>): MergedSubscriber<S> {
  if (collected instanceof HeldSubscription) return new MergedSubscriber<S>(collected, held);
  collected.add(held);
  return collected;
}
