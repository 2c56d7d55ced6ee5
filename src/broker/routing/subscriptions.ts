/** Subscriptions of a session and of the tree, always changed together.
 * @module */
import { utf8Length } from "../../packets/utf8.ts";
import type { Session } from "../../session/session.ts";
import type { SessionSubscription } from "../../session/session_view.ts";
import type { Core } from "../core/core.ts";

/** Makes a subscription or replaces the one with the same filter [MQTT-3.8.4-3]. @returns true when it is new */
export function addSubscription(core: Core, session: Session, subscription: SessionSubscription): boolean {
  const isNew = core.tree.subscribe(session, subscription.filter, subscription.options);
  const { full } = subscription.filter;
  if (!session.subscriptions.has(full)) session.subscriptionBytes += utf8Length(full);
  session.subscriptions.set(full, subscription);
  core.info.subscriptions = core.tree.size;
  return isNew;
}

/** Removes a subscription by its filter as sent [MQTT-3.10.4-1]. @returns false when there was none */
export function removeSubscription(core: Core, session: Session, topicFilter: string): boolean {
  const subscription = session.subscriptions.get(topicFilter);
  if (subscription === undefined) return false;
  session.subscriptions.delete(topicFilter);
  session.subscriptionBytes -= utf8Length(topicFilter);
  core.tree.unsubscribe(session, subscription.filter);
  core.info.subscriptions = core.tree.size;
  return true;
}

/** Removes all subscriptions of a session. */
export function removeAllSubscriptions(core: Core, session: Session): void {
  for (const topicFilter of [...session.subscriptions.keys()]) removeSubscription(core, session, topicFilter);
}
