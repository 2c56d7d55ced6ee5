/** Reason codes of MQTT 5 (2.4), where each may be used.
 * @module */

import { PacketType } from "./types.ts";

/**
 * The reason codes by their names in the standard.
 *
 * @example
 * ```ts
 * import { ReasonCode } from "@mochi/broker/packets";
 *
 * console.assert(ReasonCode.NotAuthorized === 0x87);
 * ```
 */
export const ReasonCode = {
  /** The request was accepted. */
  Success: 0x00,
  /** DISCONNECT without an error; cancels the will. */
  NormalDisconnection: 0x00,
  /** SUBACK: at most QoS 0. */
  GrantedQoS0: 0x00,
  /** SUBACK: at most QoS 1. */
  GrantedQoS1: 0x01,
  /** SUBACK: at most QoS 2. */
  GrantedQoS2: 0x02,
  /** DISCONNECT of a client whose will is to be sent. */
  DisconnectWithWill: 0x04,
  /** Accepted, but nobody has a matching subscription. */
  NoMatchingSubscribers: 0x10,
  /** UNSUBACK: the filter was not subscribed. */
  NoSubscriptionExisted: 0x11,
  /** AUTH: another step is needed. */
  ContinueAuthentication: 0x18,
  /** AUTH: a client begins anew on a live connection. */
  ReAuthenticate: 0x19,
  /** No other code fits, or the reason is not to be told. */
  UnspecifiedError: 0x80,
  /** The bytes do not form a packet. */
  MalformedPacket: 0x81,
  /** A well-formed packet that is not allowed. */
  ProtocolError: 0x82,
  /** Valid, but not accepted by this implementation. */
  ImplementationSpecificError: 0x83,
  /** Protocol name or level not supported. */
  UnsupportedProtocolVersion: 0x84,
  /** The ClientID is refused. */
  ClientIdentifierNotValid: 0x85,
  /** The credentials are refused. */
  BadUserNameOrPassword: 0x86,
  /** The client may not do this. */
  NotAuthorized: 0x87,
  /** The service is not there at the moment. */
  ServerUnavailable: 0x88,
  /** Too much to do, try later. */
  ServerBusy: 0x89,
  /** The client is barred. */
  Banned: 0x8A,
  /** The server stops. */
  ServerShuttingDown: 0x8B,
  /** Authentication Method unknown or changed. */
  BadAuthenticationMethod: 0x8C,
  /** Nothing arrived for one and a half Keep Alives. */
  KeepAliveTimeout: 0x8D,
  /** Another connection uses the ClientID now. */
  SessionTakenOver: 0x8E,
  /** Well-formed filter that is not accepted. */
  TopicFilterInvalid: 0x8F,
  /** Well-formed name that is not accepted. */
  TopicNameInvalid: 0x90,
  /** The identifier is busy in another exchange. */
  PacketIdentifierInUse: 0x91,
  /** The identifier belongs to no exchange. */
  PacketIdentifierNotFound: 0x92,
  /** More unacknowledged PUBLISH than the receiver allows. */
  ReceiveMaximumExceeded: 0x93,
  /** Topic Alias 0 or above the maximum. */
  TopicAliasInvalid: 0x94,
  /** The packet exceeds the receiver's Maximum Packet Size. */
  PacketTooLarge: 0x95,
  /** Messages come too fast. */
  MessageRateTooHigh: 0x96,
  /** A limit of the implementation or the administrator is hit. */
  QuotaExceeded: 0x97,
  /** The operator closes the connection. */
  AdministrativeAction: 0x98,
  /** The payload is not what Payload Format Indicator says. */
  PayloadFormatInvalid: 0x99,
  /** The server keeps no retained messages. */
  RetainNotSupported: 0x9A,
  /** The QoS is above Maximum QoS. */
  QoSNotSupported: 0x9B,
  /** Try another server for now. */
  UseAnotherServer: 0x9C,
  /** Use another server from now on. */
  ServerMoved: 0x9D,
  /** `$share` filters are not supported. */
  SharedSubscriptionsNotSupported: 0x9E,
  /** Too many connection attempts. */
  ConnectionRateExceeded: 0x9F,
  /** The connection has lasted as long as it may. */
  MaximumConnectTime: 0xA0,
  /** Subscription Identifiers are not supported. */
  SubscriptionIdentifiersNotSupported: 0xA1,
  /** Wildcard filters are not supported. */
  WildcardSubscriptionsNotSupported: 0xA2,
} as const;

/** Which end sent a packet. */
export type Sender = "client" | "server";

const NAMES: ReadonlyMap<number, string> = new Map([
  [0x00, "Success"],
  [0x01, "Granted QoS 1"],
  [0x02, "Granted QoS 2"],
  [0x04, "Disconnect with Will Message"],
  [0x10, "No matching subscribers"],
  [0x11, "No subscription existed"],
  [0x18, "Continue authentication"],
  [0x19, "Re-authenticate"],
  [0x80, "Unspecified error"],
  [0x81, "Malformed Packet"],
  [0x82, "Protocol Error"],
  [0x83, "Implementation specific error"],
  [0x84, "Unsupported Protocol Version"],
  [0x85, "Client Identifier not valid"],
  [0x86, "Bad User Name or Password"],
  [0x87, "Not authorized"],
  [0x88, "Server unavailable"],
  [0x89, "Server busy"],
  [0x8A, "Banned"],
  [0x8B, "Server shutting down"],
  [0x8C, "Bad authentication method"],
  [0x8D, "Keep Alive timeout"],
  [0x8E, "Session taken over"],
  [0x8F, "Topic Filter invalid"],
  [0x90, "Topic Name invalid"],
  [0x91, "Packet Identifier in use"],
  [0x92, "Packet Identifier not found"],
  [0x93, "Receive Maximum exceeded"],
  [0x94, "Topic Alias invalid"],
  [0x95, "Packet too large"],
  [0x96, "Message rate too high"],
  [0x97, "Quota exceeded"],
  [0x98, "Administrative action"],
  [0x99, "Payload format invalid"],
  [0x9A, "Retain not supported"],
  [0x9B, "QoS not supported"],
  [0x9C, "Use another server"],
  [0x9D, "Server moved"],
  [0x9E, "Shared Subscriptions not supported"],
  [0x9F, "Connection rate exceeded"],
  [0xA0, "Maximum connect time"],
  [0xA1, "Subscription Identifiers not supported"],
  [0xA2, "Wildcard Subscriptions not supported"],
]);

