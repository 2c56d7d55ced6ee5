/** The trie of the filters that have wildcards. Filters without them need no trie: one `Map` finds them.
 * @module */

import type { FilterLeaf } from "./filter_leaf.ts";
import { dropOne, getOne, type OneOrMap, putOne } from "./one_or_map.ts";

const DOLLAR = 0x24;

/** One level of wildcard filters. */
export class FilterNode<S> {
  /** The level that leads here. */
  readonly level: string;
  /** The node above, `undefined` for the root. */
  readonly parent: FilterNode<S> | undefined;
  /** The nodes below a literal level. */
  children: OneOrMap<string, FilterNode<S>> = undefined;
  /** The node below `+`. */
  plus: FilterNode<S> | undefined = undefined;
  /** The filter that ends here. */
  leaf: FilterLeaf<S> | undefined = undefined;
  /** The filter that ends with `#` below this level. */
  hash: FilterLeaf<S> | undefined = undefined;

  /**
   * @param level the level that leads here
   * @param parent the node above
   */
  constructor(level: string, parent: FilterNode<S> | undefined) {
    this.level = level;
    this.parent = parent;
  }

  /** Whether no filter passes here or ends here. */
  get isEmpty(): boolean {
    return this.leaf === undefined && this.hash === undefined && this.plus === undefined && this.children === undefined;
  }
}

function levelOf<S>(node: FilterNode<S>): string {
  return node.level;
}

/**
 * Puts a filter with wildcards into the trie.
 *
 * @param root the root of the trie
 * @param leaf the filter to add
 */
export function addLeaf<S>(root: FilterNode<S>, leaf: FilterLeaf<S>): void {
  const filter = leaf.filter;
  let node = root;
  for (let start = 0; start <= filter.length;) {
    const slash = filter.indexOf("/", start);
    const end = slash === -1 ? filter.length : slash;
    const level = filter.slice(start, end);
    if (level === "#") {
      node.hash = leaf;
      leaf.node = node;
      return;
    }
    node = level === "+" ? (node.plus ??= new FilterNode<S>(level, node)) : literalChild(node, level);
    start = end + 1;
  }
  node.leaf = leaf;
  leaf.node = node;
}

function literalChild<S>(node: FilterNode<S>, level: string): FilterNode<S> {
  const known = getOne(node.children, level, levelOf);
  if (known !== undefined) return known;
  const child = new FilterNode<S>(level, node);
  node.children = putOne(node.children, child, levelOf);
  return child;
}

/**
 * Takes a filter out of the trie, and every node that is of no use without it.
 *
 * @param leaf a filter that was added
 */
export function removeLeaf<S>(leaf: FilterLeaf<S>): void {
  const node = leaf.node;
  if (node === undefined) return;
  if (node.hash === leaf) node.hash = undefined;
  else node.leaf = undefined;
  prune(node);
}

function prune<S>(from: FilterNode<S>): void {
  let node = from;
  while (node.parent !== undefined && node.isEmpty) {
    const parent = node.parent;
    if (parent.plus === node) parent.plus = undefined;
    else parent.children = dropOne(parent.children, node.level, levelOf);
    node = parent;
  }
}

/**
 * Finds all filters of the trie that match a topic. The nodes that a level leads to are followed side by side, so the
 * depth of a topic costs no call stack, and the walk ends where no filter goes on.
 *
 * @param root the root of the trie
 * @param topic a Topic Name
 * @param found receives the matching filters
 */
export function collectLeaves<S>(root: FilterNode<S>, topic: string, found: FilterLeaf<S>[]): void {
  let nodes: FilterNode<S>[] = [root];
  // [MQTT-4.7.2-1]
  let hidden = topic.charCodeAt(0) === DOLLAR;
  for (let start = 0; start <= topic.length;) {
    const slash = topic.indexOf("/", start);
    const end = slash === -1 ? topic.length : slash;
    nodes = step(nodes, topic.slice(start, end), hidden ? undefined : found);
    if (nodes.length === 0) return;
    hidden = false;
    start = end + 1;
  }
  for (const node of nodes) {
    if (node.leaf !== undefined) found.push(node.leaf);
    if (node.hash !== undefined) found.push(node.hash);
  }
}

/** Goes one level down; without `found` the wildcards of this level do not count. */
function step<S>(nodes: FilterNode<S>[], level: string, found: FilterLeaf<S>[] | undefined): FilterNode<S>[] {
  const below: FilterNode<S>[] = [];
  for (const node of nodes) {
    const child = getOne(node.children, level, levelOf);
    if (child !== undefined) below.push(child);
    if (found === undefined) continue;
    if (node.hash !== undefined) found.push(node.hash);
    if (node.plus !== undefined) below.push(node.plus);
  }
  return below;
}
