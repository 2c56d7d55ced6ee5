/** From a topic to the filters that match it.
 * @module */

import type { FilterLeaf } from "./filter_leaf.ts";
import { type MatchResult, ResultBuilder } from "./match_result.ts";
import { topicMatchesFilter } from "./topic_filter.ts";
import { levelEnd } from "./topic_name.ts";
import { type Branch, TrieNode } from "./trie_node.ts";

const DOLLAR = 0x24;
/** So many subscriptions are merged in the time that a node takes. */
const SUBSCRIBERS = 8;

type Node<S> = TrieNode<FilterLeaf<S>>;

/**
 * A walk over the filters of a trie that match a topic. The nodes that a level leads to are followed side by side, so a deep
 * topic costs no call stack, and the walk ends where no filter goes on. It can pause after any node: filters may come and go
 * meanwhile, and those that stay are met once.
 */
export class MatchWalk<S> {
  /** The Topic Name. */
  readonly topic: string;
  /** Nodes that were visited, and more for subscriptions that were merged. */
  visited = 0;
  readonly #found = new ResultBuilder<S>();
  #nodes: Node<S>[];
  /** The node that is next. */
  #at = 0;
  #below: Node<S>[] = [];
  #level: string;
  #levelEnd: number;
  #wildcards: boolean;

  /**
   * Begins a walk.
   *
   * @param root the root of the filters that have wildcards
   * @param topic the Topic Name
   */
  constructor(root: Node<S>, topic: string) {
    this.topic = topic;
    this.#nodes = [root];
    this.#levelEnd = levelEnd(topic, 0);
    this.#level = topic.slice(0, this.#levelEnd);
    this.#wildcards = topic.charCodeAt(0) !== DOLLAR; // [MQTT-4.7.2-1]
  }

  /** Who has been found: asked for once, at the end. */
  build(): MatchResult<S> {
    return this.#found.build();
  }

  /** Bytes that the result takes by itself, once it is built. */
  get bytes(): number {
    return this.#found.bytes;
  }

  /**
   * Takes a filter that matches and is not in the trie.
   *
   * @param leaf the filter
   */
  add(leaf: FilterLeaf<S>): void {
    const { merged } = this.#found;
    this.#found.add(leaf);
    this.visited += this.#mergedSince(merged);
  }

  /**
   * Goes on.
   *
   * @param steps how many nodes are visited at most
   * @returns whether everything was visited
   */
  run(steps: number): boolean {
    const most = this.visited + steps;
    for (;;) {
      const nodes = this.#nodes, isEnd = this.#levelEnd > this.topic.length;
      while (this.#at < nodes.length && this.visited < most) this.#visit(nodes[this.#at++], isEnd);
      if (this.#at < nodes.length) return false;
      if (isEnd || this.#below.length === 0) return true;
      this.#nextLevel();
    }
  }

  /** Many may have subscribed to several filters that match: to merge them costs as well. */
  #visit(node: Node<S>, isEnd: boolean): void {
    const { merged } = this.#found;
    if (isEnd) this.#end(node);
    else this.#descend(node);
    this.visited += 1 + this.#mergedSince(merged);
  }

  /** What that has taken, in nodes. */
  #mergedSince(merged: number): number {
    return Math.floor((this.#found.merged - merged) / SUBSCRIBERS);
  }

  #nextLevel(): void {
    const { topic } = this, start = this.#levelEnd + 1;
    this.#nodes = this.#below;
    this.#below = [];
    this.#at = 0;
    this.#wildcards = true;
    if (start > topic.length) this.#levelEnd = start; // behind the last level
    else {
      this.#levelEnd = levelEnd(topic, start);
      this.#level = topic.slice(start, this.#levelEnd);
    }
  }

  /** Goes one level down. */
  #descend(node: Node<S>): void {
    this.#follow(node.child(this.#level));
    if (!this.#wildcards) return;
    this.#follow(node.child("+"));
    this.#follow(node.child("#"));
  }

  /** Takes the filters that end with the topic, and those that go on with `#` only (4.7.1.2). */
  #end(node: Node<S>): void {
    if (node.entry !== undefined) this.#found.add(node.entry);
    const multiple = node.child("#");
    if (multiple !== undefined) this.#follow(multiple);
  }

  #follow(branch: Branch<FilterLeaf<S>> | undefined): void {
    if (branch === undefined) return;
    if (branch instanceof TrieNode) this.#below.push(branch);
    else if (topicMatchesFilter(this.topic, branch.path)) this.#found.add(branch);
  }
}