/**
 * The name of a reason code, for logs.
 *
 * @param code reason code
 * @returns the name in the standard, or the number in words when the standard has none
 *
 * @example
 * ```ts
 * import { reasonCodeName } from "@mochi/broker/packets";
 *
 * console.assert(reasonCodeName(0x81) === "Malformed Packet");
 * ```
 */
export function reasonCodeName(code: number): string {
  return NAMES.get(code) ?? `Unknown reason code 0x${code.toString(16).toUpperCase().padStart(2, "0")}`;
}

/**
 * Whether a reason code tells of a failure (2.4).
 *
 * @param code reason code
 * @returns true from 0x80 on
 *
 * @example
 * ```ts
 * import { isFailure, ReasonCode } from "@mochi/broker/packets";
 *
 * console.assert(isFailure(ReasonCode.NotAuthorized) && !isFailure(ReasonCode.NoMatchingSubscribers));
 * ```
 */
export function isFailure(code: number): boolean {
  return code >= ReasonCode.UnspecifiedError;
}

const PUBLISH_ACK = [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99];
const RELEASE_ACK = [0x00, 0x92];
const CONNACK = [
  ...[0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8C, 0x90, 0x95, 0x97, 0x99],
  ...[0x9A, 0x9B, 0x9C, 0x9D, 0x9F],
];
const SUBACK = [0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2];
const UNSUBACK = [0x00, 0x11, 0x80, 0x83, 0x87, 0x8F, 0x91];
const CLIENT_DISCONNECT = [0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9B];
const SERVER_DISCONNECT = [
  ...[0x00, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8C, 0x8D, 0x8E, 0x8F, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97],
  ...[0x98, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F, 0xA0, 0xA1, 0xA2],
];

/** Codes by packet type, first from clients, then from servers. */
const ALLOWED: ReadonlyMap<number, readonly [client: readonly number[], server: readonly number[]]> = new Map([
  [PacketType.CONNACK, [[], CONNACK]], // [MQTT-3.2.2-8]
  [PacketType.PUBACK, [PUBLISH_ACK, PUBLISH_ACK]], // [MQTT-3.4.2-1]
  [PacketType.PUBREC, [PUBLISH_ACK, PUBLISH_ACK]], // [MQTT-3.5.2-1]
  [PacketType.PUBREL, [RELEASE_ACK, RELEASE_ACK]], // [MQTT-3.6.2-1]
  [PacketType.PUBCOMP, [RELEASE_ACK, RELEASE_ACK]], // [MQTT-3.7.2-1]
  [PacketType.SUBACK, [[], SUBACK]], // [MQTT-3.9.3-2]
  [PacketType.UNSUBACK, [[], UNSUBACK]], // [MQTT-3.11.3-2]
  [PacketType.DISCONNECT, [CLIENT_DISCONNECT, SERVER_DISCONNECT]], // [MQTT-3.14.2-1]
  [PacketType.AUTH, [[0x18, 0x19], [0x00, 0x18]]], // [MQTT-3.15.2-1]
]);

/**
 * Whether the standard lets an end send this code in this packet.
 *
 * @param packetType one of {@linkcode PacketType}
 * @param code reason code
 * @param from the end that sends the packet; without it, either end
 * @returns false also for packets that carry no reason code
 *
 * @example
 * ```ts
 * import { isReasonCodeAllowed, PacketType, ReasonCode } from "@mochi/broker/packets";
 *
 * console.assert(isReasonCodeAllowed(PacketType.DISCONNECT, ReasonCode.DisconnectWithWill, "client"));
 * console.assert(!isReasonCodeAllowed(PacketType.DISCONNECT, ReasonCode.DisconnectWithWill, "server"));
 * ```
 */
export function isReasonCodeAllowed(packetType: number, code: number, from?: Sender): boolean {
  const allowed = ALLOWED.get(packetType);
  if (allowed === undefined) return false;
  return (from !== "server" && allowed[0].includes(code)) || (from !== "client" && allowed[1].includes(code));
}

/**
 * The code itself where the packet may carry it, otherwise the nearest general one, for codes that come from hooks.
 *
 * @param packetType an acknowledgement, CONNACK or DISCONNECT
 * @param code the code that was asked for, 0x80 or above
 * @returns `code`, or 0x80 (0x92 in PUBREL and PUBCOMP)
 *
 * @example
 * ```ts
 * import { PacketType, usableReasonCode } from "@mochi/broker/packets";
 *
 * console.assert(usableReasonCode(PacketType.UNSUBACK, 0x97) === 0x80);
 * ```
 */
export function usableReasonCode(packetType: number, code: number): number {
  if (isReasonCodeAllowed(packetType, code, "server")) return code;
  const release = packetType === PacketType.PUBREL || packetType === PacketType.PUBCOMP;
  return release ? ReasonCode.PacketIdentifierNotFound : ReasonCode.UnspecifiedError;
}
