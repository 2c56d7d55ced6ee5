/** The parts of a trie over the levels of topics or filters.
 * @module */

import { dropOne, getOne, type OneOrMap, putOne } from "./one_or_map.ts";

/** What can be kept in a trie. The trie alone writes `level` and `parent`. */
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

function levelOf<E extends TrieEntry<E>>(branch: Branch<E>): string {
  return branch.level;
}
