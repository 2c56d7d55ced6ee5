/** From a message to those who get it: found at once, or when it is its turn.
 * @module */
import type { Message } from "../../session/message.ts";
import type { Session } from "../../session/session.ts";
import { HeldSubscription } from "../../topics/subscription.ts";
import type { MatchedShare, MatchedSubscriber, MatchResult } from "../../topics/subscription_tree.ts";
import { parseTopicFilter } from "../../topics/topic_filter.ts";
import type { Core } from "../core/core.ts";
import { chooseMembers, type DeniedSubscribers, judgeAll, type Member } from "./choose.ts";
import { MANY, SOME } from "./long_delivery.ts";
import { matchTopic } from "./match_topic.ts";

type Matched = MatchResult<Session>;

/** 2 to the power of so many receivers take a unit of work: where a message is only sent, and where it may have to be queued. */
const SENT = 4, QUEUED = 1;

/** Who gets a message: everybody's verdict is known. */
export interface Recipients {
  /** Who matches. */
  readonly matched: MatchResult<Session>;
  /** Those of them who do not get it. */
  readonly deniedSubscribers: DeniedSubscribers;
  /** The chosen members of share groups; `undefined` where there are no groups. */
  readonly members: readonly Member[] | undefined;
}

/**
 * Finds out who gets a message [MQTT-4.5.0-1]. Hooks are asked here, nothing is delivered yet.
 *
 * @param checkTurn called when others had to get theirs first: what it throws is thrown
 * @returns a Promise only when a hook is async, or when others have to get theirs first
 * @throws MqttError (also as rejection) of `onSelectSubscribers`
 */
export function choose(core: Core, message: Message, checkTurn?: () => void): Recipients | Promise<Recipients> {
  const { longDeliveries } = core;
  if (mayNotOvertake(core, message)) return chooseInLine(core, message, checkTurn);
  const earlier = longDeliveries.isBusy ? longDeliveries.waitingOf(message.publisherId) : undefined;
  if (earlier !== undefined) return chooseAfter(core, message, { earlier, checkTurn });
  const matched = findReceivers(core, message);
  if (!(matched instanceof Promise)) return chooseOrWait(core, message, { matched, checkTurn });
  message.keepMemory();
  return matched.then((found) => chooseOrWait(core, message, { matched: found, checkTurn }));
}

/** The will of a client, or what it sends over a new connection, does not overtake what still waits. */
function chooseAfter(
  core: Core,
  message: Message,
  { earlier, checkTurn }: { earlier: Promise<unknown>; checkTurn: (() => void) | undefined },
): Promise<Recipients> {
  message.keepMemory();
  const next = () => choose(core, message, checkTurn);
  return earlier.then(next, next);
}

/** While many filters are looked at subscribers come and go: who has left before the end does not get it [MQTT-3.10.4-2]. */
function findReceivers(core: Core, message: Message): Matched | Promise<Matched> {
  const matched = matchTopic(core, message);
  if (!(matched instanceof Promise)) return matched;
  return matched.then(({ subscribers, shares }) => ({
    subscribers: subscribers.some(haveLeft) ? subscribers.filter((subscriber) => !haveLeft(subscriber)) : subscribers,
    shares: shares.map((share) => asItStands(core, share)),
  }));
}

/** Whether another message to the topic is on its way to many, or waits. */
export function mayNotOvertake({ longDeliveries }: Core, { topic }: Message): boolean {
  return longDeliveries.isBusy && longDeliveries.concerns(topic);
}

/** While the broker stops there is nobody to hold up, and wills have to be sent in time. */
function chooseOrWait(
  core: Core,
  message: Message,
  { matched, checkTurn }: { matched: Matched; checkTurn: (() => void) | undefined },
): Recipients | Promise<Recipients> {
  const count = countOf(matched);
  if (count >= MANY && core.longDeliveries.isBusy) return chooseInLine(core, message, checkTurn);
  const waits = count >= SOME && core.portions.isSpent && !core.stopping;
  return waits ? chooseInTurn(core, message, checkTurn) : chooseOfAll(core, message, matched);
}

/** Nothing that was found out is kept meanwhile: for thousands of receivers, and as many publishers, it would take a lot of memory. */
async function chooseInLine(core: Core, message: Message, checkTurn?: () => void): Promise<Recipients> {
  message.keepMemory();
  const { longDeliveries } = core;
  const chosen = await longDeliveries.after(message.topic, async () => {
    const matched = await findInTurn(core, message, checkTurn), recipients = chooseOfAll(core, message, matched);
    if (recipients instanceof Promise) await longDeliveries.hold(countOf(matched), recipients);
    return { recipients }; // what a hook has not decided yet nobody else waits for
  });
  return chosen.recipients;
}

