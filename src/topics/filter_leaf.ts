/** What the subscription tree keeps for a filter: its subscriptions and its share groups.
 * @module */

import { countOf, dropOne, getOne, type OneOrMap, putOne } from "./one_or_map.ts";
import { ShareGroup } from "./share_group.ts";
import { SubscriberHolder } from "./subscriber_holder.ts";
import type { MatchResult } from "./match_result.ts";
import type { ParsedFilter } from "./topic_filter.ts";
import type { TrieEntry, TrieNode } from "./trie_node.ts";

/** One inner filter with its own subscriptions and its share groups. */
export class FilterLeaf<S> extends SubscriberHolder<S> implements TrieEntry<FilterLeaf<S>> {
  /** The inner filter. */
  readonly filter: string;
  /** The level that leads to it in the trie. */
  level = "";
  /** Where it hangs in the trie of the filters with wildcards, `undefined` for a filter without them. */
  parent: TrieNode<FilterLeaf<S>> | undefined = undefined;
  /** The share groups by name. */
  groups: OneOrMap<string, ShareGroup<S>> = undefined;
  /** Who receives a topic that no other filter matches; nothing without wildcards, and while nobody has asked. */
  alone: MatchResult<S> | undefined = undefined;

  /**
   * Makes a filter that nobody has subscribed to yet.
   *
   * @param filter the inner filter
   */
  constructor(filter: string) {
    super();
    this.filter = filter;
  }

  /** The inner filter as the path in the trie. */
  get path(): string {
    return this.filter;
  }

  /** The filter as sent: without a share it is the inner filter. */
  get full(): string {
    return this.filter;
  }

  /** Not a share. */
  get shareName(): undefined {
    return undefined;
  }

  /** Whether the filter has wildcards. */
  get hasWildcard(): boolean {
    return this.parent !== undefined;
  }

  /** Whether nobody is left. */
  get isEmpty(): boolean {
    return this.held === undefined && this.groups === undefined;
  }

  /**
   * Finds where the subscriptions with a filter are kept.
   *
   * @param parsed a filter whose inner filter is this one
   * @returns this leaf for a filter without share, the group for one with it, `undefined` when there is no such group
   */
  holder(parsed: ParsedFilter): FilterLeaf<S> | ShareGroup<S> | undefined {
    return parsed.shareName === undefined ? this : getOne(this.groups, parsed.shareName, shareNameOf);
  }

  /**
   * Adds a share group without members.
   *
   * @param parsed a filter with a share
   * @returns the new group
   */
  addGroup(parsed: ParsedFilter): ShareGroup<S> {
    const group = new ShareGroup<S>(this, parsed);
    this.groups = putOne(this.groups, group, shareNameOf);
    return group;
  }

  /**
   * Removes a share group that has lost its last member.
   *
   * @param group the group; nothing happens while it has members
   * @returns whether it was removed
   */
  pruneGroup(group: ShareGroup<S>): boolean {
    if (countOf(group.held) > 0) return false;
    this.groups = dropOne(this.groups, group.shareName, shareNameOf);
    return true;
  }
}

/** The key of a share group among those of one filter. */
function shareNameOf<S>(group: ShareGroup<S>): string {
  return group.shareName;
}
