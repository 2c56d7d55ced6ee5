/** A PUBLISH to one client: copied from a template where that does, built for this client otherwise.
 * @module */
import { encodeInto } from "../../packets/codec.ts";
import { publishSize } from "../../packets/publish.ts";
import { PacketType, type Properties, type PublishPacket, type QoS } from "../../packets/types.ts";
import type { Message } from "../../session/message.ts";
import type { FrameRun } from "../../session/session.ts";
import type { OutboundQueue } from "./outbound_queue.ts";
import type { Connection } from "../connection/connection.ts";

/** How a message goes out this time. */
export interface PublishDelivery {
  readonly qos: QoS;
  readonly retain: boolean;
  readonly identifiers: readonly number[] | undefined;
  readonly packetId: number;
  readonly dup: boolean;
}

/**
 * Appends a PUBLISH to the outbound queue of a connection.
 * @returns false when it is larger than the client's Maximum Packet Size [MQTT-3.1.2-24], or a hook refuses it
 */
export function sendPublish(connection: Connection, message: Message, delivery: PublishDelivery): boolean {
  try {
    return append(connection, message, delivery);
  } catch (error) { // concerns this client alone, not the publisher and not the other subscribers
    connection.core.options.logger.warn("a message cannot be sent", {
      client: connection.client?.id,
      topic: message.topic,
      error: String(error),
    });
    return false;
  }
}

function append(connection: Connection, message: Message, delivery: PublishDelivery): boolean {
  if (!isPlain(connection, message, delivery)) return sendOwn(connection, message, delivery);
  const { info } = connection.core;
  const sent = frameFits(connection, message, delivery)
    ? sendFrame(connection, message, delivery)
    : sendTemplate(connection, message, delivery);
  if (!sent) return false;
  info.packetsSent++;
  info.messagesSent++;
  return true;
}

/** True when the packet of the publisher is what the subscriber gets, but for its first byte and the Packet Identifier. */
function frameFits(connection: Connection, message: Message, delivery: PublishDelivery): boolean {
  return message.frameStart >= 0 && message.frameVersion5 === (connection.version === 5) &&
    (message.packetId > 0) === (delivery.qos > 0);
}

function sendFrame(connection: Connection, message: Message, delivery: PublishDelivery): boolean {
  const { buffer, frameStart, frameEnd } = message, { out } = connection;
  if (frameEnd - frameStart > connection.maximumPacketSize) return false;
  if (buffer[frameStart] === 0x30 && !delivery.retain) out.appendFrame(buffer, frameStart, frameEnd);
  else {
    const packetIdAt = message.payloadStart - frameStart - (message.frameVersion5 ? 3 : 2); // before an empty Property Length
    appendCopy(out, message.frame, packetIdAt, delivery);
  }
  return true;
}

function sendTemplate(connection: Connection, message: Message, delivery: PublishDelivery): boolean {
  const template = connection.core.templates.get(message, connection.version, delivery.qos, delivery.retain);
  if (template.bytes.length > connection.maximumPacketSize) return false;
  appendCopy(connection.out, template.bytes, template.packetIdAt, delivery);
  return true;
}

/** Copies the packets of a run and puts in the Packet Identifiers of this client. */
export function appendRun(out: OutboundQueue, run: FrameRun, first: number): void {
  const { writer } = out, moved = writer.length - run.start, { packetIdsAt } = run;
  writer.bytes(run.buffer.subarray(run.start, run.end));
  const { buffer } = writer;
  for (let index = 0; index < run.count; index++) {
    const at = packetIdsAt[index] + moved, packetId = first + index;
    buffer[at] = packetId >> 8;
    buffer[at + 1] = packetId;
  }
  out.appended(run.count);
}

/** Copies a packet and puts in what is this delivery's own. */
function appendCopy(out: OutboundQueue, bytes: Uint8Array, packetIdAt: number, delivery: PublishDelivery): void {
  const writer = out.writer, at = writer.length, { qos, retain, dup, packetId } = delivery;
  writer.bytes(bytes);
  const { buffer } = writer;
  buffer[at] = 0x30 | (dup ? 0x08 : 0) | qos << 1 | (retain ? 1 : 0); // [MQTT-3.3.1-1]
  if (qos > 0) {
    buffer[at + packetIdAt] = packetId >> 8;
    buffer[at + packetIdAt + 1] = packetId;
  }
  out.appended();
}

/** True when every client of this version gets the same bytes. */
function isPlain(connection: Connection, message: Message, delivery: PublishDelivery): boolean {
  const { on } = connection.core.hooks;
  if (on.onPacketEncode !== undefined || on.onPacketSent !== undefined) return false;
  return connection.version !== 5 ||
    connection.outboundAliases === undefined && delivery.identifiers === undefined &&
      message.properties?.messageExpiryInterval === undefined;
}

function sendOwn(connection: Connection, message: Message, delivery: PublishDelivery): boolean {
  const { core, out, client } = connection;
  let packet: PublishPacket = {
    type: PacketType.PUBLISH,
    topic: message.topic,
    payload: message.payload,
    qos: delivery.qos,
    retain: delivery.retain,
    dup: delivery.dup,
    packetId: delivery.packetId,
    properties: connection.version === 5 ? ownProperties(connection, message, delivery) : undefined,
  };
  if (core.hooks.on.onPacketEncode !== undefined) {
    packet = core.hooks.transformNow(core.hooks.on.onPacketEncode, client, packet);
  }
  if (publishSize(packet, connection.version) > connection.maximumPacketSize) return false;
  if (!encodeInto(out.writer, withAlias(connection, packet), connection.version)) return false;
  out.appended();
  core.info.packetsSent++;
  core.info.messagesSent++;
  if (core.hooks.on.onPacketSent !== undefined) core.hooks.observe(core.hooks.on.onPacketSent, client, packet);
  return true;
}

function ownProperties(connection: Connection, message: Message, delivery: PublishDelivery): Properties | undefined {
  const { identifiers } = delivery, interval = message.properties?.messageExpiryInterval;
  if (identifiers === undefined && interval === undefined) return message.properties;
  const properties: Properties = { ...message.properties };
  if (identifiers !== undefined) properties.subscriptionIdentifiers = identifiers as number[]; // [MQTT-3.3.4-3]
  if (interval !== undefined) { // [MQTT-3.3.2-6]
    const seconds = Math.floor((connection.core.now() - message.receivedAt) / 1000);
    properties.messageExpiryInterval = Math.max(0, interval - Math.max(0, seconds));
  }
  return properties;
}

/** The packet with a Topic Alias, where the client takes aliases and the packet still fits. */
function withAlias(connection: Connection, packet: PublishPacket): PublishPacket {
  if (connection.outboundAliases === undefined) return packet;
  if (publishSize(packet, connection.version) + 4 > connection.maximumPacketSize) return packet;
  const { alias, known } = connection.outboundAliases.use(packet.topic); // [MQTT-3.1.2-26]
  return { ...packet, topic: known ? "" : packet.topic, properties: { ...packet.properties, topicAlias: alias } };
}
