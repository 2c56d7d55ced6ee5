/** From a message to all who receive it.
 * @module */
import type { Message } from "../session/message.ts";
import type { DeliveryOptions } from "../session/outbound_record.ts";
import type { Session } from "../session/session.ts";
import type { MatchedShare, MatchedSubscriber, MatchResult, Subscription } from "../topics/subscription_tree.ts";
import { authorize } from "./authorize.ts";
import type { Core } from "./core.ts";
import { deliver, deliverAllowed, lowerQos } from "./deliver.ts";

/**
 * Delivers a message to every matching subscription [MQTT-4.5.0-1] and notes in it how many sessions and share groups match.
 * @returns a Promise only when a hook is async
 */
export function fanOut(core: Core, message: Message): void | Promise<void> {
  const matched = core.tree.match(message.topic);
  const { onSelectSubscribers } = core.hooks.on;
  if (onSelectSubscribers === undefined) return deliverToAll(core, message, matched);
  const selected = core.hooks.transform(onSelectSubscribers, message, matched);
  return selected instanceof Promise
    ? selected.then((result) => deliverToAll(core, message, result))
    : deliverToAll(core, message, selected);
}

function deliverToAll(core: Core, message: Message, matched: MatchResult<Session>): void | Promise<void> {
  const { subscribers, shares } = matched;
  message.reached = subscribers.length + shares.length;
  for (let index = 0; index < subscribers.length; index++) {
    const pending = deliverToSubscriber(core, message, subscribers[index]);
    if (pending !== undefined) return deliverRest(core, message, { matched, pending, from: index + 1 });
  }
  if (shares.length > 0) return deliverToShares(core, message, shares);
}

/** The same from some subscriber on, when a hook has to be waited for. */
async function deliverRest(
  core: Core,
  message: Message,
  rest: { matched: MatchResult<Session>; pending: Promise<void>; from: number },
): Promise<void> {
  const { subscribers, shares } = rest.matched;
  await rest.pending;
  for (let index = rest.from; index < subscribers.length; index++) {
    await deliverToSubscriber(core, message, subscribers[index]);
  }
  await deliverToShares(core, message, shares);
}

/** Delivers a message to one subscriber, if it may have it. */
export function deliverToSubscriber(
  core: Core,
  message: Message,
  match: MatchedSubscriber<Session>,
): void | Promise<void> {
  const session = match.subscriber;
  if (session.clientId === message.publisherId) { // [MQTT-3.8.3-3]
    if (match.noLocal) return;
    if (match.subscriptions.length > 1) return deliver(core, message, session, withoutNoLocal(message, match));
  }
  return deliver(core, message, session, {
    qos: lowerQos(message.qos, match.qos), // [MQTT-3.8.4-8]
    retain: message.retain && match.retainAsPublished, // [MQTT-3.3.1-12] [MQTT-3.3.1-13]
    identifiers: match.identifiers,
    share: undefined,
  });
}

/** What remains of overlapping subscriptions for a message of the subscriber itself. */
function withoutNoLocal(message: Message, match: MatchedSubscriber<Session>): DeliveryOptions {
  const rest = match.subscriptions.filter((subscription) => !subscription.noLocal);
  const identifiers = rest.map((subscription) => subscription.identifier).filter((identifier) => identifier !== 0);
  const qos = rest.reduce((highest, { qos }) => qos > highest ? qos : highest, rest[0].qos);
  return {
    qos: lowerQos(message.qos, qos),
    retain: message.retain && rest.some((subscription) => subscription.retainAsPublished),
    identifiers: identifiers.length === 0 ? undefined : identifiers,
    share: undefined,
  };
}

/** Delivers a message to one member of each share group. */
export function deliverToShares(
  core: Core,
  message: Message,
  shares: MatchResult<Session>["shares"],
): void | Promise<void> {
  for (let index = 0; index < shares.length; index++) {
    const pending = deliverToShare(core, message, shares[index]);
    if (pending !== undefined) return pending.then(() => deliverToShares(core, message, shares.slice(index + 1)));
  }
}

/** One member of a share group gets the message: the first of the dispatch's choice that may read it. */
export function deliverToShare(core: Core, message: Message, share: MatchedShare<Session>): void | Promise<void> {
  let rest = share;
  while (rest.members.length > 0) {
    const chosen = choose(core, message, rest);
    if (chosen === undefined) return;
    const verdict = authorize(core, chosen.subscriber.client, message.topic, "read");
    if (verdict === 0) return deliverToMember(core, message, chosen);
    const others = { ...rest, members: rest.members.filter((member) => member !== chosen) };

    if (typeof verdict !== "number") {
      return verdict.then((code) =>
        code === 0 ? deliverToMember(core, message, chosen) : deliverToShare(core, message, others)
      );
    }
    rest = others;
  }
}

/** The choice of the dispatch; one that the user has brought may fail, which is no fault of the publisher. */
function choose(core: Core, message: Message, share: MatchedShare<Session>): Subscription<Session> | undefined {
  try {
    const chosen = core.options.dispatch(share, core.dispatchContext(message.topic));
    const isBuiltIn = typeof core.options.capabilities.shareDispatch !== "function";
    if (isBuiltIn || chosen === undefined || share.members.includes(chosen)) return chosen;
    throw new TypeError("it chose somebody who is not a member");
  } catch (error) {
    core.unexpected("the dispatch of a shared subscription failed", error);
    return share.members[0];
  }
}

function deliverToMember(core: Core, message: Message, member: Subscription<Session>): void {
  deliverAllowed(core, message, member.subscriber, {
    qos: lowerQos(message.qos, member.qos), // [MQTT-4.8.2-3]
    retain: message.retain && member.retainAsPublished,
    identifiers: member.identifier === 0 ? undefined : [member.identifier],
    share: member.filter.full,
  });
}
