/** From the type of a packet to its handler.
 * @module */
import { ReasonCode } from "../../packets/reason_codes.ts";
import { MqttError } from "../../packets/errors.ts";
import { type Packet, PacketType, type PublishPacket } from "../../packets/types.ts";
import type { Message } from "../../session/message.ts";
import { KnownTopic } from "../../topics/known_topic.ts";
import { stopAwaiting } from "../connection/connect_timer.ts";
import type { Connection } from "../connection/connection.ts";
import type { Core } from "../core/core.ts";
import { handleAuth } from "./handle_auth.ts";
import { handleConnect } from "./handle_connect.ts";
import { handleDisconnect } from "./handle_disconnect.ts";
import { handlePuback, handlePubcomp, handlePubrec, handlePubrel } from "./handle_acks.ts";
import { pipelineOf } from "./publish_pipeline.ts";
import { handleSubscribe } from "./handle_subscribe.ts";
import { handleUnsubscribe } from "./handle_unsubscribe.ts";

/**
 * Handles one packet of a client.
 * @returns a Promise only when a hook has to be waited for
 * @throws MqttError (also as rejection) that ends the connection
 */
export function handlePacket(core: Core, connection: Connection, packet: Packet): void | PromiseLike<void> {
  const { on } = core.hooks;
  if (connection.state !== "connected") stopAwaiting(connection);
  if (on.onPacketRead === undefined && on.onPacketProcessed === undefined) return dispatch(core, connection, packet);
  return handleObserved(core, connection, packet);
}

function dispatch(core: Core, connection: Connection, packet: Packet): void | PromiseLike<void> {
  if (connection.state !== "connected") return dispatchEarly(core, connection, packet);
  switch (packet.type) {
    case PacketType.PUBLISH:
      return pipelineOf(core, connection).take(messageFrom(core, connection, packet));
    case PacketType.PUBACK:
      return handlePuback(core, connection, packet.packetId);
    case PacketType.PUBREC:
      return handlePubrec(core, connection, packet.packetId, packet.reasonCode);
    case PacketType.PUBREL:
      return handlePubrel(core, connection, packet.packetId, packet.properties?.userProperties);
    case PacketType.PUBCOMP:
      return handlePubcomp(core, connection, packet.packetId);
    case PacketType.PINGREQ: // [MQTT-3.12.4-1]
      return void connection.send({ type: PacketType.PINGRESP });
    case PacketType.SUBSCRIBE:
      return handleSubscribe(core, connection, packet);
    case PacketType.UNSUBSCRIBE:
      return handleUnsubscribe(core, connection, packet);
    case PacketType.DISCONNECT:
      return handleDisconnect(core, connection, packet);
    case PacketType.AUTH:
      return handleAuth(core, connection, packet);
    case PacketType.CONNECT: // [MQTT-3.1.0-2]
      throw new MqttError(ReasonCode.ProtocolError, "Cannot connect twice on one connection");
    default:
      throw new MqttError(ReasonCode.ProtocolError, `Cannot accept packet type ${packet.type} from a client`);
  }
}

/** The message in a PUBLISH that a hook has seen or a program has made. */
function messageFrom(core: Core, connection: Connection, packet: PublishPacket): Message {
  const { topic, payload, qos, retain } = packet, { topicAlias, ...properties } = packet.properties ?? {};
  const publisherId = connection.client!.id, receivedAt = connection.lastRead;
  const kept = Object.keys(properties).length === 0 ? undefined : properties;
  const message = core.message({ topic, payload, qos, retain, properties: kept, publisherId, receivedAt });
  message.setTopic(new KnownTopic(topic));
  message.packetId = packet.packetId;
  message.dup = packet.dup;
  message.topicAlias = topicAlias ?? 0;
  message.isText = properties.payloadFormatIndicator === 1;
  return message;
}

/** Before CONNACK only CONNECT counts, and AUTH or DISCONNECT while authentication goes on [MQTT-3.1.2-30]. */
function dispatchEarly(core: Core, connection: Connection, packet: Packet): void | PromiseLike<void> {
  if (connection.state === "new" && packet.type === PacketType.CONNECT) return handleConnect(core, connection, packet);
  if (connection.state === "authenticating") {
    if (packet.type === PacketType.AUTH) return handleAuth(core, connection, packet);
    if (packet.type === PacketType.DISCONNECT) return connection.finish(ReasonCode.NormalDisconnection);
  }
  if (connection.state === "closed") return;
  throw new MqttError(ReasonCode.ProtocolError, `Cannot accept packet type ${packet.type} before CONNACK`);
}

async function handleObserved(core: Core, connection: Connection, packet: Packet): Promise<void> {
  const { hooks } = core;
  const client = connection.client;
  let handled = packet, failure: Error | undefined;
  try {
    if (client !== undefined) {
      const read = hooks.transform(hooks.on.onPacketRead, client, packet);
      handled = read instanceof Promise ? await read : read;
    }
    const pending = dispatch(core, connection, handled);
    if (pending !== undefined) await pending;
  } catch (error) {
    failure = error as Error;
    throw error;
  } finally {
    const seenBy = client ?? connection.client;
    if (seenBy !== undefined) hooks.observe(hooks.on.onPacketProcessed, seenBy, handled, failure);
  }
}
