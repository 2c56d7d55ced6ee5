/** Subscriptions and retained messages of a broker, for programs that look after them.
 * @module */
import type { MessageView } from "../session/message_view.ts";
import type { SubscriptionOptions } from "../topics/subscription_tree.ts";
import type { Core } from "./core/core.ts";

/** One subscription of one client. */
export interface ListedSubscription extends Readonly<SubscriptionOptions> {
  /** ClientID. */
  readonly clientId: string;
  /** The filter as sent. */
  readonly topicFilter: string;
}

/** What is subscribed and what is retained. */
export class TopicList {
  readonly #core: Core;

  /**
   * The list of one broker.
   *
   * @param core the broker
   */
  constructor(core: Core) {
    this.#core = core;
  }

  /** All subscriptions, lazily. */
  *subscriptions(): Generator<ListedSubscription> {
    for (
      const { subscriber, filter, qos, noLocal, retainAsPublished, retainHandling, identifier } of this.#core.tree
        .list()
    ) {
      yield {
        clientId: subscriber.clientId,
        topicFilter: filter.full,
        qos,
        noLocal,
        retainAsPublished,
        retainHandling,
        identifier,
      };
    }
  }

  /**
   * Retained messages, lazily.
   * @param topicFilter which ones, default `#` (all but those whose topic starts with `$`)
   */
  *retained(topicFilter: string = "#"): Generator<MessageView> {
    for (const kept of this.#core.retained.match(topicFilter)) yield kept.open();
  }
}
