/** QoS 2 from a client: which Packet Identifiers are between PUBREC and PUBREL (4.3.3).
 * @module */
import type { InflightRecord } from "../session/inflight.ts";
import type { Session } from "../session/session.ts";
import type { Core } from "./core.ts";

/** The record of one Packet Identifier that was received. */
export function receivedRecord(clientId: string, packetId: number): InflightRecord {
  return {
    clientId,
    direction: "in",
    sequence: 0,
    packetId,
    state: "received",
    qos: 2,
    retain: false,
    identifiers: undefined,
    share: undefined,
    message: undefined,
  };
}

/** Remembers a Packet Identifier until PUBREL. @returns what PUBREC has to wait for */
export function beginReceiving(core: Core, session: Session, packetId: number): Promise<unknown> | undefined {
  session.inbound.add(packetId);
  if (core.hooks.on.onQosPublish === undefined) return undefined;
  const record = receivedRecord(session.clientId, packetId);
  return core.hooks.observe(core.hooks.on.onQosPublish, session.client, record);
}

/**
 * Forgets a Packet Identifier.
 * @returns `known` tells whether it was remembered, `commit` is what PUBCOMP has to wait for
 */
export function endReceiving(
  core: Core,
  session: Session,
  packetId: number,
): { known: boolean; commit: Promise<unknown> | undefined } {
  if (!session.existingInbound?.delete(packetId)) return { known: false, commit: undefined };
  if (core.hooks.on.onQosComplete === undefined) return { known: true, commit: undefined };
  const record = receivedRecord(session.clientId, packetId);
  return { known: true, commit: core.hooks.observe(core.hooks.on.onQosComplete, session.client, record) };
}
