/** Sessions and subscriptions as bytes.
 * @module */
import { PacketType, type Properties, type ProtocolVersion, type QoS, type Will } from "../../src/packets/types.ts";
import { propertiesSize } from "../../src/packets/properties.ts";
import type { StoredClient, StoredSubscription } from "../../src/hook/records.ts";
import type { PendingWill } from "../../src/session/will.ts";
import { putProperties, takeProperties } from "./codec_message.ts";
import { Decoder } from "./decoder.ts";
import { Encoder, textRoom } from "./encoder.ts";

const encoder = new Encoder();
const USERNAME = 1, PROPERTIES = 2, DISCONNECTED = 4, WILL = 8, WILL_DUE = 16, ORIGIN = 32;
const RETAIN = 4, WILL_PROPERTIES = 8; // of a will, above QoS
const NO_LOCAL = 4, AS_PUBLISHED = 8; // of a subscription, above QoS and below Retain Handling

/**
 * A session without its subscriptions and messages. Authentication Data is a secret and is left out.
 *
 * @param client the session
 * @returns its bytes
 */
export function encodeClient(client: StoredClient): Uint8Array {
  const { username, remoteAddress = "", listenerId = "", disconnectedAt, will } = client,
    properties = withoutSecrets(client.properties);
  encoder.begin(clientRoom(client, properties));
  encoder.u8(
    (username === undefined ? 0 : USERNAME) | (properties === undefined ? 0 : PROPERTIES) |
      (disconnectedAt === undefined ? 0 : DISCONNECTED) | (will === undefined ? 0 : WILL) |
      (will?.dueAt === undefined ? 0 : WILL_DUE) | (remoteAddress + listenerId === "" ? 0 : ORIGIN),
  );
  encoder.u8(client.protocolVersion);
  encoder.u32(client.sessionExpiryInterval);
  encoder.text(client.clientId);
  if (username !== undefined) encoder.text(username);
  if (remoteAddress + listenerId !== "") {
    encoder.text(remoteAddress);
    encoder.text(listenerId);
  }
  if (disconnectedAt !== undefined) encoder.u48(disconnectedAt);
  if (properties !== undefined) putProperties(encoder, properties, PacketType.CONNECT);
  if (will !== undefined) putWill(will);
  return encoder.end();
}

function clientRoom(client: StoredClient, properties: Properties | undefined): number {
  const { will } = client;
  let room = 32 + textRoom(client.clientId) + textRoom(client.username ?? "");
  room += textRoom(client.remoteAddress ?? "") + textRoom(client.listenerId ?? "");
  if (properties !== undefined) room += propertiesSize(properties, PacketType.CONNECT, "client");
  if (will === undefined) return room;
  room += 16 + textRoom(will.will.topic) + will.will.payload.length;
  return room + propertiesSize(will.will.properties, "WILL", "client");
}

function withoutSecrets(properties: Properties | undefined): Properties | undefined {
  if (properties?.authenticationData === undefined) return properties;
  return { ...properties, authenticationData: undefined };
}

function putWill({ will, dueAt }: PendingWill): void {
  const { properties } = will;
  encoder.u8(will.qos | (will.retain ? RETAIN : 0) | (properties === undefined ? 0 : WILL_PROPERTIES));
  if (dueAt !== undefined) encoder.u48(dueAt);
  encoder.text(will.topic);
  if (properties !== undefined) putProperties(encoder, properties, "WILL");
  encoder.bytes(will.payload);
}

/**
 * Reads a session back.
 *
 * @param bytes what {@linkcode encodeClient} made
 * @returns the session
 * @throws {RangeError} when the bytes end too early
 */
export function decodeClient(bytes: Uint8Array): StoredClient {
  const source = new Decoder(bytes), flags = source.u8(), protocolVersion = source.u8() as ProtocolVersion;
  const sessionExpiryInterval = source.u32(), clientId = source.text();
  const username = flags & USERNAME ? source.text() : undefined;
  const origin = flags & ORIGIN ? { remoteAddress: source.text(), listenerId: source.text() } : undefined;
  const disconnectedAt = flags & DISCONNECTED ? source.u48() : undefined;
  const properties = flags & PROPERTIES ? takeProperties(source, PacketType.CONNECT) : undefined;
  const will = flags & WILL ? takeWill(source, (flags & WILL_DUE) !== 0) : undefined;
  return { clientId, username, ...origin, protocolVersion, properties, sessionExpiryInterval, disconnectedAt, will };
}

function takeWill(source: Decoder, isDue: boolean): PendingWill {
  const flags = source.u8(), dueAt = isDue ? source.u48() : undefined, topic = source.text();
  const properties = flags & WILL_PROPERTIES ? takeProperties(source, "WILL") : undefined;
  const will: Will = { topic, payload: source.rest(), qos: (flags & 3) as QoS, retain: (flags & RETAIN) !== 0 };
  if (properties !== undefined) will.properties = properties;
  return { will, dueAt };
}

/**
 * A subscription.
 *
 * @param subscription the subscription
 * @returns its bytes
 */
export function encodeSubscription(subscription: StoredSubscription): Uint8Array {
  encoder.begin(8 + textRoom(subscription.topicFilter));
  encoder.u8(
    subscription.qos | (subscription.noLocal ? NO_LOCAL : 0) | (subscription.retainAsPublished ? AS_PUBLISHED : 0) |
      subscription.retainHandling << 4,
  );
  encoder.u32(subscription.identifier);
  encoder.text(subscription.topicFilter);
  return encoder.end();
}

/**
 * Reads a subscription back.
 *
 * @param bytes what {@linkcode encodeSubscription} made
 * @param clientId whose it is
 * @returns the subscription
 * @throws {RangeError} when the bytes end too early
 */
export function decodeSubscription(bytes: Uint8Array, clientId: string): StoredSubscription {
  const source = new Decoder(bytes), flags = source.u8(), identifier = source.u32(), topicFilter = source.text();
  return {
    clientId,
    topicFilter,
    qos: (flags & 3) as QoS,
    noLocal: (flags & NO_LOCAL) !== 0,
    retainAsPublished: (flags & AS_PUBLISHED) !== 0,
    retainHandling: (flags >> 4 & 3) as 0 | 1 | 2,
    identifier,
  };
}
