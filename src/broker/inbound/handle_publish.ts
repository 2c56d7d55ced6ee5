/** PUBLISH from a client (3.3).
 * @module */
import { ReasonCode } from "../../packets/reason_codes.ts";
import { MqttError } from "../../packets/errors.ts";
import { type AckPacket, PacketType } from "../../packets/types.ts";
import { validateTopicName } from "../../topics/topic_name.ts";
import { authorize } from "../core/authorize.ts";
import type { Connection } from "../connection/connection.ts";
import type { Core } from "../core/core.ts";
import { answerAgain, beginReceiving, decisionOn, endReceiving, noteArriving } from "./inbound_qos2.ts";
import { publish, route, type WhenRouted } from "../routing/route_message.ts";
import type { Message } from "../../session/message.ts";

/**
 * Resolves the alias, validates, authorizes, routes, and acknowledges at last.
 * @throws MqttError 0x82, 0x90, 0x93, 0x94, 0x99, 0x9A, 0x9B for what ends the connection
 */
export function handlePublish(core: Core, connection: Connection, packet: Message): void | Promise<void> {
  core.info.messagesReceived++;
  checkCapabilities(core, packet);
  if (packet.properties !== undefined) resolveAlias(connection, packet);
  checkTopic(core, connection, packet.topic);
  if (packet.qos > 0 && !takeQuota(core, connection, packet)) return;
  if (packet.properties !== undefined && !isPayloadValid(core, packet)) return refusePayload(connection, packet);
  const verdict = authorize(core, connection.client!, packet.topic, "write");
  if (verdict === 0) return accept(core, connection, packet);
  if (typeof verdict === "number") return deny(connection, packet, verdict);
  return verdict.then((code) => code === 0 ? accept(core, connection, packet) : deny(connection, packet, code));
}

/** Judges a topic, unless it is the one that was found valid last. @throws MqttError 0x82, 0x90 */
export function checkTopic(core: Core, connection: Connection, topic: string): void {
  if (topic === connection.validTopic) return;
  validateTopicName(topic, core.options.capabilities.maximumTopicLevels); // [MQTT-3.3.2-2]
  connection.validTopic = topic;
}

function checkCapabilities(core: Core, packet: Message): void {
  const { maximumQos, retainAvailable } = core.options.capabilities;
  if (packet.qos > maximumQos) { // [MQTT-3.2.2-11]
    throw new MqttError(
      ReasonCode.QoSNotSupported,
      `Cannot publish at QoS ${packet.qos}: the maximum is ${maximumQos}`,
    );
  }
  if (packet.retain && !retainAvailable) { // [MQTT-3.2.2-14]
    throw new MqttError(
      ReasonCode.RetainNotSupported,
      "Cannot publish with RETAIN: retained messages are not available",
    );
  }
}

