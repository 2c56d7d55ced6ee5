/** A trie over the levels of topics or filters that grows lazily: an entry hangs at the first level that it shares with
 * no other entry, so most entries need no node of their own.
 * @module */

import { itemsOf } from "./one_or_map.ts";
import { levelEnd } from "./topic_name.ts";
import { type Branch, type TrieEntry, TrieNode } from "./trie_node.ts";

/** A slice keeps the whole text alive; from longer texts levels are copied, because a node may outlive its first entry. */
const LONGEST_KEPT_TEXT = 512;

/** Entries by their levels. Wildcards are levels like any other here; walking by them is up to the owner. */
export class LevelTrie<E extends TrieEntry<E>> {
  /** The node before the first level. */
  readonly root: TrieNode<E> = new TrieNode<E>("", undefined);
  #nodes = 0;

  /** How many levels there are that several entries share, or shared once. */
  get nodes(): number {
    return this.#nodes;
  }

  /**
   * Finds an entry.
   *
   * @param path the whole topic or filter
   * @returns the entry, or `undefined`
   */
  find(path: string): E | undefined {
    let node = this.root;
    for (let start = 0; start <= path.length;) {
      const end = levelEnd(path, start);
      const branch = node.child(path.slice(start, end));
      if (branch === undefined) return undefined;
      if (!(branch instanceof TrieNode)) return branch.path === path ? branch : undefined;
      node = branch;
      start = end + 1;
    }
    return node.entry;
  }

  /**
   * Finds an entry, or adds one.
   *
   * @param path the whole topic or filter
   * @param make makes the entry when there is none
   * @returns the entry
   */
  getOrAdd(path: string, make: (path: string) => E): E {
    let node = this.root;
    for (let start = 0; start <= path.length;) {
      const end = levelEnd(path, start);
      const level = path.slice(start, end);
      const branch = node.child(level);
      if (branch === undefined) return hang(make(path), node, ownText(level, path));
      if (branch instanceof TrieNode) node = branch;
      else if (branch.path === path) return branch;
      else {
        node = split(branch, node, end);
        this.#nodes++;
      }
      start = end + 1;
    }
    return node.entry ?? end(make(path), node);
  }

  /**
   * Removes an entry, and every node that leads nowhere without it.
   *
   * @param entry an entry that was added
   */
  remove(entry: E): void {
    const node = entry.parent;
    if (node === undefined) return;
    if (node.entry === entry) node.entry = undefined;
    else node.drop(entry.level);
    this.#nodes -= prune(node);
  }

  /**
   * Walks all entries, lazily. Entries may come and go meanwhile: those that stay are met once.
   *
   * @returns an iterator over the entries
   */
  *entries(): Generator<E, void, undefined> {
    const pending: Iterator<Branch<E>>[] = [itemsOf(this.root.children)];
    while (pending.length > 0) {
      const next = pending[pending.length - 1].next();
      if (next.done) pending.pop();
      else if (!(next.value instanceof TrieNode)) yield next.value;
      else {
        pending.push(itemsOf(next.value.children));
        if (next.value.entry !== undefined) yield next.value.entry;
      }
    }
  }
}

function hang<E extends TrieEntry<E>>(entry: E, node: TrieNode<E>, level: string): E {
  entry.parent = node;
  entry.level = level;
  node.put(entry);
  return entry;
}

function end<E extends TrieEntry<E>>(entry: E, node: TrieNode<E>): E {
  entry.parent = node;
  node.entry = entry;
  return entry;
}

/** Makes room for a second entry below the level that ends at `at`: a node takes the place of the first. */
function split<E extends TrieEntry<E>>(entry: E, parent: TrieNode<E>, at: number): TrieNode<E> {
  const node = new TrieNode<E>(entry.level, parent);
  parent.put(node);
  const { path } = entry;
  if (at === path.length) end(entry, node);
  else hang(entry, node, ownText(path.slice(at + 1, levelEnd(path, at + 1)), path));
  return node;
}

/** Copying through a concatenation makes the engine let go of the longer text. */
function ownText(level: string, path: string): string {
  return path.length > LONGEST_KEPT_TEXT ? ` ${level}`.slice(1) : level;
}

/** @returns how many nodes led nowhere */
function prune<E extends TrieEntry<E>>(from: TrieNode<E>): number {
  let node = from, pruned = 0;
  while (node.parent !== undefined && node.entry === undefined && node.children === undefined) {
    node.parent.drop(node.level);
    node = node.parent;
    pruned++;
  }
  return pruned;
}
