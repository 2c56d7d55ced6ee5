/** CONNECT: from the first packet to CONNACK (3.1).
 * @module */
import { ReasonCode } from "../../packets/reason_codes.ts";
import { MqttError } from "../../packets/errors.ts";
import type { ConnectPacket } from "../../packets/types.ts";
import { Client } from "../../session/client.ts";
import { InboundAliases, OutboundAliases } from "../../session/topic_aliases.ts";
import { watched } from "../connection/read_ahead.ts";
import { tellOfBridge } from "../connection/tell_of_bridge.ts";
import type { Connection } from "../connection/connection.ts";
import type { Core } from "../core/core.ts";
import { checkConnect } from "./check_connect.ts";
import { acceptConnect } from "./accept_connect.ts";
import { beginAuthentication } from "./handle_auth.ts";
import { allowedKeepAlive } from "../connection/keep_alive.ts";

/**
 * Checks a CONNECT and lets the hooks decide.
 * @throws MqttError (as rejection) with the reason code for CONNACK
 */
export async function handleConnect(core: Core, connection: Connection, received: ConnectPacket): Promise<void> {
  try {
    await decideOnConnect(core, connection, received);
  } catch (error) {
    tellOfBridge(core, connection, received, error);
    throw error;
  }
}

async function decideOnConnect(core: Core, connection: Connection, received: ConnectPacket): Promise<void> {
  connection.version = received.protocolVersion;
  connection.state = "authenticating";
  connection.askedExpiry = received.properties?.sessionExpiryInterval ?? 0;
  const client = connection.client = newClient(connection, received);
  const { username } = received;
  const read = await watched(connection, core.hooks.transform(core.hooks.on.onPacketRead, client, received));
  const packet = await watched(connection, core.hooks.transform(core.hooks.on.onConnect, client, read));
  if (connection.closed) return;
  takeChanges(client, packet, username);
  takeLimits(core, connection, packet);
  checkConnect(core, client, packet);
  client.id = packet.clientId;
  if (packet.protocolVersion === 5) client.keepAlive = allowedKeepAlive(core, packet.keepAlive); // [MQTT-3.2.2-22]
  if (packet.properties?.authenticationMethod !== undefined) return beginAuthentication(core, connection, packet);
  const allowed = await watched(connection, core.hooks.decide(core.hooks.on.onConnectAuthenticate, client, packet));
  if (!allowed) throw new MqttError(ReasonCode.BadUserNameOrPassword, "Cannot connect: bad user name or password");
  await acceptConnect(core, connection, packet);
}

function newClient(connection: Connection, packet: ConnectPacket): Client {
  const client = new Client({
    id: packet.clientId,
    username: packet.username,
    protocolVersion: packet.protocolVersion,
    remoteAddress: connection.socket.remoteAddress,
    listenerId: connection.listenerId,
    transport: connection.transport,
    certificate: connection.socket.certificate,
    cleanStart: packet.cleanStart,
    keepAlive: packet.keepAlive,
    properties: packet.properties,
    bridge: packet.bridge,
  });
  client.closeConnection = (reasonCode, options) => connection.close(reasonCode, undefined, options);
  return client;
}

/** A hook may have changed the packet; a User Name that it gave to the client itself stays. */
function takeChanges(client: Client, packet: ConnectPacket, asked: string | undefined): void {
  if (packet.username !== asked) client.username = packet.username;
  client.cleanStart = packet.cleanStart;
  client.keepAlive = packet.keepAlive;
  client.properties = packet.properties;
}

/** What the client says of itself counts from here on, for a refusal too. */
function takeLimits(core: Core, connection: Connection, packet: ConnectPacket): void {
  const { properties } = packet;
  connection.problemInformation = properties?.requestProblemInformation !== 0;
  connection.maximumPacketSize = properties?.maximumPacketSize ?? Infinity;
  connection.inboundAliases = new InboundAliases(core.options.capabilities.topicAliasMaximum, core.aliases);
  const aliases = Math.min(properties?.topicAliasMaximum ?? 0, core.options.capabilities.outboundTopicAliasMaximum);
  if (aliases > 0) connection.outboundAliases = new OutboundAliases(aliases, core.outboundAliases); // [MQTT-3.1.2-27]
}
