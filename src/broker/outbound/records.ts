/** The end of a QoS 1 or 2 delivery: finished, or given up.
 * @module */
import type { OutboundRecord } from "../../session/outbound_record.ts";
import type { Session } from "../../session/session.ts";
import type { Core } from "../core/core.ts";

/** The client has it: frees Packet Identifier and quota. */
export function finishRecord(core: Core, session: Session, record: OutboundRecord): void {
  const { onQosComplete } = core.hooks.on;
  if (onQosComplete !== undefined) record.message?.keepMemory();
  session.outbox.finish(record);
  if (onQosComplete !== undefined) core.hooks.observe(onQosComplete, session.client, record);
}

/** The client will not have it. The record has been taken out of the outbox. */
export function dropRecord(core: Core, session: Session, record: OutboundRecord, reason: string): void {
  core.info.inflightDropped++;
  core.info.messagesDropped++;
  const { onQosDropped, onPublishDropped } = core.hooks.on;
  if (onQosDropped === undefined && onPublishDropped === undefined) return;
  record.message?.keepMemory();
  core.hooks.observe(onQosDropped, session.client, record);
  core.hooks.observe(onPublishDropped, session.client, record.message, reason);
}
