/** A trie over the levels of topics or filters that grows lazily: an entry hangs at the first level that it shares with
 * no other entry, so most entries need no node of their own.
 * @module */

import { dropOne, getOne, itemsOf, type OneOrMap, putOne } from "./one_or_map.ts";
import { levelEnd } from "./topic_name.ts";

/** What can be kept in a {@linkcode LevelTrie}. The trie alone writes `level` and `parent`. */
export interface TrieEntry<E extends TrieEntry<E>> {
  /** The whole topic or filter. */
  readonly path: string;
  /** The level that leads here from `parent`. */
  level: string;
  /** The node that it hangs at, `undefined` while it is in no trie. */
  parent: TrieNode<E> | undefined;
}

/** What a level leads to: more levels, or the only entry with this beginning. */
export type Branch<E extends TrieEntry<E>> = TrieNode<E> | E;

/** A level that several entries share. */
export class TrieNode<E extends TrieEntry<E>> {
  /** The level that leads here. */
  readonly level: string;
  /** The node above, `undefined` for the root. */
  readonly parent: TrieNode<E> | undefined;
  /** What the next level leads to. */
  children: OneOrMap<string, Branch<E>> = undefined;
  /** The entry whose path ends here. */
  entry: E | undefined = undefined;

  /**
   * Makes a node that leads nowhere yet; its parent does not know it yet.
   *
   * @param level the level that leads here
   * @param parent the node above
   */
  constructor(level: string, parent: TrieNode<E> | undefined) {
    this.level = level;
    this.parent = parent;
  }

  /**
   * Follows a level.
   *
   * @param level a level
   * @returns what it leads to, or `undefined`
   */
  child(level: string): Branch<E> | undefined {
    return getOne<string, Branch<E>>(this.children, level, levelOf);
  }

  /**
   * Hangs a branch here, in place of the one with the same level.
   *
   * @param branch the node or entry
   */
  put(branch: Branch<E>): void {
    this.children = putOne<string, Branch<E>>(this.children, branch, levelOf);
  }

  /**
   * Takes the branch of a level away.
   *
   * @param level the level that leads to it
   */
  drop(level: string): void {
    this.children = dropOne<string, Branch<E>>(this.children, level, levelOf);
  }
}

/** A slice keeps the whole text alive; from longer texts levels are copied, because a node may outlive its first entry. */
const LONGEST_KEPT_TEXT = 512;

/** Entries by their levels. Wildcards are levels like any other here; walking by them is up to the owner. */
export class LevelTrie<E extends TrieEntry<E>> {
  /** The node before the first level. */
  readonly root: TrieNode<E> = new TrieNode<E>("", undefined);
  #size = 0;

  /** How many entries there are. */
  get size(): number {
    return this.#size;
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
   * Adds an entry. There must be none with its path.
   *
   * @param entry the entry to add
   */
  add(entry: E): void {
    const { path } = entry;
    this.#size++;
    let node = this.root;
    for (let start = 0; start <= path.length;) {
      const end = levelEnd(path, start);
      const level = path.slice(start, end);
      const branch = node.child(level);
      if (branch === undefined) return hang(entry, node, ownText(level, path));
      node = branch instanceof TrieNode ? branch : split(branch, node, end);
      start = end + 1;
    }
    node.entry = entry;
    entry.parent = node;
  }

  /**
   * Removes an entry, and every node that leads nowhere without it.
   *
   * @param entry an entry that was added
   */
  remove(entry: E): void {
    const node = entry.parent;
    if (node === undefined) return;
    this.#size--;
    if (node.entry === entry) node.entry = undefined;
    else node.drop(entry.level);
    prune(node);
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

function levelOf<E extends TrieEntry<E>>(branch: Branch<E>): string {
  return branch.level;
}

function hang<E extends TrieEntry<E>>(entry: E, node: TrieNode<E>, level: string): void {
  entry.parent = node;
  entry.level = level;
  node.put(entry);
}

/** Makes room for a second entry below the level that ends at `end`: a node takes the place of the entry there. */
function split<E extends TrieEntry<E>>(entry: E, parent: TrieNode<E>, end: number): TrieNode<E> {
  const node = new TrieNode<E>(entry.level, parent);
  parent.put(node);
  const { path } = entry;
  if (end < path.length) hang(entry, node, ownText(path.slice(end + 1, levelEnd(path, end + 1)), path));
  else {
    node.entry = entry;
    entry.parent = node;
  }
  return node;
}

/** Copying through a concatenation makes the engine let go of the longer text. */
function ownText(level: string, path: string): string {
  return path.length > LONGEST_KEPT_TEXT ? ` ${level}`.slice(1) : level;
}

function prune<E extends TrieEntry<E>>(from: TrieNode<E>): void {
  let node = from;
  while (node.parent !== undefined && node.entry === undefined && node.children === undefined) {
    node.parent.drop(node.level);
    node = node.parent;
  }
}
