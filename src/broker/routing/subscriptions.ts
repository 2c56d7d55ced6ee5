/** Subscriptions of a session and of the tree, always changed together.
 * @module */
import { costOfText, NODE, SHARE, SUBSCRIPTION } from "../../session/cost.ts";
import { openPart } from "../../session/fair_part.ts";
import type { Session } from "../../session/session.ts";
import type { SessionSubscription } from "../../session/session_view.ts";
import type { ParsedFilter } from "../../topics/topic_filter.ts";
import type { Core } from "../core/core.ts";

/** Units of work that the removal of one subscription takes. */
const REMOVAL = 4;

/**
 * Whether one more subscription is above a limit.
 * @returns what the client is told then; `undefined` when it may be made
 */
export function overQuota(core: Core, session: Session, filter: ParsedFilter): string | undefined {
  if (session.subscriptions.has(filter.full)) return undefined;
  const own = overOwnQuota(core, session, filter);
  if (own !== undefined) return `a client may not have more: ${own} is ${core.options.capabilities[own]}`;
  const shared = overQuotaOfAll(core, session, filter);
  return shared && `all clients together may not have more: ${shared}`;
}

function overOwnQuota({ options: { capabilities } }: Core, session: Session, filter: ParsedFilter) {
  if (session.subscriptions.size >= capabilities.maximumSubscriptionsPerClient) return "maximumSubscriptionsPerClient";
  if (session.subscriptionBytes + costOf(filter) > capabilities.maximumSubscriptionBytesPerClient) {
    return "maximumSubscriptionBytesPerClient";
  }
  if (filter.hasWildcard && session.wildcardSubscriptions >= capabilities.maximumWildcardSubscriptionsPerClient) {
    return "maximumWildcardSubscriptionsPerClient";
  }
  const isShare = filter.shareName !== undefined;
  return isShare && session.shares >= capabilities.maximumSharesPerClient ? "maximumSharesPerClient" : undefined;
}

/** Whether it is above what all clients together may have; that is logged as well. */
function overQuotaOfAll(core: Core, session: Session, filter: ParsedFilter) {
  const { tree, limits, options } = core, { maximumWildcardFilters, maximumShares } = options.capabilities;
  const cost = costOf(filter), client = session.subscriptionBytes + cost;
  const part = openPart({ client, address: session.address.subscriptions + cost });
  const refuse = <Option extends Parameters<typeof core.tellOfRefusal>[0]>(option: Option, limit: number): Option => {
    core.tellOfRefusal(option, limit);
    return option;
  };
  if (core.memory.isShort || bytesOfSubscriptions(core) + cost > part * limits.subscriptions) {
    return refuse("maximumTotalSubscriptionBytes", limits.subscriptions);
  }
  if (filter.hasWildcard && tree.wildcardFilters >= part * maximumWildcardFilters && !tree.knows(filter)) {
    return refuse("maximumWildcardFilters", maximumWildcardFilters);
  }
  const isNewShare = filter.shareName !== undefined && tree.share(filter) === undefined;
  return isNewShare && tree.shares >= part * maximumShares ? refuse("maximumShares", maximumShares) : undefined;
}

/** Bytes that all subscriptions take. */
export function bytesOfSubscriptions(core: Core): number {
  return core.subscriptionBytes + NODE * core.tree.nodes;
}

/** A filter of a share group is there as sent and without its share. */
function costOf({ full, shareName }: ParsedFilter): number {
  return SUBSCRIPTION + costOfText(full) + (shareName === undefined ? 0 : SHARE + costOfText(full));
}

/** Makes a subscription or replaces the one with the same filter [MQTT-3.8.4-3]. @returns true when it is new */
export function addSubscription(core: Core, session: Session, subscription: SessionSubscription): boolean {
  const isNew = core.tree.subscribe(session, subscription.filter, subscription.options);
  if (!session.subscriptions.has(subscription.filter.full)) {
    count(core, session, { filter: subscription.filter, one: 1 });
  }
  session.subscriptions.set(subscription.filter.full, subscription);
  core.info.subscriptions = core.tree.size;
  return isNew;
}

/** Removes a subscription by its filter as sent [MQTT-3.10.4-1]. @returns false when there was none */
export function removeSubscription(core: Core, session: Session, topicFilter: string): boolean {
  const subscription = session.subscriptions.get(topicFilter);
  if (subscription === undefined) return false;
  session.subscriptions.delete(topicFilter);
  count(core, session, { filter: subscription.filter, one: -1 });
  session.existingOutbox?.endReplay(topicFilter);
  core.tree.unsubscribe(session, subscription.filter);
  core.info.subscriptions = core.tree.size;
  return true;
}

function count(core: Core, session: Session, { filter, one }: { filter: ParsedFilter; one: 1 | -1 }): void {
  const bytes = one * costOf(filter);
  core.subscriptionBytes += bytes;
  session.subscriptionBytes += bytes;
  session.address.count("subscriptions", bytes);
  if (filter.hasWildcard) session.wildcardSubscriptions += one;
  if (filter.shareName !== undefined) session.shares += one;
}

/**
 * Removes all subscriptions of a session that has ended: those of share groups at once, so that the others get the messages, and
 * the rest in portions, as nothing is delivered to it any more.
 */
export function removeAllSubscriptions(core: Core, session: Session): void {
  if (session.shares > 0) {
    core.portions.spend(REMOVAL * session.shares);
    for (const { filter } of session.subscriptions.values()) {
      if (filter.shareName !== undefined) removeSubscription(core, session, filter.full);
    }
  }
  const rest = session.subscriptions.keys();
  core.portions.run(REMOVAL, () => {
    const { done, value: topicFilter } = rest.next();
    if (!done) removeSubscription(core, session, topicFilter);
    return !done;
  });
}
