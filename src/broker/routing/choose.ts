/** Who gets a message: everybody who matches and may read it. Hooks are asked here, nothing is delivered yet.
 * @module */
import { ReasonCode } from "../../packets/reason_codes.ts";
import type { Message } from "../../session/message.ts";
import type { Session } from "../../session/session.ts";
import type { MatchedShare, MatchedSubscriber, Subscription } from "../../topics/subscription_tree.ts";
import { authorize } from "../core/authorize.ts";
import type { Core } from "../core/core.ts";

/** The message is the subscriber's own, and all of its matching subscriptions ask for No Local. */
const NO_LOCAL = -1;

/** Indexes of the subscribers that do not get the message, in order; `undefined` when all get it, which is the rule. */
export type DeniedSubscribers = readonly number[] | undefined;

/** Who is asked about. */
type Judged = Pick<MatchedSubscriber<Session>, "subscriber" | "noLocal">;

/** What has to be known of a message to find out who gets it. */
export type Addressed = Pick<Message, "topic" | "publisherId">;

/** The member of a share group that gets the message; `undefined` when none may. */
export type Member = Subscription<Session> | undefined;

/**
 * May this subscriber have the message?
 * @returns 0 for yes; a Promise only when a hook is async
 */
function judgeOne(core: Core, message: Addressed, match: Judged): number | Promise<number> {
  const session = match.subscriber;
  if (match.noLocal && session.clientId === message.publisherId) return NO_LOCAL; // [MQTT-3.8.3-3]
  return authorize(core, session.client, message.topic, "read");
}

/**
 * Asks for all subscribers, one after the other.
 * @returns those who may not; a Promise only when a hook is async
 */
export function judgeAll(
  core: Core,
  message: Addressed,
  subscribers: readonly Judged[],
): DeniedSubscribers | Promise<DeniedSubscribers> {
  let denied: number[] | undefined;
  core.charged += subscribers.length >> 2;
  for (let index = 0; index < subscribers.length; index++) {
    const verdict = judgeOne(core, message, subscribers[index]);
    if (verdict === ReasonCode.Success) continue;
    if (typeof verdict === "number") (denied ??= []).push(index);
    else return judgeRest(core, message, { subscribers, denied: denied ?? [], index, verdict });
  }
  return denied;
}

/** The same from one subscriber on, when a hook has to be waited for. */
async function judgeRest(
  core: Core,
  message: Addressed,
  from: {
    subscribers: readonly Judged[];
    denied: number[];
    index: number;
    verdict: number | Promise<number>;
  },
): Promise<DeniedSubscribers> {
  const { subscribers, denied } = from;
  let { index, verdict } = from;
  for (;;) {
    const code = typeof verdict === "number" ? verdict : await verdict;
    if (code !== ReasonCode.Success) denied.push(index);
    if (++index === subscribers.length) return denied;
    verdict = judgeOne(core, message, subscribers[index]);
  }
}

/**
 * Chooses one member of each share group.
 * @returns the members; a Promise only when a hook is async
 */
export function chooseMembers(
  core: Core,
  message: Message,
  shares: readonly MatchedShare<Session>[],
): Member[] | Promise<Member[]> {
  const members: Member[] = [];
  for (let index = 0; index < shares.length; index++) {
    const member = chooseMember(core, message, shares[index]);
    if (member instanceof Promise) return chooseRest(core, message, { shares, members, member });
    members.push(member);
  }
  return members;
}

async function chooseRest(
  core: Core,
  message: Message,
  from: { shares: readonly MatchedShare<Session>[]; members: Member[]; member: Promise<Member> },
): Promise<Member[]> {
  const { shares, members } = from;
  members.push(await from.member);
  while (members.length < shares.length) members.push(await chooseMember(core, message, shares[members.length]));
  return members;
}

/**
 * Chooses one member of a share group: the dispatch's choice, and where that one may not read the message its choice among all
 * who may.
 * @returns the member; a Promise only when a hook is async
 */
export function chooseMember(core: Core, message: Message, share: MatchedShare<Session>): Member | Promise<Member> {
  const chosen = share.members.length === 0 ? undefined : choose(core, message, share);
  if (chosen === undefined) return undefined;
  const verdict = authorize(core, chosen.subscriber.client, message.topic, "read");
  if (verdict === ReasonCode.Success) return chosen;
  if (typeof verdict === "number") return chooseAmongOthers(core, message, { share, chosen });
  return verdict.then((code) =>
    code === ReasonCode.Success ? chosen : chooseAmongOthers(core, message, { share, chosen })
  );
}

/** The choice may not read the message: each of the others is asked once, and the dispatch chooses among those who may. */
function chooseAmongOthers(
  core: Core,
  message: Message,
  { share, chosen }: { share: MatchedShare<Session>; chosen: Subscription<Session> },
): Member | Promise<Member> {
  const others = share.members.filter((member) => member !== chosen);
  const chooseAllowed = (denied: DeniedSubscribers): Member => {
    const unfit = new Set(denied), members = others.filter((_, index) => !unfit.has(index));
    return members.length === 0 ? undefined : choose(core, message, { ...share, members });
  };
  core.charged += others.length;
  const denied = judgeAll(core, message, others);
  return denied instanceof Promise ? denied.then(chooseAllowed) : chooseAllowed(denied);
}

/** The choice of the dispatch; one that the user has brought may fail, which is no fault of the publisher. */
function choose(core: Core, message: Message, share: MatchedShare<Session>): Member {
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
