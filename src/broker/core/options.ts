/** Every option of the broker with its default, in one place.
 * @module */
import type { Clock } from "../../time/clock.ts";
import type { ShareDispatch } from "../../topics/share_dispatch.ts";
import type { Logger } from "../../hook/logger.ts";
import type { ProtocolVersion, QoS } from "../../packets/types.ts";

/** What the broker can do and how much of it; what MQTT 5 can tell is told in CONNACK. */
export interface Capabilities {
  /** Clients connected at once; more get 0x97. 0 to 2^53 - 1, default 1,000,000. */
  maximumClients: number;
  /**
   * Open sockets, those without a client and those of HTTP included. 0, the default, is 1,048,576; the program makes it a little
   * less than the descriptors that it may have. One in 32 is not for clients that are connected. Above it the socket gives way
   * that has waited longest to be let in, of the address that has most of those.
   */
  maximumSockets: number;
  /** Sessions, connected or not; clients that would make one more get 0x97. 0 to 2^53 - 1, default 10,000,000. */
  maximumSessions: number;
  /**
   * Bytes of memory that sessions take by themselves, and the Packet Identifiers of QoS 2 messages from their clients; clients that
   * would make one more get 0x97. 0, the default, is 14 % of the heap that there may be.
   */
  maximumTotalSessionBytes: number;
  /** Bytes of memory that all wills take; clients that bring one more get 0x97. 0, the default, is 3 % of the heap that there may be. */
  maximumTotalWillBytes: number;
  /**
   * Bytes of the heap and of buffers outside of it: above it, and above 80 % of the heap that there may be, new sessions,
   * subscriptions, retained and queued messages get 0x97. 0, the default, is one and a half times the heap that there may be. What
   * is 0 in other options is a part of it where it is less than the heap.
   */
  maximumMemory: number;
  /** Connections at once from one IPv4 address or IPv6 /64 network (0 for no limit, the default); more are closed. */
  maximumClientsPerAddress: number;
  /** New connections a second from one IPv4 address or IPv6 /64 network (0 for no limit, the default); more are closed. */
  maximumConnectionRate: number;
  /** CONNECTs a second that go on with a session or take it over, for each ClientID (0 for no limit), default 20; more get 0x9F. */
  maximumConnectRatePerClientId: number;
  /** PUBLISH packets a second of one client; 0 for no limit, the default. Reads pause above it. */
  maximumMessageRate: number;
  /** Bytes a second of one client; 0 for no limit, the default. Reads pause above it. */
  maximumByteRate: number;
  /** Highest QoS, 0 to 2, default 2. */
  maximumQos: QoS;
  /** Retained messages, default true. */
  retainAvailable: boolean;
  /** Filters with `+` and `#`, default true. */
  wildcardSubAvailable: boolean;
  /** Subscription Identifiers, default true. */
  subIdAvailable: boolean;
  /** `$share/name/filter`, default true. */
  sharedSubAvailable: boolean;
  /** Lowest protocol level that is served, 3 to 5, default 3; lower ones get 0x84. */
  minimumProtocolVersion: ProtocolVersion;
  /** Topic Aliases of a client, 0 to 65,535, default 32. */
  topicAliasMaximum: number;
  /** Topic Aliases that the broker uses towards one client, within the client's own maximum, 0 to 65,535, default 32. */
  outboundTopicAliasMaximum: number;
  /** Unacknowledged QoS 1/2 PUBLISH packets of a client, 1 to 65,535, default 1,024. */
  receiveMaximum: number;
  /** Unacknowledged QoS 1/2 PUBLISH packets to a client, 1 to 65,535, default 8,192; a client's lower Receive Maximum counts. */
  maximumInflight: number;
  /** Bytes of a packet from a client, header included, 64 to 268,435,460; default 1,048,576. */
  maximumPacketSize: number;
  /** Bytes of a CONNECT, 64 to 268,435,460; default 65,536. */
  maximumConnectSize: number;
  /** Seconds that a session lives without a connection, 0 to 0xFFFFFFFF (for ever, the default). */
  maximumSessionExpiryInterval: number;
  /** Seconds that a queued message lives at most, whatever its own interval; 0 for no limit, the default. Retained messages are not concerned. */
  maximumMessageExpiryInterval: number;
  /** Highest Keep Alive in seconds, 0 for no limit, default 0; a client that asks for more, or for none, is told this one. */
  maximumKeepAlive: number;
  /** Packets in a client's outbound buffer; above it QoS 0 is dropped and QoS 1/2 is queued. Default 65,536. */
  maximumClientWritesPending: number;
  /** Bytes in a client's outbound buffer, default 8,388,608. */
  maximumClientWritesPendingBytes: number;
  /** Bytes in all outbound buffers; 0, the default, is 7 % of the heap that there may be. */
  maximumTotalWritesPendingBytes: number;
  /** QoS 1/2 messages queued for one session, default 10,000; twice as many while their publishers are held (see below). */
  maximumQueuedMessages: number;
  /**
   * Bytes of memory that messages take which are queued for one session, and likewise those that were sent to it and are not
   * acknowledged; default 16,777,216.
   */
  maximumQueuedBytes: number;
  /**
   * Bytes of memory that messages take which are queued for all sessions, or sent and not acknowledged; 0, the default, is 16 % of
   * the heap that there may be.
   */
  maximumTotalQueuedBytes: number;
  /**
   * Seconds by which the acknowledgement of a QoS 1 or 2 message is put off at most while the queue of a connected subscriber is
   * more than half full and the subscriber makes progress, 0 to 3,600, default 5; 0 acknowledges at once.
   */
  maximumAcknowledgementDelay: number;
  /** What gives way when a queue is full: the new message (default), the oldest one, or the connection. */
  queueOverflow: "drop_newest" | "drop_oldest" | "disconnect";
  /** Retained messages, default 1,000,000; more are refused with 0x97. */
  maximumRetainedMessages: number;
  /** Bytes of memory that retained messages take, with the levels of their topics; 0, the default, is 16 % of the heap that there may be. */
  maximumRetainedBytes: number;
  /** Subscriptions of one client, default 10,000; more get 0x97. */
  maximumSubscriptionsPerClient: number;
  /** Bytes of memory that the subscriptions of one client take, default 16,777,216; more get 0x97. */
  maximumSubscriptionBytesPerClient: number;
  /** Bytes of memory that all subscriptions take, with the levels of their filters; more get 0x97. 0, the default, is 13 % of the heap that there may be. */
  maximumTotalSubscriptionBytes: number;
  /** Topic Filters of one SUBSCRIBE or UNSUBSCRIBE, 1 to 2^53 - 1, default 1,000; a packet with more ends its connection with 0x97. */
  maximumFiltersPerPacket: number;
  /** Subscriptions of one client whose filter has `+` or `#`, default 1,000; more get 0x97. */
  maximumWildcardSubscriptionsPerClient: number;
  /** Different filters with `+` or `#` of all clients, default 1,000,000; more get 0x97. */
  maximumWildcardFilters: number;
  /** Share groups that one client may be a member of, default 100; more get 0x97. */
  maximumSharesPerClient: number;
  /** Share groups of all clients, which a topic may reach all of, default 10,000; more get 0x97. */
  maximumShares: number;
  /** Levels of a topic or filter, 1 to 65,535, default 32. */
  maximumTopicLevels: number;
  /** Levels of a filter that are `+`, 0 to 65,535, default 8; a filter with more gets 0x8F. */
  maximumSingleLevelWildcards: number;
  /** User Properties of one packet, default 256; more are refused with 0x97. */
  maximumUserProperties: number;
  /** Length of a ClientID in bytes, 23 to 65,535, default 1,024; longer ones get 0x85. */
  maximumClientIdLength: number;
  /** Refuse payloads marked as UTF-8 that are not (0x99), default true. */
  validatePayloadFormat: boolean;
  /** Which member of a shared subscription gets a message. */
  shareDispatch: "round_robin" | "random" | "least_inflight" | "sticky" | ShareDispatch;
}

