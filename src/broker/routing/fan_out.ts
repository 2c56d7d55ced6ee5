/** From a message to all who receive it.
 * @module */
import type { Message } from "../../session/message.ts";
import type { DeliveryOptions } from "../../session/outbound_record.ts";
import type { Session } from "../../session/session.ts";
import type { MatchedShare, MatchedSubscriber, MatchResult, Subscription } from "../../topics/subscription_tree.ts";
import type { Core } from "../core/core.ts";
import { deliverAllowed, lowerQos } from "../outbound/deliver.ts";
import { chooseMember, chooseMembers, type Denied, judgeAll, type Member } from "./recipients.ts";

/** Called in the turn that has routed a message, so that storage keeps both in one commit. */
export type WhenRouted = (message: Message) => void;

/**
 * Delivers a message to every matching subscription [MQTT-4.5.0-1] and notes in it how many sessions and share groups match.
 *
 * Everybody's verdict comes first and all deliveries are made in one turn, also when a hook takes its time: a crash never
 * finds a message delivered to some and not to others, nor without what `whenRouted` does.
 *
 * @param whenRouted called at the end of that turn
 * @returns a Promise only when a hook is async
 */
export function fanOut(core: Core, message: Message, whenRouted?: WhenRouted): void | Promise<void> {
  const matched = core.tree.match(message.topic);
  const { onSelectSubscribers } = core.hooks.on;
  if (onSelectSubscribers === undefined) return deliverToAll(core, message, matched, whenRouted);
  const selected = core.hooks.transform(onSelectSubscribers, message, matched);
  return selected instanceof Promise
    ? selected.then((result) => deliverToAll(core, message, result, whenRouted))
    : deliverToAll(core, message, selected, whenRouted);
}

function deliverToAll(
  core: Core,
  message: Message,
  matched: MatchResult<Session>,
  whenRouted: WhenRouted | undefined,
): void | Promise<void> {
  const { subscribers, shares } = matched;
  message.reached = subscribers.length + shares.length;
  const denied = judgeAll(core, message, subscribers);
  if (denied instanceof Promise) return deliverLater(core, message, { matched, denied, whenRouted });
  const members = shares.length === 0
    ? undefined
    : shares.length === 1
    ? chooseMember(core, message, shares[0])
    : chooseMembers(core, message, shares);
  if (members instanceof Promise) return deliverLater(core, message, { matched, denied, members, whenRouted });
  deliverToAllowed(core, message, subscribers, denied);
  if (members !== undefined) deliverToMembers(core, message, members);
  whenRouted?.(message);
}

/** The same when a hook has to be waited for. */
async function deliverLater(
  core: Core,
  message: Message,
  step: {
    matched: MatchResult<Session>;
    denied: Denied | Promise<Denied>;
    members?: Promise<Member | Member[]>;
    whenRouted: WhenRouted | undefined;
  },
): Promise<void> {
  const { subscribers, shares } = step.matched;
  const denied = await step.denied;
  const chosen = await (step.members ?? chooseMembers(core, message, shares));
  let members = Array.isArray(chosen) ? chosen : [chosen];
  while (members.some(hasEnded)) members = await chooseMembers(core, message, shares.map(withoutEnded));
  deliverToAllowed(core, message, subscribers, denied);
  deliverToMembers(core, message, members);
  step.whenRouted?.(message);
}

/** The session of a chosen member may end while others are asked about: then somebody else gets the message. */
function hasEnded(member: Member): boolean {
  return member?.subscriber.ended ?? false;
}

function withoutEnded(share: MatchedShare<Session>): MatchedShare<Session> {
  return { ...share, members: share.members.filter((member) => !hasEnded(member)) };
}

function deliverToAllowed(
  core: Core,
  message: Message,
  subscribers: MatchResult<Session>["subscribers"],
  denied: Denied,
): void {
  let next = 0;
  for (let index = 0; index < subscribers.length; index++) {
    if (denied !== undefined && denied[next] === index) next++;
    else deliverMatch(core, message, subscribers[index]);
  }
}

/** Delivers a message to the one member of a share group that was chosen, or to those of several. */
function deliverToMembers(core: Core, message: Message, members: Member | Member[]): void {
  if (!Array.isArray(members)) return members && deliverToMember(core, message, members);
  for (let index = 0; index < members.length; index++) {
    const member = members[index];
    if (member !== undefined) deliverToMember(core, message, member);
  }
}

/** Delivers a message to a subscriber that may have it. */
export function deliverMatch(core: Core, message: Message, match: MatchedSubscriber<Session>): void {
  const session = match.subscriber;
  if (session.clientId === message.publisherId && match.subscriptions.length > 1) {
    return deliverAllowed(core, message, session, withoutNoLocal(message, match));
  }
  deliverAllowed(core, message, session, {
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

/** Delivers a message to one member of a share group, if any may have it. */
export function deliverToShare(core: Core, message: Message, share: MatchedShare<Session>): void | Promise<void> {
  const member = chooseMember(core, message, share);
  if (member instanceof Promise) return member.then((later) => deliverToMembers(core, message, later));
  deliverToMembers(core, message, member);
}

function deliverToMember(core: Core, message: Message, member: Subscription<Session>): void {
  deliverAllowed(core, message, member.subscriber, {
    qos: lowerQos(message.qos, member.qos), // [MQTT-4.8.2-3]
    retain: message.retain && member.retainAsPublished,
    identifiers: member.identifier === 0 ? undefined : [member.identifier],
    share: member.filter.full,
  });
}
