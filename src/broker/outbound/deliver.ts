/** One message to one session: now, into its queue, or not at all.
 * @module */
import { ReasonCode } from "../../packets/reason_codes.ts";
import type { QoS } from "../../packets/types.ts";
import type { Message } from "../../session/message.ts";
import { type DeliveryOptions, OutboundRecord } from "../../session/outbound_record.ts";
import type { Session } from "../../session/session.ts";
import type { Core } from "../core/core.ts";
import { deliverInline } from "./inline_delivery.ts";
import { sendRecord } from "./pump.ts";
import { dropRecord } from "./records.ts";

/**
 * So many unacknowledged messages of a session may keep the read buffer of their publisher; a client that acknowledges at
 * once stays below, and copying a small payload costs as much as the rest of its delivery.
 */
export const KEPT_IN_PLACE = 128;

/** Delivers a message that the client may read. */
export function deliverAllowed(core: Core, message: Message, session: Session, delivery: DeliveryOptions): void {
  if (session.ended) return;
  if (session.inlineHandler !== undefined) return deliverInline(core, message, session, delivery);
  if (delivery.qos === 0) return deliverOnce(core, message, session, delivery);
  deliverRecord(core, message, session, delivery);
}

/** At most once: sent now or dropped. */
function deliverOnce(core: Core, message: Message, session: Session, delivery: DeliveryOptions): void {
  const { link } = session;
  if (link === undefined || link.sendMessage(message, delivery.retain, delivery.identifiers)) return;
  core.info.messagesDropped++;
  if (core.hooks.on.onPublishDropped === undefined) return;
  core.hooks.observe(core.hooks.on.onPublishDropped, session.client, message, "the client does not take it");
}

/** At least once and exactly once: sent when link and quota allow it, queued otherwise. */
function deliverRecord(core: Core, message: Message, session: Session, delivery: DeliveryOptions): void {
  const { outbox, link } = session;
  const record = new OutboundRecord(session.clientId, session.nextSequence(), message, delivery);
  core.info.inflight++;
  const maySend = link !== undefined && link.ready && !outbox.ahead && !session.pumping && link.hasRoom() &&
    outbox.maySend(core.options.capabilities.maximumQueuedBytes);
  if (maySend) {
    if (outbox.inflight.size >= KEPT_IN_PLACE) message.detach();
    message.awaitCommit(sendRecord(core, session, record));
  } else enqueue(core, session, record);
}

function enqueue(core: Core, session: Session, record: OutboundRecord): void {
  if (isFull(core, session, record) && !makeRoom(core, session, record)) return;
  const { queue } = session.outbox, before = queue.bytes;
  const { onPacketIdExhausted } = core.hooks.on;
  if (onPacketIdExhausted !== undefined && session.outbox.exhausted) {
    core.hooks.observe(onPacketIdExhausted, session.client, record.message);
  }
  record.message!.detach();
  queue.push(record);
  core.queuedBytes += queue.bytes - before;
  if (core.hooks.on.onQosPublish === undefined) return;
  record.message!.awaitCommit(core.hooks.observe(core.hooks.on.onQosPublish, session.client, record));
}

function isFull(core: Core, session: Session, record: OutboundRecord): boolean {
  const { maximumQueuedMessages, maximumQueuedBytes, maximumTotalQueuedBytes } = core.options.capabilities;
  const { queue } = session.outbox, { size } = record.message!;
  return queue.length >= maximumQueuedMessages || queue.bytes + size > maximumQueuedBytes ||
    core.queuedBytes + size > maximumTotalQueuedBytes;
}

/** Applies the overflow policy. @returns true when the new record may be queued */
function makeRoom(core: Core, session: Session, record: OutboundRecord): boolean {
  const { queueOverflow } = core.options.capabilities, { queue } = session.outbox;
  while (queueOverflow === "drop_oldest" && queue.length > 0 && isFull(core, session, record)) {
    const before = queue.bytes, oldest = queue.shift()!;
    core.queuedBytes -= before - queue.bytes;
    dropRecord(core, session, oldest, "the queue is full");
  }
  if (!isFull(core, session, record)) return true;
  dropRecord(core, session, record, "the queue is full");
  if (queueOverflow === "disconnect") {
    session.link?.close(ReasonCode.QuotaExceeded, new Error("the queue of this client is full"));
  }
  return false;
}

/** The lower of two QoS. */
export function lowerQos(first: QoS, second: QoS): QoS {
  return Math.min(first, second) as QoS;
}