/** Switches for clients that expect other behaviour. All are off by default. */
export interface Compatibilities {
  /** Answer "not authorized" as "unspecified error", without a Reason String. */
  obscureNotAuthorized: boolean;
  /** Leave it to a client to close its connection after DISCONNECT. */
  passiveClientDisconnect: boolean;
  /** Send Response Information though it was not asked for. */
  alwaysReturnResponseInfo: boolean;
  /** Continue the counters of the last run from storage. */
  restoreSysInfoOnRestart: boolean;
  /** PUBACK, PUBREC and PUBCOMP repeat the User Properties of what they answer. */
  inheritPropertiesOnAck: boolean;
  /** Accept Client Identifiers of more than 23 characters from clients of MQTT 3.1; otherwise they get 0x85. */
  longClientIds: boolean;
}

/** Options of a {@linkcode Broker}; every one has a default. */
export interface BrokerOptions {
  /** Limits and features. */
  capabilities?: Partial<Capabilities>;
  /** Switches for other clients' expectations. */
  compatibilities?: Partial<Compatibilities>;
  /** Bytes that one read takes at most, 1,024 to 16,777,216; default 65,536. Small reads come first. */
  clientNetReadBufferSize?: number;
  /** Bytes after which an outbound buffer is written before the turn ends, 1,024 to 16,777,216; default 65,536. */
  clientNetWriteBufferSize?: number;
  /** Seconds between two publications of `$SYS`, default 1; 0 turns them off. */
  sysTopicResendInterval?: number;
  /** Allow `publish`, `subscribe` and injected clients, default true. */
  inlineClient?: boolean;
  /** Seconds that a client has for CONNECT, and for each AUTH before CONNACK, 0.001 to 3,600; default 10. What hooks take does not count. */
  connectTimeout?: number;
  /** Milliseconds after which an async hook counts as failed, 1 to 3,600,000; default 10,000. Before CONNACK: 0x88 (3.1.1: return code 3). */
  hookTimeout?: number;
  /** The same for `init`, `stop` and the load events, 1 to 3,600,000; default 300,000. */
  hookLifecycleTimeout?: number;
  /** Seconds in which `close` ends everything, default 5. Only a hook that takes long to stop has more. */
  closeTimeout?: number;
  /** Prefix of response topics told as Response Information; `{clientId}` is replaced. Default: none. */
  responseInformation?: string;
  /** Where log lines go; by default warnings and errors go to standard error, the rest nowhere. */
  logger?: Logger;
  /** Source of time. */
  clock?: Clock;
}

