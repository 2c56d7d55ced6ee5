/** From a message to all who receive it.
 * @module */
import type { QoS } from "../../packets/types.ts";
import type { Client } from "../../session/client.ts";
import type { Message } from "../../session/message.ts";
import type { DeliveryOptions } from "../../session/outbound_record.ts";
import type { Session } from "../../session/session.ts";
import { MergedSubscriber } from "../../topics/subscription.ts";
import type { MatchedShare, MatchedSubscriber, Subscription } from "../../topics/subscription_tree.ts";
import type { Core } from "../core/core.ts";
import { deliver, isTotalTight, lowerQos, mayQueueOnly } from "../outbound/deliver.ts";
import { chooseMember, type Member } from "./choose.ts";
import { deliverInPortions, MANY, SOME } from "./long_delivery.ts";
import { asItStands, countOf, hasLeft, haveLeft, mayNotOvertake, type Recipients } from "./recipients.ts";
import { retain } from "./retain.ts";

/** 2 to the power of so many Subscription Identifiers take a microsecond. */
const IDENTIFIERS = 4;

/**
 * Delivers a message to all recipients and keeps it where it is to be retained. In one turn, so that a crash never finds it delivered
 * to some and not to others; where it reaches very many it is retained at once, for those who subscribe meanwhile.
 *
 * @returns a Promise only when it is delivered in portions
 */
export function deliverAll(
  core: Core,
  client: Client,
  message: Message,
  recipients: Recipients,
): void | Promise<void> {
  if (message.retain) message.clearRetainInPacket();
  const pending = deliverTo(core, message, recipients);
  if (message.retain) retain(core, client, message); // copies the message out of the read buffer, which is of use before
  const { onPublished } = core.hooks.on;
  if (onPublished === undefined) return pending;
  message.keepMemory();
  if (pending !== undefined) return pending.then(() => void core.hooks.observe(onPublished, client, message));
  core.hooks.observe(onPublished, client, message);
}

/**
 * Whether a message is for a queue that has room, while all queues together have none. Where others give way for it, or the
 * connection, it is not kept out.
 */
export function isKeptOut(core: Core, message: Message, recipients: Recipients): boolean {
  if (message.qos === 0 || !isTotalTight(core) || core.options.capabilities.queueOverflow !== "drop_newest") {
    return false;
  }
  const { matched: { subscribers }, deniedSubscribers, members = [] } = recipients, denied = new Set(deniedSubscribers);
  core.charged += subscribers.length >> 1;
  return subscribers.some(({ qos, subscriber }, index) =>
    qos > 0 && !denied.has(index) && mayQueueOnly(core, message, subscriber)
  ) || members.some((member) =>
    member !== undefined && member.qos > 0 && mayQueueOnly(core, message, member.subscriber)
  );
}

/**
 * Delivers a message to all recipients, and notes in it how many sessions and share groups match.
 * @returns a Promise only when it is delivered in portions
 */
export function deliverTo(core: Core, message: Message, recipients: Recipients): void | Promise<void> {
  const { matched } = recipients;
  message.reached = countOf(matched);
  if (message.reached >= MANY || mayNotOvertake(core, message)) return deliverLong(core, message, recipients);
  if (message.reached < SOME) return deliverNow(core, message, recipients);
  const began = performance.now();
  deliverNow(core, message, recipients);
  core.portions.spend((performance.now() - began) * 1_000);
}

function deliverNow(core: Core, message: Message, recipients: Recipients): void {
  const { matched: { subscribers }, deniedSubscribers, members } = recipients;
  core.charged += message.reached >> 1;
  let next = 0;
  for (let index = 0; index < subscribers.length; index++) {
    if (deniedSubscribers !== undefined && deniedSubscribers[next] === index) next++;
    else deliverMatch(core, message, subscribers[index]);
    const { identifiers } = subscribers[index];
    if (identifiers !== undefined) core.charged += identifiers.length >> IDENTIFIERS;
  }
  if (members === undefined) return;
  for (const member of members) if (member !== undefined) deliverToMember(core, message, member);
}

/** In portions; who leaves meanwhile does not get it, and a share group has another member then. */
function deliverLong(core: Core, message: Message, recipients: Recipients): Promise<void> {
  const { matched: { subscribers, shares }, members = [] } = recipients, denied = new Set(recipients.deniedSubscribers);
  const deliverSubscriber = (index: number) => {
    const match = subscribers[index];
    if (!denied.has(index) && !haveLeft(match)) deliverMatch(core, message, match);
  };
  const deliverMember = (member: Member, share: MatchedShare<Session>): void | Promise<void> => {
    if (member === undefined) return;
    if (hasLeft(member)) return deliverToShare(core, message, asItStands(core, share));
    deliverToMember(core, message, member);
  };
  return deliverInPortions(core, message, {
    all: subscribers.length + members.length,
    deliverTo: (index) =>
      index < subscribers.length
        ? deliverSubscriber(index)
        : deliverMember(members[index - subscribers.length], shares[index - subscribers.length]),
  });
}

/** Delivers a message to a subscriber that may have it. */
function deliverMatch(core: Core, message: Message, match: MatchedSubscriber<Session>): void {
  const session = match.subscriber;
  if (session.clientId === message.publisherId && match instanceof MergedSubscriber) {
    return deliver(core, message, session, withoutNoLocal(message, match));
  }
  deliver(core, message, session, {
    qos: lowerQos(message.qos, match.qos), // [MQTT-3.8.4-8]
    retain: message.retain && match.retainAsPublished, // [MQTT-3.3.1-12] [MQTT-3.3.1-13]
    identifiers: match.identifiers,
    share: undefined,
    packetId: 0,
  });
}

/** What remains of overlapping subscriptions for a message of the subscriber itself; what a hook has made goes as it says. */
function withoutNoLocal(message: Message, match: MergedSubscriber<Session>): DeliveryOptions {
  const rest = match.subscriptions.filter((subscription) => !subscription.noLocal);
  const identifiers = rest.map((subscription) => subscription.identifier).filter((identifier) => identifier !== 0);
  const qos = rest.reduce((highest, { qos }) => qos > highest ? qos : highest, 0 as QoS);
  return {
    qos: lowerQos(message.qos, qos),
    retain: message.retain && rest.some((subscription) => subscription.retainAsPublished),
    identifiers: identifiers.length === 0 ? undefined : identifiers,
    share: undefined,
    packetId: 0,
  };
}

/** Delivers a message to one member of a share group, if any may have it. */
export function deliverToShare(core: Core, message: Message, share: MatchedShare<Session>): void | Promise<void> {
  const member = chooseMember(core, message, share);
  if (member instanceof Promise) return member.then((later) => later && deliverToMember(core, message, later));
  if (member !== undefined) deliverToMember(core, message, member);
}

function deliverToMember(core: Core, message: Message, member: Subscription<Session>): void {
  deliver(core, message, member.subscriber, {
    qos: lowerQos(message.qos, member.qos), // [MQTT-4.8.2-3]
    retain: message.retain && member.retainAsPublished,
    identifiers: member.identifier === 0 ? undefined : [member.identifier],
    share: member.filter.full,
    packetId: 0,
  });
}
