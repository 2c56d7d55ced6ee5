/** Bridges that are refused are told of above the level of other clients.
 * @module */
import { MqttError } from "../../packets/errors.ts";
import type { ConnectPacket } from "../../packets/types.ts";
import { BRIDGE_TOPICS } from "../../topics/topic_name.ts";
import type { Core } from "../core/core.ts";
import type { Connection } from "./connection.ts";
import { refusalOf } from "./refusal.ts";

/** A bridge is known by the bridge bit, or by its will: MQTT 5 has no such bit. */
export function tellOfBridge(core: Core, connection: Connection, packet: ConnectPacket, error: unknown): void {
  if (!(error instanceof MqttError) || connection.closed) return;
  if (!packet.bridge && !packet.will?.topic.startsWith(BRIDGE_TOPICS)) return;
  const { reasonCode, message } = refusalOf(error);
  const fields = { client: packet.clientId, remote: connection.socket.remoteAddress, reasonCode, reason: message };
  core.clientLog.warn("a bridge was refused", fields);
}
