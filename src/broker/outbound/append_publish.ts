/** A PUBLISH to one client, put together from the parts of the packet that brought the message.
 *
 * Most subscribers get the packet of the publisher as it is, but for its first byte and the Packet Identifier; the first one to
 * get it is sent the very bytes that were read, with these written over. What differs from client to client (version, Topic
 * Alias, Subscription Identifiers, the rest of the Message Expiry Interval) is written in front of the parts that stay, so that
 * properties are neither decoded nor encoded on the way (`tests/bench/publish_bench.ts`).
 * @module */
import { FixedHeader, PropertyId, publishHeader } from "../../packets/fixed_header.ts";
import { varintSize, type Writer } from "../../packets/writer.ts";
import { utf8Length, writeUtf8 } from "../../packets/utf8.ts";
import type { Message } from "../../session/message.ts";
import type { PublishDelivery } from "../../session/outbound_record.ts";
import type { OutboundAliases } from "../../session/topic_aliases.ts";
import type { OutboundQueue } from "./outbound_queue.ts";

/** Bytes of a Topic Alias with its identifier. */
const ALIAS_BYTES = 3;

/** What has to be known of the client that gets a PUBLISH. */
export interface Recipient {
  /** Where its packets go. */
  readonly out: OutboundQueue;
  /** True for a client of MQTT 5. */
  readonly version5: boolean;
  /** Its Maximum Packet Size in bytes. */
  readonly maximumPacketSize: number;
  /** Topic Aliases that it takes, `undefined` for none. */
  readonly outboundAliases: OutboundAliases | undefined;
  /** Milliseconds since 1970, as of this turn. */
  readonly recentTime: number;
}

/**
 * Appends a PUBLISH to the outbound queue of a client.
 *
 * @param to the client
 * @param message what is sent
 * @param delivery QoS, RETAIN, Subscription Identifiers and Packet Identifier
 * @param dup DUP flag
 * @returns false when it is larger than the client's Maximum Packet Size [MQTT-3.1.2-24]
 * @throws MqttError for a message of a program or a hook that cannot be encoded
 */
export function appendPublish(to: Recipient, message: Message, delivery: PublishDelivery, dup: boolean): boolean {
  if (message.frameStart === -1) message.encode();
  const waited = message.expiryStart === -1 || !to.version5 ? 0 : secondsWaited(to, message);
  return isForwarded(to, message, delivery, waited)
    ? forward(to, message, delivery, dup)
    : assemble(to, message, delivery, { dup, waited });
}

/** Whole seconds since the message arrived. */
function secondsWaited(to: Recipient, message: Message): number {
  return Math.max(0, Math.floor((to.recentTime - message.receivedAt) / 1000));
}

/** What is left of the Message Expiry Interval of a message that has one, in seconds [MQTT-3.3.2-6]. */
export function expiryLeft(to: Recipient, message: Message): number {
  return Math.max(0, message.expiryInterval! - secondsWaited(to, message));
}

/** True when the client gets the packet that brought the message, but for its first byte and the Packet Identifier. */
function isForwarded(to: Recipient, message: Message, delivery: PublishDelivery, waited: number): boolean {
  return message.version5 === to.version5 && message.qos > 0 === delivery.qos > 0 && message.topicAlias === 0 &&
    waited === 0 && (!to.version5 || delivery.identifiers === undefined && to.outboundAliases === undefined);
}

function forward(
  { out, maximumPacketSize }: Recipient,
  message: Message,
  delivery: PublishDelivery,
  dup: boolean,
): boolean {
  const { buffer, frameStart, frameEnd, slab } = message, first = publishHeader(delivery.qos, delivery.retain, dup);
  if (frameEnd - frameStart > maximumPacketSize) return false;
  if (first === FixedHeader.PUBLISH && buffer[frameStart] === first) {
    out.appendFrame(buffer, frameStart, frameEnd, slab);
  } else if (mayWriteOver(message)) {
    message.isWrittenOver = true;
    putDelivery(buffer, frameStart, message, delivery, first);
    out.appendFrame(buffer, frameStart, frameEnd, slab);
  } else {
    const { writer } = out, at = writer.length;
    writer.copy(buffer, frameStart, frameEnd);
    putDelivery(writer.buffer, at, message, delivery, first);
    out.appended();
  }
  return true;
}

/**
 * True when nobody else needs what the packet of the publisher says of its delivery: it is in a read buffer, it has not been
 * written over for somebody whose bytes may still wait there, and it is not retained. Those who get it later copy it, and write
 * over their copy.
 */
function mayWriteOver({ isWrittenOver, slab, retain }: Message): boolean {
  return !isWrittenOver && slab !== undefined && !retain;
}

/** Writes what a packet says of its delivery: DUP, QoS, RETAIN and Packet Identifier. */
function putDelivery(
  buffer: Uint8Array,
  at: number,
  { frameStart, propertiesStart }: Message,
  { qos, packetId }: PublishDelivery,
  first: number,
): void {
  buffer[at] = first;
  if (qos === 0) return;
  const packetIdAt = at + propertiesStart - frameStart - 2;
  buffer[packetIdAt] = packetId >> 8;
  buffer[packetIdAt + 1] = packetId;
}

