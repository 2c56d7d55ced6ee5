/** Remembers who receives a topic until a subscription changes that.
 * @module */

import { type Change, ChangeLog } from "./change_log.ts";
import type { KnownTopic } from "./known_topic.ts";
import { MatchPatch } from "./match_patch.ts";
import { EMPTY_RESULT, type KnownResult, type MatchResult } from "./match_result.ts";

/** Longer topics are matched anew each time, so that the cache cannot be filled with them. */
const LONGEST_TOPIC = 1_024;
/** Bytes of a topic without its text and its result. */
const TOPIC = 96;
/** A result beyond this part of a half is remembered when it is asked for again: many that come once would leave no room for others. */
const LARGE = 1 / 256;
/** In the time in which a node is visited, so many changes are compared with a topic. */
export const COMPARED = 4;
/** And so many subscriptions looked at to make a result true again. */
const PATCHED = 4;
/** The generation of what is not true. */
const NEVER = -1;

/** What has been found out about a topic. */
export interface FoundMatch<S> extends KnownResult<S> {
  /** Whether that took long: the result is made true again when subscriptions change, and not found anew. */
  readonly isLong: boolean;
  /** The generation in which it began: later changes may be missing. */
  readonly generation: number;
}

/** How much is remembered of topics. */
export interface MatchCacheOptions<S> {
  /** How many are remembered at least; up to twice as many are held. */
  readonly topics: number;
  /** Bytes that they may take. */
  readonly bytes: number;
  /** Bytes that a subscriber takes by itself: it is kept for a while after it has gone. */
  readonly sizeOf: (subscriber: S) => number;
  /** How many changes are compared with a topic at once, all without it; where there are more see {@linkcode MatchCache.renewing}. */
  readonly atOnce?: number;
}

/** What is remembered of a topic; the same object in both halves where it is in both. */
class Entry<S> implements FoundMatch<S> {
  result: MatchResult<S>;
  bytes: number;
  readonly isLong: boolean;
  /** When it was found to be true last; an entry of the present generation is in the young half. */
  generation: number;

  constructor({ result, bytes, isLong, generation }: FoundMatch<S>) {
    this.result = result;
    this.bytes = bytes;
    this.isLong = isLong;
    this.generation = generation;
  }

  /** A known topic may hold it for long: it is not true any more, and keeps nothing. */
  drop(): void {
    this.result = EMPTY_RESULT;
    this.bytes = 0;
    this.generation = NEVER;
  }
}

/**
 * Topic to result, in two halves: new and used topics are in the young one; when it is full it becomes the old one, and
 * what is not asked for again goes with the next turn.
 *
 * A changed filter without wildcards drops its one topic. A changed filter with wildcards is only noted down: a topic
 * that is asked for afterwards is compared with the filters that changed since it was stored, once. Where it would take long to
 * match a topic anew its result is made true again instead.
 */
export class MatchCache<S> {
  /** What looking through changes has cost so far, in nodes that could have been visited instead. */
  visited = 0;
  /** How many topics a half has at most. */
  readonly #topics: number;
  /** How many bytes a half has at most. */
  readonly #room: number;
  readonly #atOnce: number;
  readonly #changes: ChangeLog<S>;
  /** The generation that the young half has begun with. */
  #turned = 0;
  #young: Map<string, Entry<S>> = new Map();
  #old: Map<string, Entry<S>> = new Map();
  /** Bytes of the young half, with those of what has changed since it began: results that are not true any more may hold that. */
  #bytes = 0;

  /**
   * Makes an empty cache.
   *
   * @param options how much is remembered
   */
  constructor({ topics, bytes, sizeOf, atOnce = Infinity }: MatchCacheOptions<S>) {
    this.#topics = topics;
    this.#atOnce = atOnce;
    this.#room = bytes * 3 / 8;
    this.#changes = new ChangeLog<S>({ bytes: bytes / 4, sizeOf });
  }

