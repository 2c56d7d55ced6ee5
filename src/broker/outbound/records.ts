/** The end of a QoS 1 or 2 delivery: finished, or given up.
 * @module */
import type { OutboundRecord } from "../../session/outbound_record.ts";
import type { Outbox } from "../../session/outbox.ts";
import type { Session } from "../../session/session.ts";
import type { Core } from "../core/core.ts";

/** The client has it: frees Packet Identifier and quota. */
export function finishRecord(core: Core, session: Session, record: OutboundRecord): void {
  const { outbox } = session;
  outbox.forget(record);
  countFinished(core, outbox);
  if (core.hooks.on.onQosComplete !== undefined) {
    core.hooks.observe(core.hooks.on.onQosComplete, session.client, record);
  }
}

/**
 * The same for a message that was sent with its run and that no hook wants to hear of.
 * @returns false when there is a record of it, or when nothing was sent with this Packet Identifier
 */
export function finishUnseen(core: Core, outbox: Outbox, packetId: number): boolean {
  if (core.hooks.on.onQosComplete !== undefined || !outbox.forgetUnseen(packetId)) return false;
  countFinished(core, outbox);
  return true;
}

function countFinished(core: Core, outbox: Outbox): void {
  outbox.returnQuota(); // [MQTT-4.9.0-1]
  core.info.inflight--;
}

/** The client will not have it. The record has been taken out of queue and inflight. */
export function dropRecord(core: Core, session: Session, record: OutboundRecord, reason: string): void {
  core.info.inflight--;
  core.info.inflightDropped++;
  core.info.messagesDropped++;
  core.hooks.observe(core.hooks.on.onQosDropped, session.client, record);
  core.hooks.observe(core.hooks.on.onPublishDropped, session.client, record.message, reason);
}
