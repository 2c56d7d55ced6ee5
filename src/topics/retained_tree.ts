/** Retained messages by topic, and by filter for those who subscribe.
 * @module */

import type { KnownTopic } from "./known_topic.ts";
import { LevelTrie } from "./level_trie.ts";
import { RetainedEntry, RetainedWalk } from "./retained_walk.ts";

/**
 * The retained messages of a broker.
 *
 * @typeParam M the message; anything but `undefined`
 *
 * @example
 * ```ts
 * import { RetainedTree } from "./retained_tree.ts";
 *
 * const tree = new RetainedTree<string>();
 * tree.set("room/1/temperature", "21.5");
 * tree.set("room/2/temperature", "19.0");
 * console.assert([...tree.match("room/+/temperature")].length === 2);
 * ```
 */
export class RetainedTree<M> {
  readonly #byTopic: Map<string, RetainedEntry<M>> = new Map();
  readonly #trie: LevelTrie<RetainedEntry<M>> = new LevelTrie<RetainedEntry<M>>();

  /** How many messages there are. */
  get size(): number {
    return this.#byTopic.size;
  }

  /** How many levels there are that several topics share; each takes memory. */
  get nodes(): number {
    return this.#trie.nodes;
  }

  /**
   * Keeps a message for a topic in place of the one before.
   *
   * @param topic a valid Topic Name
   * @param message the message to keep
   * @returns the message before, or `undefined`
   */
  set(topic: string, message: M): M | undefined {
    const entry = this.#byTopic.get(topic) ?? this.#addTopic(topic);
    const previous = entry.message;
    entry.message = message;
    return previous;
  }

  /**
   * Reads the message of a topic with one lookup.
   *
   * @param topic a Topic Name
   * @param known the same as a client has published to it
   * @returns the message, or `undefined`
   */
  get(topic: string, known?: KnownTopic): M | undefined {
    const last = known?.retained as RetainedEntry<M> | undefined;
    if (last?.message !== undefined) return last.message; // a deleted one has none
    const entry = this.#byTopic.get(topic);
    if (known !== undefined) known.retained = entry;
    return entry?.message;
  }

  /**
   * Forgets the message of a topic.
   *
   * @param topic a Topic Name
   * @returns the message that was there, or `undefined`
   */
  delete(topic: string): M | undefined {
    const entry = this.#byTopic.get(topic);
    if (entry === undefined) return undefined;
    const previous = entry.message;
    entry.message = undefined; // a walk that pauses may still hold the entry
    this.#byTopic.delete(topic);
    this.#trie.remove(entry);
    return previous;
  }

  /**
   * Walks the messages whose topic a filter matches, lazily, reading only the branches that the filter leads to.
   * Messages may be set and deleted while the walk pauses: those that stay are met once, deleted ones not any more.
   *
   * @param filter a valid inner filter, without `$share/name/`
   * @returns an iterator over the messages
   */
  match(filter: string): Generator<M, void, undefined> {
    return this.matchInSteps(filter, Infinity) as Generator<M, void, undefined>;
  }

  /**
   * Walks like {@linkcode match}, and yields `undefined` whenever it has visited `steps` branches, so that a walk over
   * many branches without a match can be paused too.
   *
   * @param filter a valid inner filter, without `$share/name/`
   * @param steps how many branches are visited between two pauses
   * @returns an iterator over the messages, with `undefined` for a pause
   */
  *matchInSteps(filter: string, steps: number): Generator<M | undefined, void, undefined> {
    if (!hasWildcard(filter)) {
      const message = this.get(filter);
      if (message !== undefined) yield message;
      return;
    }
    const walk = new RetainedWalk<M>(this.#trie.root, filter);
    for (let visited = 1; !walk.done; visited++) {
      const entry = walk.next();
      if (entry?.message !== undefined) yield entry.message;
      else if (visited % steps === 0) yield undefined;
    }
  }

  #addTopic(topic: string): RetainedEntry<M> {
    const entry = this.#trie.getOrAdd(topic, makeEntry<M>);
    this.#byTopic.set(topic, entry);
    return entry;
  }

  /**
   * Walks all messages with their topics, lazily.
   *
   * @returns an iterator over pairs of topic and message
   */
  *entries(): Generator<[topic: string, message: M], void, undefined> {
    for (const [topic, entry] of this.#byTopic) {
      if (entry.message !== undefined) yield [topic, entry.message];
    }
  }
}

function makeEntry<M>(topic: string): RetainedEntry<M> {
  return new RetainedEntry<M>(topic);
}

function hasWildcard(filter: string): boolean {
  return filter.includes("+") || filter.endsWith("#");
}
