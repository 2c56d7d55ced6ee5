/** What a result becomes when some of its subscriptions change: sooner done than to match anew where many filters match.
 * @module */

import type { Change } from "./change_log.ts";
import type { FilterLeaf } from "./filter_leaf.ts";
import { bytesOfResult, type Collected, type KnownResult, type MatchResult, merge } from "./match_result.ts";
import { countOf } from "./one_or_map.ts";
import { type MatchedShare, ShareGroup } from "./share_group.ts";
import type { HeldSubscription, MatchedSubscriber } from "./subscription.ts";

/** Subscribers and subscriptions that are looked at in one turn: that takes two milliseconds or so. */
const MOST = 131_072;

/** Brings one result up to date. */
export class MatchPatch<S> {
  /** Subscribers, subscriptions and changes that were looked at. */
  looked: number;
  /** Leaves whose subscriptions have changed, by subscriber. */
  readonly #leaves: Map<S, Set<FilterLeaf<S>>> = new Map();
  readonly #groups: Set<ShareGroup<S>> = new Set();

  /** @param changes what may be missing in the result, in any order and number: it counts what holds now */
  constructor(changes: readonly Change<S>[]) {
    this.looked = changes.length;
    for (const { holder, subscriber } of changes) {
      if (holder instanceof ShareGroup) this.#groups.add(holder);
      else this.#leavesOf(subscriber).add(holder);
    }
  }

  /**
   * Makes a result that is true.
   *
   * @param known one that was true before the changes, or between them; it stays as it is
   * @returns the result, `undefined` when it is too large for one turn
   */
  apply(known: MatchResult<S>): KnownResult<S> | undefined {
    const result = { subscribers: this.#subscribers(known.subscribers), shares: this.#shares(known.shares) };
    return this.looked > MOST ? undefined : { result, bytes: bytesOfResult(result) };
  }

  #leavesOf(subscriber: S): Set<FilterLeaf<S>> {
    const known = this.#leaves.get(subscriber);
    if (known !== undefined) return known;
    const leaves = new Set<FilterLeaf<S>>();
    this.#leaves.set(subscriber, leaves);
    return leaves;
  }

  #subscribers(known: readonly MatchedSubscriber<S>[]): readonly MatchedSubscriber<S>[] {
    if (this.#leaves.size === 0) return known;
    const renewed: MatchedSubscriber<S>[] = [], left = new Map(this.#leaves);
    this.looked += known.length;
    for (const matched of known) {
      if (this.looked > MOST) return known;
      if (!left.delete(matched.subscriber)) renewed.push(matched);
      else this.#renew(renewed, matched.subscriber, matched);
    }
    for (const subscriber of left.keys()) this.#renew(renewed, subscriber);
    return renewed;
  }

  /** Puts a subscriber into a list with what it has now, if it has anything. */
  #renew(list: MatchedSubscriber<S>[], subscriber: S, before?: MatchedSubscriber<S>): void {
    const leaves = this.#leavesOf(subscriber);
    let now: Collected<S> | undefined;
    for (const held of subscriptionsOf(before)) {
      this.looked++;
      if (!leaves.has(held.filter as FilterLeaf<S>)) now = merge(now, held);
    }
    for (const leaf of leaves) {
      const held = leaf.get(subscriber);
      if (held !== undefined) now = merge(now, held);
    }
    if (now !== undefined) list.push(now);
  }

  #shares(known: readonly MatchedShare<S>[]): readonly MatchedShare<S>[] {
    if (this.#groups.size === 0) return known;
    this.looked += known.length;
    const renewed = known.filter(({ state }) => !this.#groups.has(state as ShareGroup<S>));
    for (const group of this.#groups) if (countOf(group.held) > 0) renewed.push(group.matched());
    return renewed;
  }
}

function subscriptionsOf<S>(matched: MatchedSubscriber<S> | undefined): readonly HeldSubscription<S>[] {
  return (matched?.subscriptions ?? []) as readonly HeldSubscription<S>[];
}
