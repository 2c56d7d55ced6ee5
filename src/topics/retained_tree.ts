/** Retained messages by topic, and by filter for those who subscribe.
 * @module */

import { type Branch, LevelTrie, type TrieEntry, TrieNode } from "./level_trie.ts";
import { itemsOf } from "./one_or_map.ts";
import { topicMatchesFilter } from "./topic_filter.ts";

const DOLLAR = 0x24;

/** A topic with its message. */
class RetainedEntry<M> implements TrieEntry<RetainedEntry<M>> {
  readonly path: string;
  level = "";
  parent: TrieNode<RetainedEntry<M>> | undefined = undefined;
  message: M | undefined;

  constructor(topic: string, message: M) {
    this.path = topic;
    this.message = message;
  }
}

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

  /**
   * Keeps a message for a topic in place of the one before.
   *
   * @param topic a valid Topic Name
   * @param message the message to keep
   * @returns the message before, or `undefined`
   */
  set(topic: string, message: M): M | undefined {
    const known = this.#byTopic.get(topic);
    if (known === undefined) {
      const entry = new RetainedEntry<M>(topic, message);
      this.#byTopic.set(topic, entry);
      this.#trie.add(entry);
      return undefined;
    }
    const previous = known.message;
    known.message = message;
    return previous;
  }

  /**
   * Reads the message of a topic with one lookup.
   *
   * @param topic a Topic Name
   * @returns the message, or `undefined`
   */
  get(topic: string): M | undefined {
    return this.#byTopic.get(topic)?.message;
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

/** Branches to visit, and the level of the filter that led to them. */
interface Pending<M> {
  readonly branches: Iterator<Branch<RetainedEntry<M>>>;
  readonly at: number;
}

/** A walk over the topics that a filter with wildcards matches. */
class RetainedWalk<M> {
  readonly #filter: string;
  readonly #levels: readonly string[];
  readonly #pending: Pending<M>[];

  constructor(root: TrieNode<RetainedEntry<M>>, filter: string) {
    this.#filter = filter;
    this.#levels = filter.split("/");
    this.#pending = [{ branches: branchesOf(root, this.#levels[0]), at: 0 }];
  }

  /** Whether everything was visited. */
  get done(): boolean {
    return this.#pending.length === 0;
  }

  /** Visits one branch; tells its entry when the filter matches it. */
  next(): RetainedEntry<M> | undefined {
    const { branches, at } = this.#pending[this.#pending.length - 1];
    const next = branches.next();
    if (next.done) {
      this.#pending.pop();
      return undefined;
    }
    const branch = next.value;
    if (branch instanceof TrieNode) this.#descend(branch, at);
    const entry = branch instanceof TrieNode ? branch.entry : branch;
    return entry !== undefined && topicMatchesFilter(entry.path, this.#filter) ? entry : undefined;
  }

  #descend(node: TrieNode<RetainedEntry<M>>, at: number): void {
    // [MQTT-4.7.2-1] the dollar sign counts in the first level only
    const first = node.parent?.parent === undefined;
    if (first && node.level.charCodeAt(0) === DOLLAR && isWildcard(this.#levels[0])) return;
    const below = this.#levels[at] === "#" ? at : at + 1;
    if (below === this.#levels.length) return;
    this.#pending.push({ branches: branchesOf(node, this.#levels[below]), at: below });
  }
}

function isWildcard(level: string): boolean {
  return level === "+" || level === "#";
}

function hasWildcard(filter: string): boolean {
  return filter.includes("+") || filter.endsWith("#");
}

/** What a level of a filter leads to. */
function branchesOf<M>(node: TrieNode<RetainedEntry<M>>, level: string): Iterator<Branch<RetainedEntry<M>>> {
  return itemsOf<string, Branch<RetainedEntry<M>>>(isWildcard(level) ? node.children : node.child(level));
}
