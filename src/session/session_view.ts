/** A session as hooks and programs see it.
 * @module */
import type { ProtocolVersion } from "../packets/types.ts";
import type { SubscriptionOptions } from "../topics/subscription.ts";
import type { ParsedFilter } from "../topics/topic_filter.ts";
import type { Client } from "./client.ts";
import type { PendingWill } from "./will.ts";

/** A subscription of a session. */
export interface SessionSubscription {
  /** The filter, taken apart. */
  readonly filter: ParsedFilter;
  /** Granted options. */
  readonly options: Readonly<SubscriptionOptions>;
}

/** The state of one ClientID [MQTT-3.1.3-2], to be looked at: the broker alone changes it. */
export interface SessionView {
  /** ClientID. */
  readonly clientId: string;
  /** Who is, or was last, connected. */
  readonly client: Client;
  /** User Name that the session belongs to. */
  readonly username: string | undefined;
  /** Protocol level of the last connection. */
  readonly protocolVersion: ProtocolVersion;
  /** True while a connection is attached. */
  readonly connected: boolean;
  /** Seconds that the session lives without a connection; 0xFFFFFFFF for ever. */
  readonly expiryInterval: number;
  /** When the last connection closed, in milliseconds since 1970; `undefined` while one is open. */
  readonly disconnectedAt: number | undefined;
  /** The will, until it is published or dropped. */
  readonly will: Readonly<PendingWill> | undefined;
  /** True once the session has ended. */
  readonly ended: boolean;
  /** Subscriptions by filter as sent. */
  readonly subscriptions: ReadonlyMap<string, SessionSubscription>;
  /** QoS 1 and 2 messages that were sent to the client and are not finished. */
  readonly inflightMessages: number;
  /** QoS 1 and 2 messages that wait for the client. */
  readonly queuedMessages: number;
  /** QoS 2 messages of the client between PUBREC and PUBREL. */
  readonly awaitingPubrelMessages: number;
  /** Bytes of the messages that wait. */
  readonly queuedBytes: number;
}
