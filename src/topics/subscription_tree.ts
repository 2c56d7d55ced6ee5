/** Who has subscribed to what: from a Topic Name to its subscribers and share groups.
 * @module */

import { FilterLeaf } from "./filter_leaf.ts";
import { collectMatches } from "./filter_match.ts";
import { LevelTrie } from "./level_trie.ts";
import { MatchCache } from "./match_cache.ts";
import { buildResult, type MatchResult } from "./match_result.ts";
import { itemsOf } from "./one_or_map.ts";
import { ShareGroup } from "./share_group.ts";
import type { Subscription, SubscriptionOptions } from "./subscription.ts";
import type { ParsedFilter } from "./topic_filter.ts";

export type { MatchResult } from "./match_result.ts";
export type { MatchedShare } from "./share_group.ts";
export type { MatchedSubscriber, Subscription, SubscriptionOptions } from "./subscription.ts";

/**
 * All subscriptions of a broker. Filters without wildcards are found with one `Map` lookup, filters with wildcards by a
 * trie, and topics that are published again and again in a bounded cache.
 *
 * @typeParam S whatever stands for a subscriber; compared by identity
 *
 * @example
 * ```ts
 * import { SubscriptionTree } from "./subscription_tree.ts";
 * import { parseTopicFilter } from "./topic_filter.ts";
 *
 * const tree = new SubscriptionTree<string>();
 * const options = { qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0, identifier: 0 } as const;
 * tree.subscribe("client-1", parseTopicFilter("room/+/temperature"), options);
 *
 * const { subscribers } = tree.match("room/7/temperature");
 * console.assert(subscribers[0].subscriber === "client-1");
 * ```
 */
export class SubscriptionTree<S> {
  readonly #exact: Map<string, FilterLeaf<S>> = new Map();
  readonly #wildcards: LevelTrie<FilterLeaf<S>> = new LevelTrie<FilterLeaf<S>>();
  readonly #cache: MatchCache<S>;
  #size = 0;

  /**
   * Makes a tree without subscriptions.
   *
   * @param options `cacheSize`: for how many topics the result is remembered, 16,384 without it, 0 for none
   */
  constructor(options: { cacheSize?: number } = {}) {
    this.#cache = new MatchCache<S>(options.cacheSize ?? 16_384);
  }

  /** How many subscriptions there are; a filter counts once for each subscriber. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds a subscription, or replaces the one that the subscriber has with the same filter.
   *
   * @param subscriber who subscribes
   * @param filter the filter, parsed
   * @param options what is asked for
   * @returns true when it is new, false when it replaced another
   */
  subscribe(subscriber: S, filter: ParsedFilter, options: Readonly<SubscriptionOptions>): boolean {
    const leaf = this.#ownLeaf(filter);
    const holder = leaf.holder(filter) ?? leaf.addGroup(filter);
    const previous = holder.get(subscriber);
    if (previous?.hasOptions(options)) return false;
    // [MQTT-3.8.4-3]
    holder.put(subscriber, options);
    this.#cache.invalidate(leaf.filter, leaf.hasWildcard);
    if (previous === undefined) this.#size++;
    return previous === undefined;
  }

  /**
   * Removes a subscription.
   *
   * @param subscriber who unsubscribes
   * @param filter the filter, parsed; compared character by character
   * @returns true when there was such a subscription
   */
  unsubscribe(subscriber: S, filter: ParsedFilter): boolean {
    const leaf = this.#findLeaf(filter);
    const holder = leaf?.holder(filter);
    // [MQTT-3.10.4-1]
    if (leaf === undefined || holder?.get(subscriber) === undefined) return false;
    holder.drop(subscriber);
    this.#size--;
    this.#cache.invalidate(leaf.filter, leaf.hasWildcard);
    if (holder instanceof ShareGroup) leaf.pruneGroup(holder);
    if (leaf.isEmpty) this.#removeLeaf(leaf);
    return true;
  }

  /**
   * Finds one subscription.
   *
   * @param subscriber who subscribed
   * @param filter the filter, parsed
   * @returns the subscription, or `undefined`
   */
  get(subscriber: S, filter: ParsedFilter): Subscription<S> | undefined {
    return this.#findLeaf(filter)?.holder(filter)?.get(subscriber);
  }

  /**
   * Finds who receives a topic.
   *
   * @param topic a valid Topic Name
   * @returns the subscribers and share groups; never changed afterwards, so it may be kept over an `await`
   */
  match(topic: string): MatchResult<S> {
    return this.#cache.get(topic) ?? this.#compute(topic);
  }

  /**
   * Walks all subscriptions, filter by filter, lazily. Take as many as a page needs and go on later: subscriptions may
   * come and go meanwhile, and those that stay are met once.
   *
   * @returns an iterator over the subscriptions
   */
  *list(): Generator<Subscription<S>, void, undefined> {
    for (const leaf of this.#exact.values()) yield* subscriptionsOf(leaf);
    for (const leaf of this.#wildcards.entries()) yield* subscriptionsOf(leaf);
  }

  #compute(topic: string): MatchResult<S> {
    const exact = this.#exact.get(topic);
    const found = exact === undefined ? [] : [exact];
    collectMatches(this.#wildcards, topic, found);
    const result = buildResult(found);
    this.#cache.set(topic, result);
    return result;
  }

  #findLeaf(filter: ParsedFilter): FilterLeaf<S> | undefined {
    return filter.hasWildcard ? this.#wildcards.find(filter.filter) : this.#exact.get(filter.filter);
  }

  #ownLeaf(filter: ParsedFilter): FilterLeaf<S> {
    if (filter.hasWildcard) return this.#wildcards.getOrAdd(filter.filter, makeLeaf<S>);
    const known = this.#exact.get(filter.filter);
    if (known !== undefined) return known;
    const leaf = makeLeaf<S>(filter.filter);
    this.#exact.set(leaf.filter, leaf);
    return leaf;
  }

  #removeLeaf(leaf: FilterLeaf<S>): void {
    if (leaf.hasWildcard) this.#wildcards.remove(leaf);
    else this.#exact.delete(leaf.filter);
  }
}

function makeLeaf<S>(filter: string): FilterLeaf<S> {
  return new FilterLeaf<S>(filter);
}

function* subscriptionsOf<S>(leaf: FilterLeaf<S>): Generator<Subscription<S>, void, undefined> {
  yield* itemsOf(leaf.held);
  for (const group of itemsOf(leaf.groups)) yield* itemsOf(group.held);
}
