/** The subscribers of one filter or share group.
 * @module */

import { dropOne, getOne, type OneOrMap, putOne } from "./one_or_map.ts";
import { HeldSubscription, type SubscriptionOptions } from "./subscription.ts";
import type { ParsedFilter } from "./topic_filter.ts";

/** The subscribers of one filter, once each. */
export abstract class SubscriberHolder<S> implements ParsedFilter {
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
   * Finds the subscription of a subscriber.
   *
   * @param subscriber who subscribed
   * @returns the subscription, or `undefined`
   */
  get(subscriber: S): HeldSubscription<S> | undefined {
    return getOne(this.held, subscriber, subscriberOf);
  }

  /**
   * Adds a subscription, or replaces the one that the subscriber has.
   *
   * @param subscriber who subscribes
   * @param options what is asked for
   */
  put(subscriber: S, options: Readonly<SubscriptionOptions>): void {
    this.held = putOne(this.held, new HeldSubscription<S>(subscriber, this, options), subscriberOf);
  }

  /**
   * Removes the subscription of a subscriber.
   *
   * @param subscriber who unsubscribes
   */
  drop(subscriber: S): void {
    this.held = dropOne(this.held, subscriber, subscriberOf);
  }
}

/** The key of a subscription among those of one holder. */
function subscriberOf<S>(subscription: HeldSubscription<S>): S {
  return subscription.subscriber;
}