/** Completes the topic. The alias is of this connection alone and does not go on. */
function resolveAlias(connection: Connection, packet: Message): void {
  const properties = packet.properties!;
  if (properties.topicAlias === undefined) return;
  packet.topic = connection.inboundAliases!.resolve(properties.topicAlias, packet.topic);
  properties.topicAlias = undefined;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** False for a payload that is marked as UTF-8 and is not (3.3.2.3.2). */
function isPayloadValid(core: Core, { properties, payload }: Message): boolean {
  if (properties!.payloadFormatIndicator !== 1 || !core.options.capabilities.validatePayloadFormat) return true;
  try {
    utf8.decode(payload);
    return true;
  } catch {
    return false;
  }
}

function refusePayload(connection: Connection, packet: Message): void {
  const reason = `Cannot publish to ${packet.topic}: the payload is marked as UTF-8 and is not`;
  if (packet.qos === 0) throw new MqttError(ReasonCode.PayloadFormatInvalid, reason);
  deny(connection, packet, ReasonCode.PayloadFormatInvalid, reason);
}

/**
 * Counts a QoS 1/2 PUBLISH against Receive Maximum [MQTT-3.3.4-7].
 * @returns false for a QoS 2 message that is here already: PUBREC is repeated, nothing else happens [MQTT-4.3.3-10]
 */
function takeQuota(core: Core, connection: Connection, packet: Message): boolean {
  if (packet.qos === 2 && connection.session!.existingInbound?.has(packet.packetId)) {
    answerAgain(core, connection, packet.packetId);
    return false;
  }
  if (connection.version === 5 && connection.receiving >= core.options.capabilities.receiveMaximum) {
    throw new MqttError(
      ReasonCode.ReceiveMaximumExceeded,
      `Cannot accept more than ${connection.receiving} unacknowledged messages`,
    );
  }
  connection.receiving++;
  return true;
}

export function accept(core: Core, connection: Connection, packet: Message): void | Promise<void> {
  if (packet.qos === 2) {
    const session = connection.session!, earlier = decisionOn(session, packet.packetId);
    if (earlier !== undefined) return acceptAfter(earlier, core, connection, packet);
    if (session.existingInbound?.has(packet.packetId)) return answerAgain(core, connection, packet.packetId);
  }
  return acceptBy(publish, core, connection, packet);
}

/** Takes a message once it is known what has become of it over an earlier connection. */
function acceptAfter(
  decided: Promise<unknown>,
  core: Core,
  connection: Connection,
  packet: Message,
): Promise<void> {
  const again = () => connection.closed ? undefined : accept(core, connection, packet);
  return decided.then(again, again);
}

/** Routes a message that `onPublish` has seen, and acknowledges what came from the client. */
export function acceptSeen(
  core: Core,
  connection: Connection,
  packet: Message,
  message: Message = packet,
): void | Promise<void> {
  return acceptBy(route, core, connection, packet, message);
}

function acceptBy(
  routeBy: typeof route,
  core: Core,
  connection: Connection,
  packet: Message,
  message: Message = packet,
): void | Promise<void> {
  let routed: Message | Promise<Message>;
  try {
    const whenRouted = packet.qos === 2 ? beginning(core, connection, packet) : undefined;
    routed = routeBy(core, connection.client!, message, whenRouted);
  } catch (error) {
    return refused(connection, packet, error);
  }
  if (routed instanceof Promise) {
    const { packetId } = packet;
    if (packet.qos === 2) noteArriving(connection.session!, { first: packetId, last: packetId, decided: routed });
    return acceptLater(core, connection, packet, routed);
  }
  acknowledge(core, connection, packet, routed);
}

/** Its Packet Identifier is remembered together with what it has changed: a crash never sees one without the other. */
export function beginning(core: Core, connection: Connection, { packetId }: Message): WhenRouted {
  return (message) => message.awaitCommit(beginReceiving(core, connection.session!, packetId));
}

async function acceptLater(
  core: Core,
  connection: Connection,
  packet: Message,
  routed: Promise<Message>,
): Promise<void> {
  try {
    acknowledge(core, connection, packet, await routed);
  } catch (error) {
    refused(connection, packet, error);
  }
}

/** A hook or a limit refused the message: told at QoS 1/2, dropped at QoS 0. */
export function refused(connection: Connection, packet: Message, error: unknown): void {
  if (!(error instanceof MqttError)) throw error;
  deny(connection, packet, error.reasonCode, error.message);
}

export function acknowledge(core: Core, connection: Connection, packet: Message, message: Message): void {
  if (packet.qos === 0) return;
  const { commits } = message;
  const reasonCode = message.reached === 0 && connection.version === 5 ? ReasonCode.NoMatchingSubscribers : 0;
  if (commits === undefined && connection.gate.open) return sendPublishAck(core, connection, packet, reasonCode);
  connection.gate.after(commits, (failed) => {
    if (failed === undefined) sendPublishAck(core, connection, packet, reasonCode);
    else withhold(core, connection, { packet, failed });
  });
}

function sendPublishAck(core: Core, connection: Connection, packet: Message, reasonCode: number): void {
  const type = packet.qos === 1 ? PacketType.PUBACK : PacketType.PUBREC;
  if (packet.qos === 1) connection.receiving--;
  const userProperties = packet.properties?.userProperties;
  if (userProperties === undefined || !core.options.compatibilities.inheritPropertiesOnAck) {
    connection.sendAck(type, packet.packetId, reasonCode);
  } else connection.send({ type, packetId: packet.packetId, reasonCode, properties: { userProperties } });
}

/** Storage has failed: the message is not taken over, so it is not acknowledged. */
function withhold(core: Core, connection: Connection, lost: { packet: Message; failed: unknown }): void {
  const { packet, failed } = lost;
  const error = failed instanceof MqttError
    ? failed
    : new MqttError(ReasonCode.ImplementationSpecificError, "the message could not be stored");
  if (packet.qos === 2) endReceiving(core, connection.session!, packet.packetId);
  if (connection.version !== 5) return connection.close(ReasonCode.ImplementationSpecificError, error); // [v311 MQTT-4.8.0-2]
  deny(connection, packet, error.reasonCode, error.message);
}

/** Answers a PUBLISH that is not taken; the connection stays [MQTT-3.4.2-1] [MQTT-3.5.2-1]. */
export function deny(connection: Connection, packet: Message, reasonCode: number, reason?: string): void {
  if (packet.qos === 0) return;
  connection.receiving--;
  const type: AckPacket["type"] = packet.qos === 1 ? PacketType.PUBACK : PacketType.PUBREC;
  const code = connection.publicReason(type, reasonCode);
  const reasonString = reason ?? `Cannot publish to ${packet.topic}: not authorized`;
  connection.gate.after(undefined, () => {
    if (connection.version === 5) {
      connection.send({ type, packetId: packet.packetId, reasonCode: code, properties: { reasonString } });
    } else if (code === ReasonCode.ImplementationSpecificError || code === ReasonCode.QuotaExceeded) { // another time it may be taken [v311 MQTT-4.8.0-2]
      connection.close(code, new Error(reasonString));
    } else connection.sendAck(type, packet.packetId); // [v311 MQTT-3.3.5-2]
  });
}
