/** UNSUBSCRIBE from a client (3.10).
 * @module */
import { ReasonCode } from "../../packets/reason_codes.ts";
import { MqttError } from "../../packets/errors.ts";
import { PacketType, type UnsubscribePacket } from "../../packets/types.ts";
import type { Connection } from "../connection/connection.ts";
import type { Core } from "../core/core.ts";
import { hasSession } from "../connection/has_session.ts";
import { changePacket } from "./change_packet.ts";
import { checkFilters } from "./check_filters.ts";
import { removeSubscription } from "../routing/subscriptions.ts";

/**
 * Removes subscriptions and answers all of them with one UNSUBACK [MQTT-3.10.4-6].
 * @throws MqttError 0x81 for a filter that is malformed
 */
export function handleUnsubscribe(core: Core, connection: Connection, packet: UnsubscribePacket): void | Promise<void> {
  checkFilters(core, packet.topicFilters);
  return changePacket({ core, connection, listeners: core.hooks.on.onUnsubscribe }, packet, {
    accepted: (changed) => unsubscribeAll(core, connection, changed),
    refused: (error) => refuseAll(connection, packet, error),
  });
}

/** A hook refused the packet: every subscription stays. Before MQTT 5 there is no way to say so but to go. */
function refuseAll(connection: Connection, packet: UnsubscribePacket, error: unknown): void {
  if (!(error instanceof MqttError) || connection.version !== 5) throw error;
  const code = connection.publicReason(PacketType.UNSUBACK, error.reasonCode);
  const reasonCodes = packet.topicFilters.map(() => code);
  const { packetId } = packet;
  connection.ackQueue.after(
    undefined,
    () => void connection.send({ type: PacketType.UNSUBACK, packetId, reasonCodes }),
  );
}

function unsubscribeAll(core: Core, connection: Connection, packet: UnsubscribePacket): void {
  if (!hasSession(connection)) return; // a hook took so long that the client may have come back, and changed its mind
  const session = connection.session!;
  const removed = packet.topicFilters.map((filter) => removeSubscription(core, session, filter));
  const filters = packet.topicFilters.filter((_, index) => removed[index]);
  const commit = filters.length === 0
    ? undefined
    : core.hooks.observe(core.hooks.on.onUnsubscribed, connection.client, filters);
  connection.ackQueue.after(commit && [commit], (failed) => {
    if (failed !== undefined) {
      return connection.close(ReasonCode.ImplementationSpecificError, new Error("the change could not be stored"));
    }
    const reasonCodes = removed.map((known) => known ? ReasonCode.Success : ReasonCode.NoSubscriptionExisted); // [MQTT-3.11.3-1]
    connection.send({ type: PacketType.UNSUBACK, packetId: packet.packetId, reasonCodes });
  });
}
