/** What storage keeps, as plain records.
 * @module */
import type { Properties, ProtocolVersion, QoS } from "../packets/types.ts";
import type { InflightState } from "../session/inflight.ts";
import type { MessageInit } from "../session/message.ts";
import type { PendingWill } from "../session/will.ts";

/** A session. */
export interface StoredClient {
  /** ClientID. */
  readonly clientId: string;
  /** User Name that the session belongs to. */
  readonly username: string | undefined;
  /** Address of the peer of the last connection, where it is known: rights may depend on it. */
  readonly remoteAddress?: string;
  /** Id of the listener of the last connection, where it is known. */
  readonly listenerId?: string;
  /** Protocol level of the last connection. */
  readonly protocolVersion: ProtocolVersion;
  /** CONNECT properties of the last connection. */
  readonly properties: Properties | undefined;
  /** Seconds that the session lives without a connection, 0xFFFFFFFF for ever; 0 when only its will is left to be sent. */
  readonly sessionExpiryInterval: number;
  /** When the connection closed, in milliseconds since 1970; `undefined` when it was open. */
  readonly disconnectedAt: number | undefined;
  /** The will that has not been sent. */
  readonly will: PendingWill | undefined;
}

/** A subscription of a session. */
export interface StoredSubscription {
  /** ClientID. */
  readonly clientId: string;
  /** The filter as sent, `$share/name/` included. */
  readonly topicFilter: string;
  /** Granted QoS. */
  readonly qos: QoS;
  /** No Local. */
  readonly noLocal: boolean;
  /** Retain As Published. */
  readonly retainAsPublished: boolean;
  /** Retain Handling. */
  readonly retainHandling: 0 | 1 | 2;
  /** Subscription Identifier, 0 for none. */
  readonly identifier: number;
}

/** An unfinished QoS 1/2 exchange of a session. */
export interface StoredInflightMessage {
  /** ClientID. */
  readonly clientId: string;
  /** `out` to the client, `in` from the client. */
  readonly direction: "in" | "out";
  /** Order of delivery. */
  readonly sequence: number;
  /** Packet Identifier, 0 while queued. */
  readonly packetId: number;
  /** How far it has come. */
  readonly state: InflightState;
  /** QoS of the delivery. */
  readonly qos: QoS;
  /** RETAIN flag of the delivery. */
  readonly retain: boolean;
  /** Subscription Identifiers of the delivery. */
  readonly identifiers: readonly number[] | undefined;
  /** Shared subscription filter that it came through. */
  readonly share: string | undefined;
  /** The message; absent for `in` and for `released`. */
  readonly message: MessageInit | undefined;
}

/** A retained message. */
export type StoredRetainedMessage = MessageInit;
