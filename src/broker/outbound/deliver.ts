/** One message to one session: now, into its queue, or not at all.
 * @module */
import { ReasonCode } from "../../packets/reason_codes.ts";
import type { QoS } from "../../packets/types.ts";
import { DELIVERY } from "../../session/cost.ts";
import { OPEN_TO_ANYBODY, openPart } from "../../session/fair_part.ts";
import type { Message } from "../../session/message.ts";
import { type DeliveryOptions, OutboundRecord } from "../../session/outbound_record.ts";
import type { Session } from "../../session/session.ts";
import type { Core } from "../core/core.ts";
import { holdPublisher } from "./flow_control.ts";
import { deliverInline } from "./inline_delivery.ts";
import { sendRecord } from "./pump.ts";
import { dropRecord } from "./records.ts";

/**
 * So many unacknowledged messages of a session, the oldest ones, may hold the read buffer of their publisher; a client that
 * acknowledges at once stays below, and copying a small payload costs as much as the rest of its delivery.
 */
export const KEPT_IN_PLACE = 128;

/** A client with fewer unacknowledged messages is sent more, whatever all the others have. */
const NEARLY_NOTHING = 16;

/** Delivers a message that the client may read. */
export function deliver(core: Core, message: Message, session: Session, delivery: DeliveryOptions): void {
  if (session.ended) return;
  if (message.expiresAt < core.recentTime) return dropExpired(core, message, session);
  if (session.inlineHandler !== undefined) return deliverInline(core, message, session, delivery);
  if (delivery.qos === 0) return deliverOnce(core, message, session, delivery);
  deliverRecord(core, message, session, delivery);
}

/** What hooks have held up for longer than it lives is not sent any more [MQTT-3.3.2-5]. */
function dropExpired(core: Core, message: Message, { client }: Session): void {
  core.info.messagesDropped++;
  if (core.hooks.on.onPublishDropped === undefined) return;
  message.keepMemory();
  core.hooks.observe(core.hooks.on.onPublishDropped, client, message, "expired");
}

/** At most once: sent now or dropped. */
function deliverOnce(core: Core, message: Message, session: Session, delivery: DeliveryOptions): void {
  const { link } = session;
  if (link === undefined) return;
  if (link.ready && link.hasRoom() && link.sendPublish(message, delivery, false)) return;
  core.info.messagesDropped++;
  if (core.hooks.on.onPublishDropped === undefined) return;
  message.keepMemory();
  core.hooks.observe(core.hooks.on.onPublishDropped, session.client, message, "the client does not take it");
}

/** At least once and exactly once: sent when connection and quota allow it, queued otherwise. */
function deliverRecord(core: Core, message: Message, session: Session, delivery: DeliveryOptions): void {
  const { outbox } = session;
  const record = new OutboundRecord(session.clientId, session.nextSequence(), message, delivery);
  if (!maySend(core, session)) return enqueue(core, session, record);
  if (outbox.inflight.size >= KEPT_IN_PLACE || core.memory.isShort) message.detach();
  message.awaitCommit(sendRecord(core, session, record));
}

/** Whether a new message may be sent at once. Where all together may have no more, it is for those who have nearly nothing. */
function maySend(core: Core, session: Session): boolean {
  const { outbox, link, pumping } = session;
  return link !== undefined && link.ready && !outbox.ahead && !pumping && link.hasRoom() &&
    outbox.maySend(core.options.capabilities.maximumQueuedBytes) &&
    (outbox.inflight.size < NEARLY_NOTHING || !isTotalFull(core, session));
}

/** Whether the messages of all sessions have reached the part of their limit that is open to a session. */
function isTotalFull({ deliveries, limits, memory }: Core, { outbox, address }: Session): boolean {
  return deliveries.bytes >= openPart({ client: outbox.bytes, address: address.queued }) * limits.queued ||
    memory.isShort;
}

/** Whether they have reached it for somebody. */
export function isTotalTight({ deliveries, limits, memory }: Core): boolean {
  return deliveries.bytes >= OPEN_TO_ANYBODY * limits.queued || memory.isShort;
}

/** Whether a message cannot be sent to a session now, and its queue would take it if all together had room, which is told. */
export function mayQueueOnly(core: Core, message: Message, session: Session): boolean {
  if (session.ended || session.inlineHandler !== undefined || maySend(core, session)) return false;
  if (isOwnFull(core, session, message, false) || !isTotalFull(core, session)) return false;
  core.tellOfRefusal("maximumTotalQueuedBytes", core.limits.queued);
  return true;
}

function enqueue(core: Core, session: Session, record: OutboundRecord): void {
  const message = record.message!, { outbox } = session, { on } = core.hooks;
  const isHeld = holdPublisher(core, session, message);
  const isFull = isOwnFull(core, session, message, isHeld) || isTotalFull(core, session);
  if (isFull && !makeRoom(core, session, record, isHeld)) return;
  if (on.onPacketIdExhausted !== undefined && outbox.exhausted) {
    message.keepMemory();
    core.hooks.observe(on.onPacketIdExhausted, session.client, message);
  }
  message.detach();
  outbox.enqueue(record);
  if (on.onQosPublish === undefined) return;
  message.awaitCommit(core.hooks.observe(on.onQosPublish, session.client, record));
}

/** Publishers that are held may have sent what they had under way: for that there is as much room again. */
function isOwnFull(core: Core, session: Session, { size }: Message, isHeld: boolean): boolean {
  const { maximumQueuedMessages, maximumQueuedBytes } = core.options.capabilities;
  const { queue } = session.outbox;
  return queue.length >= maximumQueuedMessages * (isHeld ? 2 : 1) || queue.bytes + DELIVERY + size > maximumQueuedBytes;
}

/**
 * Applies the overflow policy. Where all sessions together may have no more, one old message gives way to a new one.
 * @returns true when the new record may be queued
 */
function makeRoom(core: Core, session: Session, record: OutboundRecord, isHeld: boolean): boolean {
  const { queueOverflow } = core.options.capabilities, { outbox } = session, message = record.message!;
  const dropsOldest = queueOverflow === "drop_oldest" && outbox.queue.length > 0;
  let goesOn = dropsOldest;
  while (goesOn) {
    dropRecord(core, session, outbox.dequeue()!, "the queue is full");
    goesOn = outbox.queue.length > 0 && isOwnFull(core, session, message, isHeld);
  }
  if (!isOwnFull(core, session, message, isHeld) && (dropsOldest || !isTotalFull(core, session))) return true;
  if (isTotalFull(core, session)) core.tellOfRefusal("maximumTotalQueuedBytes", core.limits.queued);
  dropRecord(core, session, record, "the queue is full");
  if (queueOverflow === "disconnect") {
    session.link?.close(ReasonCode.QuotaExceeded, new Error("the queue of this client is full"));
  }
  return false;
}

/** The lower of two QoS. */
export function lowerQos(first: QoS, second: QoS): QoS {
  return first < second ? first : second;
}
