/** Share groups: the subscribers that divide the messages of a filter among them (4.8.2).
 * @module */

import { appendAll } from "./one_or_map.ts";
import { SubscriberHolder } from "./subscriber_holder.ts";
import type { HeldSubscription, Subscription, SubscriptionOptions } from "./subscription.ts";
import type { ParsedFilter } from "./topic_filter.ts";

/** A share group that matches a topic: one of its members is to receive the message. */
export interface MatchedShare<S> {
  /** The name of the share. */
  readonly shareName: string;
  /** The inner filter; the same name with another filter is another group. */
  readonly filter: string;
  /** The members in the order of joining, never empty. */
  readonly members: readonly Subscription<S>[];
  /** The memory of the group. */
  readonly state: {
    /** Grows with each pick; round robin takes it modulo the number of members. */
    cursor: number;
    /** The subscriber that a sticky dispatch has chosen, `undefined` before the first pick and when it left. */
    sticky: unknown;
  };
}

/** The members of one share with one filter; the group is its own state. */
export class ShareGroup<S> extends SubscriberHolder<S> {
  /** The filter as the first member sent it. */
  readonly full: string;
  /** The name of the share. */
  readonly shareName: string;
  /** Grows with each pick. */
  cursor = 0;
  /** The choice of a sticky dispatch. */
  sticky: unknown = undefined;
  readonly #inner: ParsedFilter;
  #matched: MatchedShare<S> | undefined = undefined;

  /**
   * Makes a group without members.
   *
   * @param inner the inner filter that the group belongs to
   * @param parsed the filter of the first member
   */
  constructor(inner: ParsedFilter, parsed: ParsedFilter) {
    super();
    this.full = parsed.full;
    this.shareName = parsed.shareName ?? "";
    this.#inner = inner;
  }

  /** The inner filter. */
  get filter(): string {
    return this.#inner.filter;
  }

  /** Whether the inner filter has wildcards. */
  get hasWildcard(): boolean {
    return this.#inner.hasWildcard;
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
