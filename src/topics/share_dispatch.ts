/** Ways to pick the member of a share group that receives a message (4.8.2). The standard leaves the choice to the
 * server. Members that are connected come before those that are not.
 * @module */

import type { MatchedShare, Subscription } from "./subscription_tree.ts";

/** What a dispatch may ask about the moment of its pick. */
export interface ShareDispatchContext<S> {
  /** The topic of the message. */
  readonly topic: string;
  /** How many messages a subscriber has not acknowledged yet. */
  inflight(subscriber: S): number;
  /** Whether a subscriber is connected now. */
  connected(subscriber: S): boolean;
}

/**
 * Picks one member of a share group, or nobody.
 *
 * @example
 * ```ts
 * import type { ShareDispatch } from "./share_dispatch.ts";
 *
 * const eldest: ShareDispatch = (share) => share.members[0];
 * ```
 */
export type ShareDispatch = <S>(
  share: MatchedShare<S>,
  context: ShareDispatchContext<S>,
) => Subscription<S> | undefined;

/**
 * Takes the members in turn. This is the default.
 *
 * @param share the group
 * @param context what is known about its members
 * @returns the member that is next
 */
export function roundRobin<S>(share: MatchedShare<S>, context: ShareDispatchContext<S>): Subscription<S> | undefined {
  const from = share.state.cursor % share.members.length;
  const at = connectedFrom(share, context, from);
  share.state.cursor = at + 1;
  return share.members[at];
}

/**
 * Takes any member, each as likely as the next.
 *
 * @param share the group
 * @param context what is known about its members
 * @returns the member that chance picked
 */
export function random<S>(share: MatchedShare<S>, context: ShareDispatchContext<S>): Subscription<S> | undefined {
  const { members } = share;
  const any = Math.floor(Math.random() * members.length);
  if (context.connected(members[any].subscriber)) return members[any];
  const connected = members.filter((member) => context.connected(member.subscriber));
  return connected.length === 0 ? members[any] : connected[Math.floor(Math.random() * connected.length)];
}

/**
 * Takes the member with the fewest unacknowledged messages; among equals the one that is next in turn.
 *
 * @param share the group
 * @param context what is known about its members
 * @returns the member that has least to do
 */
export function leastInflight<S>(
  share: MatchedShare<S>,
  context: ShareDispatchContext<S>,
): Subscription<S> | undefined {
  const { members, state } = share;
  let best = -1;
  let bestLoad = Infinity;
  for (let step = 0; step < members.length; step++) {
    const at = (state.cursor + step) % members.length;
    const { subscriber } = members[at];
    if (!context.connected(subscriber)) continue;
    const load = context.inflight(subscriber);
    if (load >= bestLoad) continue;
    best = at;
    bestLoad = load;
  }
  if (best === -1) return roundRobin(share, context);
  state.cursor = best + 1;
  return members[best];
}

/**
 * Stays with one member until it leaves the group or its connection is gone.
 *
 * @param share the group
 * @param context what is known about its members
 * @returns the member that was taken the last time, where possible
 */
export function sticky<S>(share: MatchedShare<S>, context: ShareDispatchContext<S>): Subscription<S> | undefined {
  const { members, state } = share;
  const chosen = members.find((member) => member.subscriber === state.sticky);
  if (chosen !== undefined && context.connected(chosen.subscriber)) return chosen;
  const next = roundRobin(share, context);
  state.sticky = next?.subscriber;
  return next;
}

/** The index of the first connected member from an index on, or that index when nobody is connected. */
function connectedFrom<S>(share: MatchedShare<S>, context: ShareDispatchContext<S>, from: number): number {
  const { members } = share;
  for (let step = 0; step < members.length; step++) {
    const at = (from + step) % members.length;
    if (context.connected(members[at].subscriber)) return at;
  }
  return from;
}