  /** How many topics are held. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** Grows with each change. */
  get generation(): number {
    return this.#changes.generation;
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
    if (last !== undefined && last.generation === this.#changes.generation) return last.result;
    const entry = this.#find(topic);
    if (entry === undefined || !this.#confirm(topic, entry)) return undefined;
    if (known !== undefined) known.match = entry;
    return entry.result;
  }

  /**
   * Tells whether what is known of a topic can be made true again, but not at once.
   *
   * @param topic a Topic Name
   * @returns true when {@linkcode MatchCache.renewing} does that
   */
  isRenewable(topic: string): boolean {
    if (this.#changes.size <= this.#atOnce) return false;
    const entry = this.#find(topic), changes = this.#changes.generation - (entry?.generation ?? NEVER);
    return entry !== undefined && entry.isLong && entry.generation !== NEVER && changes > this.#atOnce &&
      changes <= this.#changes.size;
  }

  /**
   * Makes what is known of a topic true again, a part at a time: each `next` is told how many nodes could be visited instead.
   *
   * @param topic a Topic Name
   * @param steps the same for the first part
   * @returns the result in the end, `undefined` when the topic has to be matched anew
   */
  *renewing(topic: string, steps: number): Generator<undefined, MatchResult<S> | undefined, number> {
    const entry = this.#find(topic), changes = this.#changes, found: Change<S>[] = [];
    for (let at = 0; entry?.isLong && entry.generation !== NEVER;) {
      at = Math.max(at, entry.generation); // others may have asked for it as well
      if (at === changes.generation) break;
      const count = Math.min(steps * COMPARED, changes.generation - at), some = changes.compare(topic, at, count);
      if (some === undefined) return undefined;
      this.visited += Math.ceil(count / COMPARED);
      for (const change of some) found.push(change);
      at += count;
      if (at < changes.generation) steps = yield;
      else if (entry !== this.#find(topic) || !this.#bringUpToDate(topic, entry, found)) return undefined;
    }
    return this.get(topic);
  }

  /**
   * Remembers a topic.
   *
   * @param topic a Topic Name
   * @param found who receives it, and how that was found out
   */
  set(topic: string, found: FoundMatch<S>): void {
    if (this.#topics === 0 || topic.length > LONGEST_TOPIC) return;
    const entry = new Entry<S>(found), isNew = !this.#forget(topic);
    if (isNew && found.bytes > LARGE * this.#room) entry.drop();
    if (found.isLong) this.expectLong();
    this.#insert(topic, entry);
  }

  /**
   * Tells whether a topic was asked for before.
   *
   * @param topic a Topic Name
   * @returns true when it was, lately
   */
  knows(topic: string): boolean {
    return this.#find(topic) !== undefined;
  }

  /** A match has begun that takes long: what changes meanwhile will be asked for. */
  expectLong(): void {
    this.#changes.keepMany();
  }

  /**
   * Takes note of what may make a topic untrue.
   *
   * @param change the subscription that has changed
   */
  change(change: Change<S>): void {
    const { filter, hasWildcard } = change.holder, entry = hasWildcard ? undefined : this.#find(filter);
    if (hasWildcard || entry?.isLong) this.#grow(this.#changes.note(change));
    else if (entry !== undefined) this.#drop(filter, entry);
  }

  /** Forgets everything. */
  clear(): void {
    for (const half of [this.#young, this.#old]) for (const entry of half.values()) entry.drop();
    this.#old = new Map();
    this.#young = new Map();
    this.#bytes = 0;
    this.#changes.clear();
  }

  #find(topic: string): Entry<S> | undefined {
    return this.#young.get(topic) ?? this.#old.get(topic);
  }

  /** That it was asked for is remembered. */
  #drop(topic: string, entry: Entry<S>): void {
    if (this.#young.has(topic)) this.#bytes -= entry.bytes;
    entry.drop();
  }

  /** @returns whether there was anything */
  #forget(topic: string): boolean {
    const entry = this.#find(topic);
    if (entry === undefined) return false;
    if (this.#young.delete(topic)) this.#bytes -= bytesOf(topic, entry);
    this.#old.delete(topic);
    entry.drop();
    return true;
  }

  /** Whether an entry is true, or is again: one that is belongs to the young again. */
  #confirm(topic: string, entry: Entry<S>): boolean {
    if (entry.generation !== this.#changes.generation && !this.#renew(topic, entry)) return false;
    if (!this.#young.has(topic)) this.#insert(topic, entry);
    return true;
  }

  #renew(topic: string, entry: Entry<S>): boolean {
    const changes = this.#changes, count = changes.generation - entry.generation;
    if (entry.generation === NEVER || count > this.#atOnce) return false;
    const since = changes.since(topic, entry.generation, entry.isLong);
    if (since === undefined) return false;
    this.visited += count / COMPARED | 0;
    return this.#bringUpToDate(topic, entry, since);
  }

  /** @param changes those that concern the topic and came since its result was true */
  #bringUpToDate(topic: string, entry: Entry<S>, changes: readonly Change<S>[]): boolean {
    if (entry.generation === NEVER) return false;
    if (changes.length > 0 && !(entry.isLong && this.#patch(topic, entry, changes))) return false;
    if (entry.isLong) this.#changes.keepMany();
    entry.generation = this.#changes.generation;
    return true;
  }

  #patch(topic: string, entry: Entry<S>, changes: readonly Change<S>[]): boolean {
    const patch = new MatchPatch<S>(changes), found = patch.apply(entry.result);
    this.visited += patch.looked >> PATCHED;
    if (found === undefined) return false;
    if (this.#young.has(topic)) this.#grow(found.bytes - entry.bytes);
    entry.result = found.result;
    entry.bytes = found.bytes;
    return true;
  }

  #insert(topic: string, entry: Entry<S>): void {
    this.#young.set(topic, entry);
    this.#grow(bytesOf(topic, entry));
  }

  /** The young half has grown: it becomes the old one when it is full. */
  #grow(bytes: number): void {
    this.#bytes += bytes;
    if (this.#young.size < this.#topics && this.#bytes < this.#room) return;
    for (const entry of this.#old.values()) if (entry.generation < this.#turned) entry.drop();
    this.#old = this.#young;
    this.#young = new Map();
    this.#bytes = 0;
    this.#changes.note(undefined); // changes no topic, but known ones are looked up again
    this.#turned = this.#changes.generation;
  }
}

/** A text takes two bytes for each character where one of them is beyond Latin-1. */
function bytesOf<S>(topic: string, { bytes }: Entry<S>): number {
  return TOPIC + 2 * topic.length + bytes;
}
