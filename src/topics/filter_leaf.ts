/** What the subscription tree keeps for a filter: its subscriptions and its share groups.
 * @module */

import type { FilterNode } from "./filter_node.ts";
import { appendAll, countOf, dropOne, getOne, type OneOrMap, putOne } from "./one_or_map.ts";
import { HeldSubscription, type Subscription, type SubscriptionOptions } from "./subscription.ts";
import type { ParsedFilter } from "./topic_filter.ts";

/** The memory of a share group for its dispatch; lives as long as the group. */
export interface ShareState {
  /** Grows with each pick; round robin takes it modulo the number of members. */
  cursor: number;
  /** The subscriber that a sticky dispatch has chosen, `undefined` before the first pick and when it left. */
  sticky: unknown;
}

/** A share group that matches a topic: one of its members is to receive the message. */
export interface MatchedShare<S> {
  /** The name of the share. */
  readonly shareName: string;
  /** The inner filter; the same name with another filter is another group. */
  readonly filter: string;
  /** The members in the order of joining, never empty. */
  readonly members: readonly Subscription<S>[];
  /** The memory of the group. */
  readonly state: ShareState;
}

/** The key of a subscription among those of one filter. */
function subscriberOf<S>(subscription: HeldSubscription<S>): S {
  return subscription.subscriber;
}

/** The key of a share group among those of one filter. */
function shareNameOf<S>(group: ShareGroup<S>): string {
  return group.shareName;
}

/** The subscribers of one filter, once each. */
abstract class SubscriberHolder<S> implements ParsedFilter {
  /** The filter as sent. */
  abstract readonly full: string;
  /** The inner filter. */
  abstract readonly filter: string;
  /** The name of the share, if it is one. */
  abstract readonly shareName: string | undefined;
  /** Whether the inner filter has wildcards. */
  abstract readonly hasWildcard: boolean;
  /** The subscriptions by subscriber. */
  held: OneOrMap<S, HeldSubscription<S>>;

  /**
   * @param subscriber who subscribed
   * @returns the subscription, or `undefined`
   */
  get(subscriber: S): HeldSubscription<S> | undefined {
    return getOne(this.held, subscriber, subscriberOf);
  }

  /**
   * @param subscriber who subscribes
   * @param options what is asked for; replaces what was asked for before
   */
  put(subscriber: S, options: Readonly<SubscriptionOptions>): void {
    this.held = putOne(this.held, new HeldSubscription<S>(subscriber, this, options), subscriberOf);
  }

  /** @param subscriber who unsubscribes */
  drop(subscriber: S): void {
    this.held = dropOne(this.held, subscriber, subscriberOf);
  }
}

/** The members of one share with one filter; the group is its own {@linkcode ShareState}. */
export class ShareGroup<S> extends SubscriberHolder<S> implements ShareState {
  /** The filter as the first member sent it. */
  readonly full: string;
  /** The name of the share. */
  readonly shareName: string;
  /** Grows with each pick. */
  cursor = 0;
  /** The choice of a sticky dispatch. */
  sticky: unknown = undefined;
  readonly #leaf: FilterLeaf<S>;
  #matched: MatchedShare<S> | undefined = undefined;

  /**
   * @param leaf the inner filter that the group belongs to
   * @param parsed the filter of the first member
   */
  constructor(leaf: FilterLeaf<S>, parsed: ParsedFilter) {
    super();
    this.full = parsed.full;
    this.shareName = parsed.shareName ?? "";
    this.#leaf = leaf;
  }

  /** The inner filter. */
  get filter(): string {
    return this.#leaf.filter;
  }

  /** Whether the inner filter has wildcards. */
  get hasWildcard(): boolean {
    return this.#leaf.hasWildcard;
  }

  /** Joins or renews a member. */
  override put(subscriber: S, options: Readonly<SubscriptionOptions>): void {
    super.put(subscriber, options);
    this.#matched = undefined;
  }

  /** Lets a member leave. */
  override drop(subscriber: S): void {
    super.drop(subscriber);
    this.#matched = undefined;
    if (this.sticky === subscriber) this.sticky = undefined;
  }

  /**
   * The group as it stands now; the same object until a member joins, changes or leaves.
   *
   * @returns a snapshot that is never changed
   */
  matched(): MatchedShare<S> {
    return this.#matched ??= this.#snapshot();
  }

  #snapshot(): MatchedShare<S> {
    const members: HeldSubscription<S>[] = [];
    appendAll(this.held, members);
    return { shareName: this.shareName, filter: this.filter, members, state: this };
  }
}

/** One inner filter with its own subscriptions and its share groups. */
export class FilterLeaf<S> extends SubscriberHolder<S> {
  /** The inner filter. */
  readonly filter: string;
  /** Where the filter ends in the wildcard trie, `undefined` for a filter without wildcards. */
  node: FilterNode<S> | undefined = undefined;
  /** The share groups by name. */
  groups: OneOrMap<string, ShareGroup<S>> = undefined;

  /** @param filter the inner filter */
  constructor(filter: string) {
    super();
    this.filter = filter;
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
    return this.node !== undefined;
  }

  /** Whether nobody is left. */
  get isEmpty(): boolean {
    return this.held === undefined && this.groups === undefined;
  }

  /**
   * @param parsed a filter whose inner filter is this one
   * @returns this leaf for a filter without share, the group for one with it, `undefined` when there is no such group
   */
  holder(parsed: ParsedFilter): FilterLeaf<S> | ShareGroup<S> | undefined {
    return parsed.shareName === undefined ? this : getOne(this.groups, parsed.shareName, shareNameOf);
  }

  /**
   * @param parsed a filter with a share
   * @returns the new group
   */
  addGroup(parsed: ParsedFilter): ShareGroup<S> {
    const group = new ShareGroup<S>(this, parsed);
    this.groups = putOne(this.groups, group, shareNameOf);
    return group;
  }

  /** @param group a group that may have lost its last member */
  pruneGroup(group: ShareGroup<S>): void {
    if (countOf(group.held) === 0) this.groups = dropOne(this.groups, group.shareName, shareNameOf);
  }
}
