/** The end of a session, and how it is watched for.
 * @module */
import type { Message } from "../../session/message.ts";
import type { OutboundRecord } from "../../session/outbound_record.ts";
import { NEVER_EXPIRES, type Session } from "../../session/session.ts";
import type { Core } from "../core/core.ts";
import { deliverToShare } from "../routing/deliver_all.ts";
import { removeAllSubscriptions } from "../routing/subscriptions.ts";
import { publishWill } from "./wills.ts";

/** Ends the session when its Session Expiry Interval has passed. */
export function watchExpiry(core: Core, session: Session): void {
  core.scheduler.cancel(session.expiryTask);
  session.expiryTask = undefined;
  if (session.expiryInterval >= NEVER_EXPIRES) return;
  const due = (session.disconnectedAt ?? core.now()) + session.expiryInterval * 1000;
  session.expiryTask = core.scheduler.at(due, () => endSession(core, session));
}

/** Ends a session with everything that belongs to it; its will is published at last [MQTT-3.1.2-8]. */
export function endSession(core: Core, session: Session): void {
  if (session.ended) return;
  session.ended = true;
  core.scheduler.cancel(session.expiryTask);
  core.scheduler.cancel(session.willTask);
  core.sessions.remove(session);
  removeAllSubscriptions(core, session);
  const orphans = takeRecords(session);
  for (const [share, message] of orphans) passOn(core, share, message); // first, so that storage never is without them
  core.hooks.observe(core.hooks.on.onClientExpired, session.client);
  publishWill(core, session);
}

/** Empties queue and inflight. @returns messages of shared subscriptions that another member may get */
function takeRecords(session: Session): [share: string, message: Message][] {
  const outbox = session.existingOutbox, orphans: [string, Message][] = [];
  if (outbox === undefined) return orphans;
  for (const record of outbox.records()) if (mayPassOn(record)) orphans.push([record.share!, record.message!]);
  outbox.clear();
  return orphans;
}

/** A QoS 2 message that the client may have seen goes to nobody else [MQTT-4.8.2-5]. */
function mayPassOn(record: OutboundRecord): boolean {
  return record.share !== undefined && record.message !== undefined && (record.qos === 1 || record.state === "queued");
}

/** Gives a message of a member that left to another member of its group. */
function passOn(core: Core, full: string, message: Message): void {
  const share = core.tree.match(message.topic).shares.find((group) =>
    `$share/${group.shareName}/${group.filter}` === full
  );
  if (share === undefined || message.expiresAt <= core.now()) return;
  const pending = deliverToShare(core, message, share);
  if (pending !== undefined) pending.catch((error) => core.unexpected("a shared message was not passed on", error));
}
