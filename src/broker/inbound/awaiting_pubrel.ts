/** QoS 2 from a client: which Packet Identifiers are between PUBREC and PUBREL (4.3.3).
 * @module */
import { ReasonCode } from "../../packets/reason_codes.ts";
import { PacketType } from "../../packets/types.ts";
import { receivedRecord } from "../../session/inflight.ts";
import type { Session } from "../../session/session.ts";
import type { Connection } from "../connection/connection.ts";
import type { Core } from "../core/core.ts";

/**
 * Remembers a Packet Identifier until PUBREL. Of a session that has ended while hooks were asked nothing is stored: its ClientID
 * may have another one, which knows nothing of this message.
 * @returns what PUBREC has to wait for
 */
export function beginReceiving(core: Core, session: Session, packetId: number): Promise<unknown> | undefined {
  if (session.ended) return undefined;
  session.awaitPubrel(packetId);
  if (core.hooks.on.onQosPublish === undefined) return undefined;
  const record = receivedRecord(session.clientId, packetId);
  return core.hooks.observe(core.hooks.on.onQosPublish, session.client, record);
}

/**
 * Answers a message that is here already [MQTT-4.3.3-10]. It may have come over an earlier connection, and be on its way to
 * the store still, so this PUBREC waits as well.
 */
export function answerAgain(core: Core, connection: Connection, packetId: number): void {
  const commit = beginReceiving(core, connection.session!, packetId);
  connection.ackQueue.after(commit && [commit], (failure) => {
    if (failure === undefined) connection.sendAck(PacketType.PUBREC, packetId);
    else connection.close(ReasonCode.ImplementationSpecificError, new Error("storage has failed"));
  });
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
  if (session.ended || !session.awaitsPubrel(packetId)) return { known: false, commit: undefined };
  session.forgetPubrel(packetId);
  if (core.hooks.on.onQosComplete === undefined) return { known: true, commit: undefined };
  const record = receivedRecord(session.clientId, packetId);
  return { known: true, commit: core.hooks.observe(core.hooks.on.onQosComplete, session.client, record) };
}
