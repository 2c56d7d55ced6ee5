/** The end of a QoS 1 or 2 delivery: finished, or given up.
 * @module */
import type { OutboundRecord } from "../session/outbound_record.ts";
import type { Session } from "../session/session.ts";
import type { Core } from "./core.ts";

/** The client has it: frees Packet Identifier and quota. */
export function finishRecord(core: Core, session: Session, record: OutboundRecord): void {
  const { outbox } = session;
  outbox.forget(record);
  outbox.returnQuota(); // [MQTT-4.9.0-1]
  core.info.inflight--;
  if (core.hooks.on.onQosComplete !== undefined) {
    core.hooks.observe(core.hooks.on.onQosComplete, session.client, record);
  }
}

/** The client will not have it. The record has been taken out of queue and inflight. */
export function dropRecord(core: Core, session: Session, record: OutboundRecord, reason: string): void {
  core.info.inflight--;
  core.info.inflightDropped++;
  core.info.messagesDropped++;
  core.hooks.observe(core.hooks.on.onQosDropped, session.client, record);
  core.hooks.observe(core.hooks.on.onPublishDropped, session.client, record.message, reason);
}
