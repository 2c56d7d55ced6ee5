/** From the queues of a session to its connection: what is to be sent again, what waits, what was retained.
 * @module */
import { ReasonCode } from "../../packets/reason_codes.ts";
import type { OutboundRecord } from "../../session/outbound_record.ts";
import type { Outbox, Replay } from "../../session/outbox.ts";
import type { Session, SessionLink } from "../../session/session.ts";
import { authorize } from "../core/authorize.ts";
import type { Core } from "../core/core.ts";
import { dropRecord, finishRecord } from "./records.ts";

/** Messages that are sent in a row before others have their turn, and how many of them one step of a replay stands for. */
const IN_A_ROW = 1_024, REPLAY = 16;
/**
 * After so many it is looked whether others come first: many clients that come back together share a portion, and what an
 * acknowledgement lets follow costs nothing more. Units of work that one message takes.
 */
const LOOK_EVERY = 32, UNITS = 2;

/** Outcome of one step: go on, or stop until something changes. */
type Step = boolean | Promise<boolean>;

/** Sends as much as quota and outbound buffer take. Called whenever one of them has grown. */
export function pump(core: Core, session: Session): void {
  const outbox = session.existingOutbox, link = session.link;
  if (outbox === undefined || link === undefined || session.pumping) return;
  core.now();
  let left = IN_A_ROW, sent = 0;
  while (outbox.waiting && link.ready && link.takesBacklog()) {
    const isReplay = !outbox.ahead;
    if (left <= 0 || isReplay && core.portions.isSpent) return waitForPortion(core, session);
    const step = sendNext(core, session, outbox);
    if (step !== true) return step === false ? undefined : pumpLater(core, session, step);
    left -= isReplay ? REPLAY : 1;
    if (isReplay || ++sent % LOOK_EVERY !== 0) continue; // a replay tells itself what it uses
    core.portions.spend(UNITS * LOOK_EVERY);
    if (core.portions.isSpent) left = 0;
  }
}

function pumpLater(core: Core, session: Session, step: Promise<boolean>): void {
  const { link } = session;
  session.pumping = true;
  const goOn = (more: boolean) => {
    session.pumping = false;
    if (more || session.link !== link) pump(core, session);
  };
  step.then(goOn).catch((error) => {
    session.pumping = false;
    core.unexpected("a delivery failed", error);
  });
}

/** Others have their turn. */
function waitForPortion(core: Core, session: Session): void {
  session.pumping = true;
  core.portions.wait(() => {
    session.pumping = false;
    pump(core, session);
  });
}

function sendNext(core: Core, session: Session, outbox: Outbox): Step {
  const again = outbox.nextAgain;
  if (again !== undefined) return sendAgain(core, session, again);
  const record = outbox.queue.peek();
  if (record !== undefined) return sendQueued(core, session, record);
  return replayNext(core, outbox, outbox.nextReplay!);
}

function replayNext(core: Core, outbox: Outbox, replay: Replay): Step {
  if (replay.qos > 0 && !outbox.maySend(core.options.capabilities.maximumQueuedBytes)) return false;
  const more = replay.next();
  const remove = (goesOn: boolean) => {
    if (!goesOn) outbox.endReplay(replay.filter, replay);
    return true;
  };
  return typeof more === "boolean" ? remove(more) : more.then(remove);
}

/** One record of an earlier connection [MQTT-4.4.0-1]. */
function sendAgain(core: Core, session: Session, record: OutboundRecord): Step {
  const { outbox } = session, link = session.link!;
  if (record.state === "released") { // [MQTT-4.3.3-6]
    outbox.sendAgain(); // its slot is returned by PUBCOMP, so that no PUBLISH takes its place before
    link.sendRelease(record.packetId);
    return true;
  }
  if (outbox.sendQuota.slots <= 0) return false;
  return ifAllowed(core, session, record, () => {
    outbox.sendAgain();
    if (!link.sendPublish(record.message!, record, true)) giveUp(core, session, record);
  });
}

/** The oldest record of the queue. */
function sendQueued(core: Core, session: Session, record: OutboundRecord): Step {
  const { outbox } = session;
  if (record.message!.expiresAt <= core.now()) { // [MQTT-3.3.2-5]
    outbox.dequeue();
    dropRecord(core, session, record, "expired");
    return true;
  }
  if (!outbox.maySend(core.options.capabilities.maximumQueuedBytes)) return false;
  return ifAllowed(core, session, record, () => {
    outbox.dequeue();
    sendRecord(core, session, record);
  });
}

/** Rights may have been taken away since the message was queued. */
function ifAllowed(core: Core, session: Session, record: OutboundRecord, send: () => void): Step {
  const link = session.link;
  const verdict = authorize(core, session.client, record.message!.topic, "read");
  const decide = (code: number): boolean => {
    if (session.link !== link) return false; // the connection that asked is gone
    if (!isNext(session.outbox, record)) return true; // dropped or acknowledged while the hook was asked
    if (code === ReasonCode.Success) send();
    else dropDenied(core, session, record);
    return true;
  };
  return typeof verdict === "number" ? decide(verdict) : verdict.then(decide);
}

function isNext(outbox: Outbox, record: OutboundRecord): boolean {
  if (record.packetId === 0) return outbox.queue.peek() === record;
  return record.state === "sent" && outbox.nextAgain === record;
}

function dropDenied(core: Core, session: Session, record: OutboundRecord): void {
  const { outbox } = session;
  if (record.packetId === 0) outbox.dequeue();
  else outbox.forget(record);
  dropRecord(core, session, record, "not authorized");
}

/**
 * Gives a record its Packet Identifier and sends it; the caller has checked link and quota.
 * @returns what has to be committed before the publisher may be told that the message is safe
 */
export function sendRecord(core: Core, session: Session, record: OutboundRecord): Promise<unknown> | undefined {
  const { outbox, client } = session, link = session.link as SessionLink;
  const packetId = outbox.allocatePacketId();
  if (packetId === 0) {
    core.hooks.observe(core.hooks.on.onPacketIdExhausted, client, record.message);
    dropRecord(core, session, record, "no free packet identifier");
    return undefined;
  }
  outbox.begin(record, packetId);
  const { onQosPublish } = core.hooks.on;
  if (onQosPublish !== undefined) record.message!.keepMemory();
  const commit = onQosPublish && core.hooks.observe(onQosPublish, client, record);
  if (commit !== undefined && record.qos === 2) sendWhenCommitted(core, session, { record, link, commit });
  else if (!link.sendPublish(record.message!, record, false)) giveUp(core, session, record);
  return commit;
}

/** At QoS 2 the client may only see a Packet Identifier that a restart remembers. */
function sendWhenCommitted(
  core: Core,
  session: Session,
  sending: { record: OutboundRecord; link: SessionLink; commit: Promise<unknown> },
): void {
  const { record, link, commit } = sending;
  const send = () => {
    if (session.link !== link || session.outbox.inflight.get(record.packetId) !== record) return;
    if (link.sendPublish(record.message!, record, false)) return;
    giveUp(core, session, record);
    pump(core, session); // what waits behind it can be sent now
  };
  commit.then(send, () => link.close(ReasonCode.ImplementationSpecificError, new Error("storage has failed")));
}

/** Too large for this client: treated as delivered [MQTT-3.1.2-25]. */
function giveUp(core: Core, session: Session, record: OutboundRecord): void {
  core.info.messagesDropped++;
  record.message!.keepMemory();
  core.hooks.observe(
    core.hooks.on.onPublishDropped,
    session.client,
    record.message,
    "larger than the client's Maximum Packet Size",
  );
  finishRecord(core, session, record);
}
