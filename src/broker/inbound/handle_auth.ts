/** Enhanced authentication: the exchange of AUTH packets before CONNACK and later (4.12).
 * @module */
import { ReasonCode } from "../../packets/reason_codes.ts";
import { MqttError } from "../../packets/errors.ts";
import { type AuthPacket, type ConnectPacket, PacketType } from "../../packets/types.ts";
import { awaitClient } from "../connection/connect_timer.ts";
import type { Connection } from "../connection/connection.ts";
import { watched } from "../connection/read_ahead.ts";
import { tellOfBridge } from "../connection/tell_of_bridge.ts";
import type { Core } from "../core/core.ts";
import { acceptConnect } from "./accept_connect.ts";

/** The first step, made of the method and data of CONNECT. */
export function beginAuthentication(core: Core, connection: Connection, packet: ConnectPacket): Promise<void> {
  const { authenticationMethod, authenticationData } = packet.properties!;
  connection.connect = packet;
  connection.authentication = { authenticationMethod };
  const properties = { authenticationMethod, authenticationData };
  return step(core, connection, { type: PacketType.AUTH, reasonCode: ReasonCode.ContinueAuthentication, properties });
}

/**
 * AUTH from a client: the next step, or the begin of a re-authentication.
 * @throws MqttError (as rejection) 0x82, 0x8C, or the code of a hook
 */
export async function handleAuth(core: Core, connection: Connection, packet: AuthPacket): Promise<void> {
  const method = connection.authentication?.authenticationMethod;
  if (method === undefined) {
    throw new MqttError(ReasonCode.ProtocolError, "Cannot accept AUTH: CONNECT named no authentication method"); // [MQTT-4.12.0-7]
  }
  if (packet.properties?.authenticationMethod !== method) { // [MQTT-4.12.0-5] [MQTT-4.12.1-1]
    throw new MqttError(
      ReasonCode.BadAuthenticationMethod,
      `Cannot accept AUTH: the method of this connection is ${method}`,
    );
  }
  const expected = connection.state === "authenticating" || connection.reauthenticating
    ? ReasonCode.ContinueAuthentication
    : ReasonCode.ReAuthenticate;
  if (packet.reasonCode !== expected) { // [MQTT-4.12.0-3]
    throw new MqttError(
      ReasonCode.ProtocolError,
      `Cannot accept AUTH: its reason code is ${packet.reasonCode}, expected ${expected}`,
    );
  }
  connection.reauthenticating = connection.state === "connected";
  try {
    await step(core, connection, packet);
  } catch (error) {
    if (connection.connect !== undefined) tellOfBridge(core, connection, connection.connect, error);
    throw error;
  }
}

/**
 * AUTH packets that a client may be asked for before it is let in: each of them begins its time anew, and an exchange that
 * never ends would hold its place for ever. The mechanisms in use need less than five.
 */
const MOST_STEPS = 32;

/** The client has its time for one step more. */
function askOnce(core: Core, connection: Connection): void {
  if (++connection.authenticationSteps > MOST_STEPS) {
    throw new MqttError(ReasonCode.NotAuthorized, `Cannot authenticate: not done after ${MOST_STEPS} steps`);
  }
  awaitClient(core, connection, "AUTH");
}

async function step(core: Core, connection: Connection, packet: AuthPacket): Promise<void> {
  const answer = core.hooks.answer<AuthPacket>(core.hooks.on.onAuthPacket, connection.client, packet);
  const reply = await (connection.state === "authenticating" ? watched(connection, answer) : answer);
  if (connection.closed) return;
  const method = connection.authentication!.authenticationMethod;
  if (reply === undefined) {
    throw new MqttError(
      ReasonCode.BadAuthenticationMethod,
      `Cannot authenticate: the method ${method} is not supported`,
    ); // [MQTT-4.12.0-1]
  }
  const properties = { ...reply.properties, authenticationMethod: method };
  if (reply.reasonCode === ReasonCode.ContinueAuthentication) {
    if (connection.state === "authenticating") askOnce(core, connection);
    return void connection.send({ ...reply, type: PacketType.AUTH, properties }); // [MQTT-4.12.0-2]
  }
  if (reply.reasonCode !== ReasonCode.Success) {
    throw new MqttError(ReasonCode.NotAuthorized, properties.reasonString ?? "Cannot authenticate: not authorized");
  }
  if (connection.state === "authenticating") {
    connection.authentication = { authenticationMethod: method, authenticationData: properties.authenticationData };
    return acceptConnect(core, connection, connection.connect!);
  }
  connection.reauthenticating = false;
  connection.send({ type: PacketType.AUTH, reasonCode: ReasonCode.Success, properties });
}