/** Default {@linkcode Capabilities}. */
export const defaultCapabilities: Readonly<Capabilities> = {
  maximumClients: 1_000_000,
  maximumSockets: 0,
  maximumSessions: 10_000_000,
  maximumTotalSessionBytes: 0,
  maximumTotalWillBytes: 0,
  maximumMemory: 0,
  maximumClientsPerAddress: 0,
  maximumConnectionRate: 0,
  maximumConnectRatePerClientId: 20,
  maximumMessageRate: 0,
  maximumByteRate: 0,
  maximumQos: 2,
  retainAvailable: true,
  wildcardSubAvailable: true,
  subIdAvailable: true,
  sharedSubAvailable: true,
  minimumProtocolVersion: 3,
  topicAliasMaximum: 32,
  outboundTopicAliasMaximum: 32,
  receiveMaximum: 1_024,
  maximumInflight: 8_192,
  maximumPacketSize: 1_048_576,
  maximumConnectSize: 65_536,
  maximumSessionExpiryInterval: 0xffff_ffff,
  maximumMessageExpiryInterval: 0,
  maximumKeepAlive: 0,
  maximumClientWritesPending: 65_536,
  maximumClientWritesPendingBytes: 8_388_608,
  maximumTotalWritesPendingBytes: 0,
  maximumQueuedMessages: 10_000,
  maximumQueuedBytes: 16_777_216,
  maximumTotalQueuedBytes: 0,
  maximumAcknowledgementDelay: 5,
  queueOverflow: "drop_newest",
  maximumRetainedMessages: 1_000_000,
  maximumRetainedBytes: 0,
  maximumSubscriptionsPerClient: 10_000,
  maximumSubscriptionBytesPerClient: 16_777_216,
  maximumTotalSubscriptionBytes: 0,
  maximumFiltersPerPacket: 1_000,
  maximumWildcardSubscriptionsPerClient: 1_000,
  maximumWildcardFilters: 1_000_000,
  maximumSharesPerClient: 100,
  maximumShares: 10_000,
  maximumTopicLevels: 32,
  maximumSingleLevelWildcards: 8,
  maximumUserProperties: 256,
  maximumClientIdLength: 1_024,
  validatePayloadFormat: true,
  shareDispatch: "round_robin",
};

/** Default {@linkcode Compatibilities}. */
export const defaultCompatibilities: Readonly<Compatibilities> = {
  obscureNotAuthorized: false,
  passiveClientDisconnect: false,
  alwaysReturnResponseInfo: false,
  restoreSysInfoOnRestart: false,
  inheritPropertiesOnAck: false,
  longClientIds: false,
};
