/** Who has subscribed to what: from a Topic Name to its subscribers and share groups.
 * @module */

import type { Change } from "./change_log.ts";
import { FilterLeaf } from "./filter_leaf.ts";
import type { KnownTopic } from "./known_topic.ts";
import { LevelTrie } from "./level_trie.ts";
import { COMPARED, MatchCache } from "./match_cache.ts";
import type { MatchResult } from "./match_result.ts";
import { MatchWalk } from "./match_walk.ts";
import { itemsOf } from "./one_or_map.ts";
import { type Finding, PendingMatch } from "./pending_match.ts";
import { type MatchedShare, ShareGroup } from "./share_group.ts";
import type { Subscription, SubscriptionOptions } from "./subscription.ts";
import type { ParsedFilter } from "./topic_filter.ts";

export type { MatchResult } from "./match_result.ts";
export { PendingMatch } from "./pending_match.ts";
export type { MatchedShare } from "./share_group.ts";
export type { MatchedSubscriber, Subscription, SubscriptionOptions } from "./subscription.ts";

/** What a tree remembers of the matches that it has found. */
export interface SubscriptionTreeOptions<S> {
  /** For how many topics the result is remembered, 16,384 without it, 0 for none. */
  readonly cacheSize?: number;
  /** Bytes that this may take, 16 MiB without it. */
  readonly cacheBytes?: number;
  /** From how many nodes on a match is long, 512 without it. */
  readonly longFrom?: number;
  /** Bytes that a subscriber takes by itself, 0 without it: what is remembered keeps it for a while after it has gone. */
  readonly sizeOf?: (subscriber: S) => number;
}

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
  #wildcardFilters = 0;
  #shares = 0;
  #visited = 0;
  readonly #longFrom: number;

  readonly #addWildcard = (filter: string) => {
    this.#wildcardFilters++;
    return makeLeaf<S>(filter);
  };

  /**
   * Makes a tree without subscriptions.
   *
   * @param options what is remembered of matches
   */
  constructor(options: SubscriptionTreeOptions<S> = {}) {
    const { cacheSize = 16_384, cacheBytes = 16_777_216, longFrom = 512, sizeOf = () => 0 } = options;
    this.#cache = new MatchCache<S>({ topics: cacheSize, bytes: cacheBytes, sizeOf, atOnce: longFrom * COMPARED });
    this.#longFrom = longFrom;
  }

  /** Nodes that were visited to find out who receives a topic: what matching has cost so far. */
  get visited(): number {
    return this.#visited + this.#cache.visited;
  }

  /** How many subscriptions there are; a filter counts once for each subscriber. */
  get size(): number {
    return this.#size;
  }

  /** How many different filters with wildcards there are; matching may visit all of them. */
  get wildcardFilters(): number {
    return this.#wildcardFilters;
  }

  /** How many levels there are that several filters with wildcards share; each takes memory. */
  get nodes(): number {
    return this.#wildcards.nodes;
  }

  /** How many share groups there are. */
  get shares(): number {
    return this.#shares;
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
    const holder = leaf.holder(filter) ?? this.#addGroup(leaf, filter);
    const previous = holder.get(subscriber);
    if (previous?.hasOptions(options)) return false;
    // [MQTT-3.8.4-3]
    holder.put(subscriber, options);
    this.#change(leaf, { holder, subscriber });
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
    this.#change(leaf, { holder, subscriber });
    if (holder instanceof ShareGroup && leaf.pruneGroup(holder)) this.#shares--;
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
   * Tells whether anybody has subscribed to an inner filter.
   *
   * @param filter the filter, parsed
   * @returns true when somebody has, alone or in a share group
   */
  knows(filter: ParsedFilter): boolean {
    return this.#findLeaf(filter) !== undefined;
  }

  /**
   * Finds a share group.
   *
   * @param filter the filter with its share, parsed
   * @returns the group, or `undefined`
   */
  share(filter: ParsedFilter): MatchedShare<S> | undefined {
    const holder = this.#findLeaf(filter)?.holder(filter);
    return holder instanceof ShareGroup ? holder.matched() : undefined;
  }

  /**
   * Finds who receives a topic.
   *
   * @param topic a valid Topic Name
   * @returns the subscribers and share groups; never changed afterwards, so it may be kept over an `await`
   */
  match(topic: string): MatchResult<S> {
    const matched = this.tryMatch(topic, Infinity);
    return matched instanceof PendingMatch ? matched.finish() : matched;
  }

  /**
   * Finds who receives a topic, unless that takes too long.
   *
   * @param topic a valid Topic Name
   * @param steps how many nodes are visited at most
   * @param known the topic as a client has published to it
   * @returns the subscribers and share groups, or the match as far as it has come
   */
  tryMatch(topic: string, steps: number, known?: KnownTopic): MatchResult<S> | PendingMatch<S> {
    return this.#cache.get(topic, known) ?? this.#find(topic, steps);
  }

  /** Forgets who receives which topic: memory is short. */
  forgetMatches(): void {
    this.#cache.clear();
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

  #find(topic: string, steps: number): MatchResult<S> | PendingMatch<S> {
    if (this.#cache.isRenewable(topic)) return new PendingMatch<S>(this.#renewing(topic), true);
    const walk = this.#begin(topic);
    if (this.#run(walk, steps)) return this.#finish(walk);
    this.#cache.expectLong();
    return new PendingMatch<S>(this.#walking(walk), this.#cache.knows(topic));
  }

  #begin(topic: string): BegunWalk<S> {
    return { walk: new MatchWalk<S>(this.#wildcards.root, topic), generation: this.#cache.generation };
  }

  /** What is known of the topic is made true again; where that cannot be done it is matched anew. */
  *#renewing(topic: string): Finding<S> {
    return (yield* this.#cache.renewing(topic, yield)) ?? (yield* this.#walking(this.#begin(topic)));
  }

  /** What has changed during a pause is put right, unless that is too much: then the result is good for this once only. */
  *#walking(begun: BegunWalk<S>): Finding<S> {
    let steps = yield;
    while (!this.#run(begun, steps)) steps = yield;
    const result = this.#finish(begun);
    return (yield* this.#cache.renewing(begun.walk.topic, steps)) ?? result;
  }

  /** @returns whether the walk is done */
  #run({ walk }: BegunWalk<S>, steps: number): boolean {
    const visited = walk.visited, isDone = walk.run(steps);
    this.#visited += walk.visited - visited;
    return isDone;
  }

  #finish({ walk, generation }: BegunWalk<S>): MatchResult<S> {
    const { topic, visited } = walk, exact = this.#exact.get(topic);
    if (exact !== undefined) walk.add(exact);
    this.#visited += walk.visited - visited;
    const result = walk.build();
    this.#cache.set(topic, { result, bytes: walk.bytes, isLong: walk.visited >= this.#longFrom, generation });
    return result;
  }

  #change(leaf: FilterLeaf<S>, change: Change<S>): void {
    leaf.alone = undefined;
    this.#cache.change(change);
  }

  #addGroup(leaf: FilterLeaf<S>, filter: ParsedFilter): ShareGroup<S> {
    this.#shares++;
    return leaf.addGroup(filter);
  }

  #findLeaf(filter: ParsedFilter): FilterLeaf<S> | undefined {
    return filter.hasWildcard ? this.#wildcards.find(filter.filter) : this.#exact.get(filter.filter);
  }

  #ownLeaf(filter: ParsedFilter): FilterLeaf<S> {
    if (filter.hasWildcard) return this.#wildcards.getOrAdd(filter.filter, this.#addWildcard);
    const known = this.#exact.get(filter.filter);
    if (known !== undefined) return known;
    const leaf = makeLeaf<S>(filter.filter);
    this.#exact.set(leaf.filter, leaf);
    return leaf;
  }

  #removeLeaf(leaf: FilterLeaf<S>): void {
    if (!leaf.hasWildcard) return void this.#exact.delete(leaf.filter);
    this.#wildcardFilters--;
    this.#wildcards.remove(leaf);
  }
}

/** A walk with the generation in which it began: later changes may be missing. */
interface BegunWalk<S> {
  readonly walk: MatchWalk<S>;
  readonly generation: number;
}

function makeLeaf<S>(filter: string): FilterLeaf<S> {
  return new FilterLeaf<S>(filter);
}

function* subscriptionsOf<S>(leaf: FilterLeaf<S>): Generator<Subscription<S>, void, undefined> {
  yield* itemsOf(leaf.held);
  for (const group of itemsOf(leaf.groups)) yield* itemsOf(group.held);
}
