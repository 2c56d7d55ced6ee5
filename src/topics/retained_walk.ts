/** Walks the retained topics that a filter matches, one branch at a time, so that it can pause anywhere.
 * @module */

import { itemsOf } from "./one_or_map.ts";
import { topicMatchesFilter } from "./topic_filter.ts";
import { type Branch, type TrieEntry, TrieNode } from "./trie_node.ts";

const DOLLAR = 0x24;

/** A topic with its message. */
export class RetainedEntry<M> implements TrieEntry<RetainedEntry<M>> {
  /** The topic. */
  readonly path: string;
  /** The level that leads to it in the trie. */
  level = "";
  /** Where it hangs in the trie. */
  parent: TrieNode<RetainedEntry<M>> | undefined = undefined;
  /** The message, `undefined` once it was deleted. */
  message: M | undefined = undefined;

  /**
   * Makes an entry without a message.
   *
   * @param topic the topic
   */
  constructor(topic: string) {
    this.path = topic;
  }
}

type Branches<M> = Iterator<Branch<RetainedEntry<M>>>;

/** Branches to visit, and the level of the filter that led to them. */
interface Pending<M> {
  readonly branches: Branches<M>;
  readonly at: number;
}

/** A walk over the topics that a filter with wildcards matches. */
export class RetainedWalk<M> {
  readonly #filter: string;
  readonly #levels: readonly string[];
  readonly #pending: Pending<M>[];

  /**
   * Starts a walk.
   *
   * @param root the root of the trie of topics
   * @param filter a valid inner filter
   */
  constructor(root: TrieNode<RetainedEntry<M>>, filter: string) {
    this.#filter = filter;
    this.#levels = filter.split("/");
    const branches = branchesOf(root, this.#levels[0]);
    this.#pending = branches === undefined ? [] : [{ branches, at: 0 }];
  }

  /** Whether everything was visited. */
  get done(): boolean {
    return this.#pending.length === 0;
  }

  /**
   * Visits one branch.
   *
   * @returns its entry when there is one that the filter matches
   */
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
    const branches = branchesOf(node, this.#levels[below]);
    if (branches !== undefined) this.#pending.push({ branches, at: below });
  }
}

function isWildcard(level: string): boolean {
  return level === "+" || level === "#";
}

/** What a level of a filter leads to, `undefined` when that is nothing. */
function branchesOf<M>(node: TrieNode<RetainedEntry<M>>, level: string): Branches<M> | undefined {
  const held = isWildcard(level) ? node.children : node.child(level);
  return held === undefined ? undefined : itemsOf<string, Branch<RetainedEntry<M>>>(held);
}
