/** Remembers who receives a topic until a subscription changes that.
 * @module */

import { topicMatchesFilter } from "./topic_filter.ts";
import type { MatchResult } from "./match_result.ts";

/** Up to this many changed wildcard filters are compared with a topic; beyond that matching anew is cheaper. */
const REMEMBERED_CHANGES = 32;

/** How many matched subscriptions and shares the cache may hold for each topic, on average. */
const WEIGHT_PER_TOPIC = 64;

/** Longer topics are matched anew each time, so that the cache cannot be filled with them. */
const LONGEST_TOPIC = 1024;

interface Entry<S> {
  readonly result: MatchResult<S>;
  /** Subscriptions and shares in it. */
  readonly weight: number;
  generation: number;
}

/**
 * Topic to result, in two halves: new and used topics are in the young one; when it is full it becomes the old one, and
 * what is not asked for again goes with the next turn.
 *
 * A changed filter without wildcards drops its one topic. A changed filter with wildcards is only noted down: a topic
 * that is asked for afterwards is compared with the filters that changed since it was stored, once.
 */
export class MatchCache<S> {
  readonly #capacity: number;
  readonly #changes: string[] = [];
  #generation = 0;
  #young: Map<string, Entry<S>> = new Map();
  #old: Map<string, Entry<S>> = new Map();
  #weight = 0;

  /**
   * Makes an empty cache.
   *
   * @param capacity how many topics are remembered at least; up to twice as many are held
   */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** How many topics are held. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /**
   * Looks a topic up.
   *
   * @param topic a Topic Name
   * @returns its result if it is known and still true
   */
  get(topic: string): MatchResult<S> | undefined {
    const entry = this.#young.get(topic);
    if (entry !== undefined && entry.generation === this.#generation) return entry.result;
    return this.#recover(topic, entry);
  }

  /**
   * Remembers a topic.
   *
   * @param topic a Topic Name
   * @param result who receives it now
   * @param weight how many subscriptions and shares the result is made of, where that is more than it shows
   */
  set(topic: string, result: MatchResult<S>, weight: number = result.subscribers.length + result.shares.length): void {
    if (this.#capacity === 0 || topic.length > LONGEST_TOPIC) return;
    this.#insert(topic, { result, weight, generation: this.#generation });
  }

  /**
   * Drops what a changed subscription has made untrue.
   *
   * @param filter the inner filter that changed
   * @param hasWildcard whether it has wildcards
   */
  invalidate(filter: string, hasWildcard: boolean): void {
    if (hasWildcard) {
      this.#changes[this.#generation % REMEMBERED_CHANGES] = filter;
      this.#generation++;
    } else {
      this.#young.delete(filter);
      this.#old.delete(filter);
    }
  }

  #recover(topic: string, young: Entry<S> | undefined): MatchResult<S> | undefined {
    const entry = young ?? this.#old.get(topic);
    if (entry === undefined || this.#changedSince(topic, entry.generation)) return undefined;
    entry.generation = this.#generation;
    if (young === undefined) this.#insert(topic, entry);
    return entry.result;
  }

  #changedSince(topic: string, generation: number): boolean {
    if (this.#generation - generation > REMEMBERED_CHANGES) return true;
    for (let at = generation; at < this.#generation; at++) {
      if (topicMatchesFilter(topic, this.#changes[at % REMEMBERED_CHANGES])) return true;
    }
    return false;
  }

  #insert(topic: string, entry: Entry<S>): void {
    this.#young.set(topic, entry);
    this.#weight += entry.weight;
    if (this.#young.size < this.#capacity && this.#weight < this.#capacity * WEIGHT_PER_TOPIC) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#weight = 0;
  }
}
