/** From a topic to the filters that match it.
 * @module */

import type { FilterLeaf } from "./filter_leaf.ts";
import type { LevelTrie } from "./level_trie.ts";
import { topicMatchesFilter } from "./topic_filter.ts";
import { levelEnd } from "./topic_name.ts";
import { type Branch, TrieNode } from "./trie_node.ts";

const DOLLAR = 0x24;

/**
 * Finds all filters of a trie that match a topic. The nodes that a level leads to are followed side by side, so a deep
 * topic costs no call stack, and the walk ends where no filter goes on.
 *
 * @param trie the filters that have wildcards
 * @param topic a Topic Name
 * @param found receives the matching filters
 */
export function collectMatches<S>(trie: LevelTrie<FilterLeaf<S>>, topic: string, found: FilterLeaf<S>[]): void {
  const walk = new MatchWalk<S>(topic, found);
  let nodes = [trie.root];
  // [MQTT-4.7.2-1]
  let wildcards = topic.charCodeAt(0) !== DOLLAR;
  for (let start = 0; start <= topic.length;) {
    const end = levelEnd(topic, start);
    nodes = walk.descend(nodes, topic.slice(start, end), wildcards);
    if (nodes.length === 0) return;
    wildcards = true;
    start = end + 1;
  }
  for (const node of nodes) walk.end(node);
}

class MatchWalk<S> {
  readonly #topic: string;
  readonly #found: FilterLeaf<S>[];

  constructor(topic: string, found: FilterLeaf<S>[]) {
    this.#topic = topic;
    this.#found = found;
  }

  /** Goes one level down. */
  descend(nodes: TrieNode<FilterLeaf<S>>[], level: string, wildcards: boolean): TrieNode<FilterLeaf<S>>[] {
    const below: TrieNode<FilterLeaf<S>>[] = [];
    for (const node of nodes) {
      this.#follow(node.child(level), below);
      if (!wildcards) continue;
      this.#follow(node.child("+"), below);
      this.#follow(node.child("#"), below);
    }
    return below;
  }

  /** Takes the filters that end with the topic, and those that go on with `#` only (4.7.1.2). */
  end(node: TrieNode<FilterLeaf<S>>): void {
    if (node.entry !== undefined) this.#found.push(node.entry);
    const multiple = node.child("#");
    if (multiple !== undefined) this.#follow(multiple, []);
  }

  #follow(branch: Branch<FilterLeaf<S>> | undefined, below: TrieNode<FilterLeaf<S>>[]): void {
    if (branch === undefined) return;
    if (branch instanceof TrieNode) below.push(branch);
    else if (topicMatchesFilter(this.#topic, branch.path)) this.#found.push(branch);
  }
}
