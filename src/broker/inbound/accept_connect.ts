/** A client that is who it says gets its session and CONNACK (3.2).
 * @module */
import { MqttError } from "../../packets/errors.ts";
import { ReasonCode, reasonCodeName } from "../../packets/reason_codes.ts";
import { type ConnectPacket, PacketType } from "../../packets/types.ts";
import { connackProperties } from "../connection/connack.ts";
import type { Connection } from "../connection/connection.ts";
import { keepAlive } from "../connection/keep_alive.ts";
import { watched } from "../connection/read_ahead.ts";
import { authorize } from "../core/authorize.ts";
import type { Core } from "../core/core.ts";
import { pump } from "../outbound/pump.ts";
import { beginSession, clearWay } from "../sessions/session_begin.ts";
import { checkRate, checkRoom } from "./check_connect.ts";

/** The client is who it says: gives it its session and answers. */
export async function acceptConnect(core: Core, connection: Connection, packet: ConnectPacket): Promise<void> {
  const client = connection.client!;
  const assigned = packet.clientId === "" ? core.newClientId() : undefined; // [MQTT-3.1.3-6]
  client.id = assigned ?? packet.clientId;
  if (packet.will !== undefined) {
    const code = await authorize(core, client, packet.will.topic, "write", ReasonCode.ServerUnavailable);
    if (code !== ReasonCode.Success) {
      throw new MqttError(code, `Cannot accept will to ${packet.will.topic}: ${reasonCodeName(code)}`);
    }
  }
  if (connection.closed) return;
  core.hooks.observe(core.hooks.on.onSessionEstablish, client, packet);
  if (connection.closed) return;
  checkRoom(core, client, packet.will); // others may have come while the hooks were asked
  checkRate(core, client.id);
  for (let ending; (ending = clearWay(core, client, packet)) !== undefined;) {
    await watched(connection, ending);
    if (connection.closed) return;
    checkRoom(core, client, packet.will);
  }
  const sessionPresent = beginSession(core, connection, packet);
  const commit = core.hooks.observe(core.hooks.on.onSessionEstablished, client, client.session);
  if (commit !== undefined && !await stored(commit)) {
    throw new MqttError(ReasonCode.ServerUnavailable, "Cannot connect: the session could not be stored");
  }
  if (!connection.closed) welcome(core, connection, { packet, assigned, sessionPresent });
}

async function stored(commit: Promise<unknown>): Promise<boolean> {
  try {
    await commit;
    return true;
  } catch {
    return false;
  }
}

/** CONNACK 0x00, and whatever has waited for the client [MQTT-3.2.0-1]. */
function welcome(
  core: Core,
  connection: Connection,
  accepted: { packet: ConnectPacket; assigned: string | undefined; sessionPresent: boolean },
): void {
  const { packet } = accepted, { capabilities } = core.options;
  if (connection.reader !== undefined) connection.reader.maximumPacketSize = capabilities.maximumPacketSize;
  const properties = connackProperties(core, connection, accepted);
  const sent = connection.send({
    type: PacketType.CONNACK,
    sessionPresent: accepted.sessionPresent,
    reasonCode: ReasonCode.Success,
    properties,
  });
  if (!sent) {
    return connection.finish(ReasonCode.PacketTooLarge, {
      error: new Error("CONNACK is larger than the client's Maximum Packet Size"),
    });
  }
  if (connection.closed) return; // a hook that has seen CONNACK has ended it
  connection.state = "connected";
  connection.ready = true;
  connection.place?.letIn();
  connection.connect = undefined;
  keepAlive(core, connection);
  const session = connection.session!;
  session.sendQuota.begin(Math.min(packet.properties?.receiveMaximum ?? 65_535, capabilities.maximumInflight));
  session.existingOutbox?.connect();
  pump(core, session);
}