/** Nothing is left of this round. */
function chooseInTurn(core: Core, message: Message, checkTurn?: () => void): Promise<Recipients> {
  message.keepMemory();
  const recipients = findInTurn(core, message, checkTurn).then((matched) => chooseOfAll(core, message, matched));
  core.longDeliveries.waits(message.publisherId, recipients);
  return recipients;
}

/** What is to come is reckoned with at once: others have their turn in the same round. */
function findInTurn(core: Core, message: Message, checkTurn?: () => void): Promise<Matched> {
  const { portions } = core;
  return portions.once(async () => {
    checkTurn?.();
    const matched = findReceivers(core, message);
    if (matched instanceof Promise) return await matched;
    portions.spend(countOf(matched) >> (message.qos === 0 ? SENT : QUEUED));
    return matched;
  });
}

function chooseOfAll(core: Core, message: Message, matched: Matched): Recipients | Promise<Recipients> {
  const { onSelectSubscribers } = core.hooks.on;
  if (onSelectSubscribers === undefined) return chooseOf(core, message, matched);
  message.keepMemory();
  const selected = core.hooks.transform(onSelectSubscribers, message, matched);
  return selected instanceof Promise
    ? selected.then((found) =>
      chooseLater(core, message, { matched: found, deniedSubscribers: judgeAll(core, message, found.subscribers) })
    )
    : chooseOf(core, message, selected);
}

export function countOf({ subscribers, shares }: Matched): number {
  return subscribers.length + shares.length;
}

function chooseOf(core: Core, message: Message, matched: MatchResult<Session>): Recipients | Promise<Recipients> {
  const { subscribers, shares } = matched;
  const deniedSubscribers = judgeAll(core, message, subscribers);
  if (deniedSubscribers instanceof Promise) return chooseLater(core, message, { matched, deniedSubscribers });
  if (shares.length === 0) return { matched, deniedSubscribers, members: undefined };
  const members = chooseMembers(core, message, shares);
  if (members instanceof Promise) return chooseLater(core, message, { matched, deniedSubscribers, members });
  return { matched, deniedSubscribers, members };
}

/** The same when a hook has to be waited for. */
async function chooseLater(
  core: Core,
  message: Message,
  step: {
    matched: MatchResult<Session>;
    deniedSubscribers: DeniedSubscribers | Promise<DeniedSubscribers>;
    members?: Promise<Member[]>;
  },
): Promise<Recipients> {
  const { matched, matched: { shares } } = step;
  const deniedSubscribers = await step.deniedSubscribers;
  let members = await (step.members ?? chooseMembers(core, message, shares));
  while (members.some(hasLeft)) {
    members = await chooseMembers(
      core,
      message,
      shares.map((share) => asItStands(core, share)),
    );
  }
  return withoutThoseWhoLeft({ matched, deniedSubscribers, members });
}

/**
 * A session may end, or its client unsubscribe, while hooks are asked about others: from UNSUBACK on nothing is added for it
 * [MQTT-3.10.4-2]. What a hook has made up instead of a subscription stays.
 */
export function hasLeft(subscription: Member): boolean {
  if (!(subscription instanceof HeldSubscription)) return false;
  const { ended, subscriptions } = subscription.subscriber as Session;
  return ended || !subscriptions.has(subscription.filter.full);
}

/**
 * A group of which somebody has left: who has joined since may be the only one that is there now. Where a hook has chosen who is asked
 * it stays with those.
 */
export function asItStands(core: Core, share: MatchedShare<Session>): MatchedShare<Session> {
  const left = share.members.find(hasLeft);
  if (left === undefined) return share;
  const now = core.hooks.on.onSelectSubscribers === undefined
    ? core.tree.share(parseTopicFilter((left as HeldSubscription<Session>).filter.full))
    : undefined;
  return now ?? { ...share, members: share.members.filter((member) => !hasLeft(member)) };
}

/** Whether nothing is left of the subscriptions that match. */
export function haveLeft({ subscriptions }: MatchedSubscriber<Session>): boolean {
  return subscriptions.length > 0 && subscriptions.every(hasLeft);
}

function withoutThoseWhoLeft(recipients: Recipients): Recipients {
  const { matched: { subscribers }, deniedSubscribers } = recipients;
  const denied = new Set(deniedSubscribers), without: number[] = [];
  for (let index = 0; index < subscribers.length; index++) {
    if (denied.has(index) || haveLeft(subscribers[index])) without.push(index);
  }
  return { ...recipients, deniedSubscribers: without };
}
