/** PUBACK, PUBREC, PUBREL and PUBCOMP from a client (3.4 to 3.7).
 * @module */
import { FixedHeader } from "../../packets/fixed_header.ts";
import { isFailure, ReasonCode } from "../../packets/reason_codes.ts";
import { PacketType, type Properties } from "../../packets/types.ts";
import type { OutboundRecord } from "../../session/outbound_record.ts";
import type { Session } from "../../session/session.ts";
import type { Connection } from "../connection/connection.ts";
import type { Core } from "../core/core.ts";
import { endReceiving } from "./awaiting_pubrel.ts";
import { pump } from "../outbound/pump.ts";
import { finishRecord } from "../outbound/records.ts";

/**
 * Handles one of the four in the form that nearly all of them have: a Packet Identifier and nothing else.
 * @param header first byte of the packet
 * @returns false for anything that has to be looked at more closely
 */
export function handleShortAck(core: Core, connection: Connection, header: number, packetId: number): boolean {
  if (packetId === 0) return false;
  if (header === FixedHeader.PUBACK) handlePuback(core, connection, packetId);
  else if (header === FixedHeader.PUBREC) handlePubrec(core, connection, packetId, ReasonCode.Success);
  else if (header === FixedHeader.PUBREL) handlePubrel(core, connection, packetId, undefined);
  else if (header === FixedHeader.PUBCOMP) handlePubcomp(core, connection, packetId);
  else return false;
  return true;
}

/** PUBACK: the client has a QoS 1 message. Unknown identifiers are ignored. */
export function handlePuback(core: Core, connection: Connection, packetId: number): void {
  const session = connection.session!, record = session.existingOutbox?.inflight.get(packetId);
  if (record?.qos === 1) finish(core, session, record);
}

/** PUBREC: the client has taken over a QoS 2 message, or refuses it. */
export function handlePubrec(core: Core, connection: Connection, packetId: number, reasonCode: number): void {
  const session = connection.session!, record = session.existingOutbox?.inflight.get(packetId);
  if (record?.qos !== 2) {
    if (!isFailure(reasonCode)) connection.sendAck(PacketType.PUBREL, packetId, ReasonCode.PacketIdentifierNotFound);
    return;
  }
  if (isFailure(reasonCode)) return finish(core, session, record); // [MQTT-4.4.0-2]
  release(core, connection, record);
}

/** From now on only PUBREL is sent [MQTT-4.3.3-4] [MQTT-4.3.3-6]; a restart has to know that first. */
function release(core: Core, connection: Connection, record: OutboundRecord): void {
  const { packetId } = record;
  let commit: Promise<unknown> | undefined;
  if (record.state !== "released") {
    connection.session!.outbox.release(record);
    commit = core.hooks.on.onQosPublish && core.hooks.observe(core.hooks.on.onQosPublish, connection.client, record);
  }
  if (commit === undefined) return connection.sendRelease(packetId);
  commit.then(
    () => connection.sendRelease(packetId),
    () => connection.close(ReasonCode.ImplementationSpecificError, new Error("storage has failed")),
  );
}

/** PUBCOMP: a QoS 2 message is finished. Unknown identifiers are ignored. */
export function handlePubcomp(core: Core, connection: Connection, packetId: number): void {
  const session = connection.session!, record = session.existingOutbox?.inflight.get(packetId);
  if (record?.state === "released") finish(core, session, record);
}

function finish(core: Core, session: Session, record: OutboundRecord): void {
  finishRecord(core, session, record);
  if (session.outbox.waiting) pump(core, session);
}

/** PUBREL: the client's QoS 2 message is finished; always answered [MQTT-4.3.3-11]. */
export function handlePubrel(
  core: Core,
  connection: Connection,
  packetId: number,
  userProperties: Properties["userProperties"],
): void {
  const { known, commit } = endReceiving(core, connection.session!, packetId), { ackQueue } = connection;
  if (commit === undefined && ackQueue.length === 0) return complete(connection, { packetId, known, userProperties });
  ackQueue.after(commit && [commit], (failure) => {
    if (failure !== undefined) {
      return connection.close(ReasonCode.ImplementationSpecificError, new Error("storage has failed"));
    }
    complete(connection, { packetId, known, userProperties });
  });
}

function complete(
  connection: Connection,
  { packetId, known, userProperties }: {
    packetId: number;
    known: boolean;
    userProperties: Properties["userProperties"];
  },
): void {
  if (known) connection.receiveWindow.giveBack();
  const reasonCode = known ? ReasonCode.Success : ReasonCode.PacketIdentifierNotFound, type = PacketType.PUBCOMP;
  if (userProperties === undefined || !connection.core.options.compatibilities.inheritPropertiesOnAck) {
    connection.sendAck(type, packetId, reasonCode);
  } else connection.send({ type, packetId, reasonCode, properties: { userProperties } });
}
