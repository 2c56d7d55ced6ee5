/** Remembers who receives a topic until a subscription changes that.
 * @module */

import { topicMatchesFilter } from "./topic_filter.ts";
import type { KnownTopic } from "./known_topic.ts";
import { EMPTY_RESULT, type MatchResult } from "./match_result.ts";

/** Up to this many changed wildcard filters are compared with a topic; beyond that matching anew is cheaper. */
const REMEMBERED_CHANGES = 32;

/** How many matched subscriptions and shares the cache may hold for each topic, on average. */
const WEIGHT_PER_TOPIC = 64;

/** Longer topics are matched anew each time, so that the cache cannot be filled with them. */
const LONGEST_TOPIC = 1024;

/** What is remembered of a topic. */
class Entry<S> {
  result: MatchResult<S>;
  /** Subscriptions and shares in it. */
  readonly weight: number;
  /** When it was found to be true last; an entry of the present generation is in the young half. */
  generation: number;

  constructor(result: MatchResult<S>, weight: number, generation: number) {
    this.result = result;
    this.weight = weight;
    this.generation = generation;
  }

  /** A known topic may hold it for long: it is not true any more, and keeps nothing. */
  drop(): void {
    this.result = EMPTY_RESULT;
    this.generation = -1;
  }
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
  /** The generation that the young half has begun with. */
  #turned = 0;
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
   * @param known the same as it was published to, where a client has done that
   * @returns its result if it is known and still true
   */
  get(topic: string, known?: KnownTopic): MatchResult<S> | undefined {
    const last = known?.match as Entry<S> | undefined;
    if (last !== undefined && last.generation === this.#generation) return last.result;
    const entry = this.#young.get(topic) ?? this.#old.get(topic);
    if (entry === undefined || !this.#confirm(topic, entry)) return undefined;
    if (known !== undefined) known.match = entry;
    return entry.result;
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
    this.#forget(topic);
    this.#insert(topic, new Entry<S>(result, weight, this.#generation));
  }

  /**
   * Drops what a changed subscription has made untrue.
   *
   * @param filter the inner filter that changed
   * @param hasWildcard whether it has wildcards
   */
  invalidate(filter: string, hasWildcard: boolean): void {
    if (hasWildcard) this.#nextGeneration(filter);
    else this.#forget(filter);
  }

  #forget(topic: string): void {
    for (const half of [this.#young, this.#old]) {
      half.get(topic)?.drop();
      half.delete(topic);
    }
  }

  #nextGeneration(changed: string): void {
    this.#changes[this.#generation++ % REMEMBERED_CHANGES] = changed;
  }

  /** Whether an entry is still true: one that is belongs to the young again. */
  #confirm(topic: string, entry: Entry<S>): boolean {
    const { generation } = entry;
    if (generation !== this.#generation && this.#changedSince(topic, generation)) return false;
    entry.generation = this.#generation;
    if (!this.#young.has(topic)) this.#insert(topic, entry);
    return true;
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
    for (const entry of this.#old.values()) if (entry.generation < this.#turned) entry.drop();
    this.#old = this.#young;
    this.#young = new Map();
    this.#weight = 0;
    this.#nextGeneration(""); // changes no topic, but known ones are looked up again
    this.#turned = this.#generation;
  }
}
