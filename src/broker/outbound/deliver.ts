/** One message to one session: now, into its queue, or not at all.
 * @module */
import { ReasonCode } from "../../packets/reason_codes.ts";
import type { QoS } from "../../packets/types.ts";
import type { Message } from "../../session/message.ts";
import { type DeliveryOptions, OutboundRecord } from "../../session/outbound_record.ts";
import type { Session } from "../../session/session.ts";
import type { Core } from "../core/core.ts";
import { holdPublisher } from "./flow_control.ts";
import { deliverInline } from "./inline_delivery.ts";
import { sendRecord } from "./pump.ts";
import { dropRecord } from "./records.ts";

/**
 * So many unacknowledged messages of a session may keep the read buffer of their publisher; a client that acknowledges at
 * once stays below, and copying a small payload costs as much as the rest of its delivery.
 */
const KEPT_IN_PLACE = 128;

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
  const { outbox, link } = session;
  const record = new OutboundRecord(session.clientId, session.nextSequence(), message, delivery);
  const maySend = link !== undefined && link.ready && !outbox.ahead && !session.pumping && link.hasRoom() &&
    outbox.maySend(core.options.capabilities.maximumQueuedBytes);
  if (!maySend) return enqueue(core, session, record);
  if (outbox.inflight.size < KEPT_IN_PLACE) message.keepMemory();
  else message.detach();
  message.awaitCommit(sendRecord(core, session, record));
}

function enqueue(core: Core, session: Session, record: OutboundRecord): void {
  const message = record.message!, { outbox } = session, { on } = core.hooks;
  const isHeld = holdPublisher(core, session, message);
  if (isFull(core, session, record, isHeld) && !makeRoom(core, session, record)) return;
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
function isFull(core: Core, session: Session, { message }: OutboundRecord, isHeld: boolean): boolean {
  const { maximumQueuedMessages, maximumQueuedBytes, maximumTotalQueuedBytes } = core.options.capabilities;
  const { queue } = session.outbox, { size } = message!;
  return queue.length >= maximumQueuedMessages * (isHeld ? 2 : 1) || queue.bytes + size > maximumQueuedBytes ||
    core.deliveries.queuedBytes + size > maximumTotalQueuedBytes;
}

/** Applies the overflow policy. @returns true when the new record may be queued */
function makeRoom(core: Core, session: Session, record: OutboundRecord): boolean {
  const { queueOverflow } = core.options.capabilities, { outbox } = session;
  while (queueOverflow === "drop_oldest" && outbox.queue.length > 0 && isFull(core, session, record, false)) {
    dropRecord(core, session, outbox.dequeue()!, "the queue is full");
  }
  if (!isFull(core, session, record, false)) return true;
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
