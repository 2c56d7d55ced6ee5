/** CONNECT: from the first packet to CONNACK (3.1).
 * @module */
import { ReasonCode } from "../../packets/reason_codes.ts";
import { MqttError } from "../../packets/errors.ts";
import { type ConnectPacket, PacketType } from "../../packets/types.ts";
import { Client } from "../../session/client.ts";
import { InboundAliases, OutboundAliases } from "../../session/topic_aliases.ts";
import { tellOfBridge } from "../connection/tell_of_bridge.ts";
import { authorize } from "../core/authorize.ts";
import { connackProperties } from "../connection/connack.ts";
import type { Connection } from "../connection/connection.ts";
import type { Core } from "../core/core.ts";
import { checkConnect, checkRoom } from "./check_connect.ts";
import { beginAuthentication } from "./handle_auth.ts";
import { allowedKeepAlive, keepAlive } from "../connection/keep_alive.ts";
import { pump } from "../outbound/pump.ts";
import { beginSession } from "../sessions/session_begin.ts";

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
  const read = await core.hooks.transform(core.hooks.on.onPacketRead, client, received);
  const packet = await core.hooks.transform(core.hooks.on.onConnect, client, read);
  if (connection.closed) return;
  takeChanges(client, packet, username);
  takeLimits(core, connection, packet);
  checkConnect(core, packet);
  client.id = packet.clientId;
  if (packet.protocolVersion === 5) client.keepAlive = allowedKeepAlive(core, packet.keepAlive); // [MQTT-3.2.2-22]
  if (packet.properties?.authenticationMethod !== undefined) return beginAuthentication(core, connection, packet);
  const allowed = await core.hooks.decide(core.hooks.on.onConnectAuthenticate, client, packet);
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
  client.link = (reasonCode, options) => connection.close(reasonCode, undefined, options);
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
  connection.inboundAliases = new InboundAliases(core.options.capabilities.topicAliasMaximum);
  const aliases = Math.min(properties?.topicAliasMaximum ?? 0, core.options.capabilities.outboundTopicAliasMaximum);
  if (aliases > 0) connection.outboundAliases = new OutboundAliases(aliases); // [MQTT-3.1.2-27]
}

/** The client is who it says: gives it its session and answers. */
export async function acceptConnect(core: Core, connection: Connection, packet: ConnectPacket): Promise<void> {
  const client = connection.client!;
  const assigned = packet.clientId === "" ? core.newClientId() : undefined; // [MQTT-3.1.3-6]
  client.id = assigned ?? packet.clientId;
  if (packet.will !== undefined) {
    const code = await authorize(core, client, packet.will.topic, "write", ReasonCode.ServerUnavailable);
    if (code !== 0) throw new MqttError(code, `Cannot accept will: not authorized to publish to ${packet.will.topic}`);
  }
  if (connection.closed) return;
  core.hooks.observe(core.hooks.on.onSessionEstablish, client, packet);
  if (connection.closed) return;
  checkRoom(core, client.id); // others may have come while the hooks were asked
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
    reasonCode: 0,
    properties,
  });
  if (!sent) {
    return connection.finish(ReasonCode.PacketTooLarge, {
      error: new Error("CONNACK is larger than the client's Maximum Packet Size"),
    });
  }
  connection.state = "connected";
  connection.ready = true;
  connection.connect = undefined;
  keepAlive(core, connection);
  const session = connection.session!;
  session.sendQuota = Math.min(packet.properties?.receiveMaximum ?? 65_535, capabilities.maximumInflight);
  session.existingOutbox?.connect(session.sendQuota);
  pump(core, session);
}