/** Writes a packet of its own for this client. Nothing can fail once a Topic Alias is taken. */
function assemble(
  to: Recipient,
  message: Message,
  delivery: PublishDelivery,
  { dup, waited }: { dup: boolean; waited: number },
): boolean {
  const { out: { writer }, version5, maximumPacketSize } = to, { qos, packetId } = delivery;
  const identifiers = version5 ? delivery.identifiers : undefined;
  const topicLength = topicLengthOf(message), rest = 2 + (qos > 0 ? 2 : 0) + message.payloadLength;
  const properties = version5 ? keptBytes(message) + identifierBytes(identifiers) : NO_PROPERTIES;
  const size = packetSize(rest + topicLength, properties);
  if (size > maximumPacketSize) return false;
  const sizeWithAlias = version5 ? packetSize(rest + topicLength, properties + ALIAS_BYTES) : size;
  const alias = sizeWithAlias > maximumPacketSize ? undefined : to.outboundAliases?.use(message.topic);
  const sentTopicLength = alias?.known ? 0 : topicLength; // [MQTT-3.1.2-26]
  const sentProperties = alias === undefined ? properties : properties + ALIAS_BYTES;
  writer.reserve(sizeWithAlias);
  writer.u8(publishHeader(delivery.qos, delivery.retain, dup));
  writer.varint(remainingLength(rest + sentTopicLength, sentProperties));
  putTopic(writer, message, sentTopicLength);
  if (qos > 0) writer.u16(packetId);
  if (version5) {
    writer.varint(sentProperties);
    if (alias !== undefined) putAlias(writer, alias.alias);
    if (identifiers !== undefined) putIdentifiers(writer, identifiers);
    putKept(writer, message);
    if (waited > 0) putExpiry(writer, message, expiryLeft(to, message));
  } else writer.copy(message.buffer, message.payloadStart, message.frameEnd);
  to.out.appended();
  return true;
}

/** Stands for properties in a version that has none. */
const NO_PROPERTIES = -1;

function remainingLength(rest: number, properties: number): number {
  return properties === NO_PROPERTIES ? rest : rest + varintSize(properties) + properties;
}

function packetSize(rest: number, properties: number): number {
  const remaining = remainingLength(rest, properties);
  return 1 + varintSize(remaining) + remaining;
}

/** Bytes of the Topic Name; a packet with a Topic Alias may have come without it. */
function topicLengthOf({ topic, buffer, bodyStart }: Message): number {
  const length = buffer[bodyStart] << 8 | buffer[bodyStart + 1];
  return length === 0 ? utf8Length(topic) : length;
}

function putTopic(writer: Writer, { topic, buffer, bodyStart }: Message, length: number): void {
  writer.u16(length);
  if (length === 0) return;
  if ((buffer[bodyStart] | buffer[bodyStart + 1]) !== 0) writer.copy(buffer, bodyStart + 2, bodyStart + 2 + length);
  else writer.length = writeUtf8(topic, writer.buffer, writer.length);
}

/** Bytes of the properties that go on; the Topic Alias of the publisher does not. */
function keptBytes(message: Message): number {
  if (!message.version5) return 0;
  return message.payloadStart - contentStart(message) - (message.aliasStart === -1 ? 0 : ALIAS_BYTES);
}

/** Where the properties begin, behind their length. */
function contentStart({ buffer, propertiesStart }: Message): number {
  let at = propertiesStart;
  while (buffer[at] >= 0x80) at++;
  return at + 1;
}

/** Properties and payload stand one behind the other. */
function putKept(writer: Writer, message: Message): void {
  const { buffer, aliasStart, payloadStart, frameEnd } = message;
  const start = message.version5 ? contentStart(message) : payloadStart;
  if (aliasStart === -1) writer.copy(buffer, start, frameEnd);
  else {
    writer.copy(buffer, start, aliasStart);
    writer.copy(buffer, aliasStart + ALIAS_BYTES, frameEnd);
  }
}

/** Overwrites the Message Expiry Interval of a packet that has just been written. */
function putExpiry(writer: Writer, { frameEnd, expiryStart, aliasStart }: Message, seconds: number): void {
  const { buffer } = writer, moved = aliasStart > expiryStart ? ALIAS_BYTES : 0;
  const at = writer.length - (frameEnd - expiryStart - moved);
  buffer[at] = seconds >>> 24;
  buffer[at + 1] = seconds >>> 16;
  buffer[at + 2] = seconds >>> 8;
  buffer[at + 3] = seconds;
}

function putAlias(writer: Writer, alias: number): void {
  writer.u8(PropertyId.TopicAlias);
  writer.u16(alias);
}

function identifierBytes(identifiers: readonly number[] | undefined): number {
  let bytes = 0;
  if (identifiers !== undefined) { for (const identifier of identifiers) bytes += 1 + varintSize(identifier); }
  return bytes;
}

function putIdentifiers(writer: Writer, identifiers: readonly number[]): void {
  for (const identifier of identifiers) { // [MQTT-3.3.4-3]
    writer.u8(PropertyId.SubscriptionIdentifier);
    writer.varint(identifier);
  }
}
