/** The Hook interface: every event of the broker, as optional functions of a plain object.
 * @module */
import type {
  AuthPacket,
  ConnectPacket,
  Packet,
  PublishPacket,
  SubscribePacket,
  UnsubscribePacket,
  Will,
} from "../packets/types.ts";
import type { Client } from "../session/client.ts";
import type { Clock } from "../time/clock.ts";
import type { InflightRecord } from "../session/inflight.ts";
import type { MessageView } from "../session/message_view.ts";
import type { SessionView } from "../session/session_view.ts";
import type { MatchResult } from "../topics/subscription_tree.ts";
import type { Logger } from "./logger.ts";
import type { StoredClient, StoredInflightMessage, StoredRetainedMessage, StoredSubscription } from "./records.ts";
import type { SystemInfo } from "./system_info.ts";

/** A value now or later. A function that returns no Promise is never awaited. */
export type Awaitable<T> = T | Promise<T>;

/** What a client wants with a topic: `read` to subscribe and to be sent messages, `write` to publish, wills included. */
export type Access = "read" | "write";

/** What a hook is given at its start. */
export interface HookContext {
  /** For what the hook wants to say; every line carries the hook's id. */
  readonly logger: Logger;
  /** The broker's clock. */
  readonly clock: Clock;
  /** The counters as they are now. */
  info(): SystemInfo;
}

/** How a connection ended. */
export interface DisconnectInfo {
  /** MQTT 5 reason code; 0x00 is a normal DISCONNECT of the client. */
  readonly reasonCode: number;
  /** What ended it, when it was not the client's DISCONNECT. */
  readonly error: Error | undefined;
  /** True when the session ended with the connection. */
  readonly sessionEnded: boolean;
}

/** What became of one filter of a SUBSCRIBE. */
export interface GrantedSubscription extends StoredSubscription {
  /** 0x00 to 0x02 granted, 0x80 and above refused. */
  readonly reasonCode: number;
}

/**
 * A hook: a plain object with an id and the events that it wants, each sync or async.
 *
 * Four kinds of event:
 * - **decide** (`onConnectAuthenticate`, `onAclCheck`): the first hook that answers `true` or `false` decides, without an
 *   answer it is a no. A throw, a rejection and a timeout are a no; an {@linkcode MqttError} names the reason code.
 * - **transform** (`onConnect`, `onPacketRead`, `onAuthPacket`, `onSubscribe`, `onUnsubscribe`, `onSelectSubscribers`,
 *   `onPublish`, `onPacketEncode`, `onWill`): run in the order added, each sees the last result, `undefined` keeps it. An
 *   `MqttError` refuses with its reason code; any other throw and a timeout refuse with 0x83.
 * - **observe** (the rest): errors are logged and counted, never propagated, and nothing waits. In a hook with
 *   `durable: true` the promises of an observing event hold back the acknowledgement that depends on it, and a failure
 *   withholds it; these promises are waited for without a time limit, but for CONNECT.
 * - **load** (`stored...`): asked once at the start, the first hook that answers wins, a throw aborts the start.
 *
 * @example
 * ```ts
 * import type { Hook } from "@mochi/broker";
 *
 * const upperCase: Hook = {
 *   id: "upper-case",
 *   onPublish: (_client, packet) => ({ ...packet, topic: packet.topic.toUpperCase() }),
 * };
 * console.assert(upperCase.id === "upper-case");
 * ```
 */
export interface Hook {
  /** Name of the hook, unique in its broker. */
  readonly id: string;
  /** True for storage: acknowledgements wait for this hook's promises. */
  readonly durable?: boolean;

  /** Called once before any other event, with the options given to `addHook`. A throw aborts `addHook` or the start. */
  // deno-lint-ignore no-explicit-any
  init?(options: any, context: HookContext): Awaitable<void>;
  /** Called once after the last event. */
  stop?(): Awaitable<void>;
  /**
   * Refuses messages at QoS 1 and 2 while a storage hook takes no further changes, before anybody receives them: throws MqttError
   * with the reason code, 0x97 where it will take more later. Asked for each of them, so it has to be quick.
   */
  admit?(): void;
  /** Says whether the hook can do its work; `false` turns the health listener to 503. */
  healthy?(): boolean;

  /** Observe: the broker serves. */
  onStarted?(): Awaitable<void>;
  /** Observe: the broker has stopped; `stop` of this hook follows. */
  onStopped?(): Awaitable<void>;
  /** Observe: the counters are about to be published under `$SYS`; changes to `info` are published and kept. */
  onSysInfoTick?(info: SystemInfo): Awaitable<void>;

  /**
   * Decide: may this client connect? Not asked when an AUTH exchange has succeeded. `false`, a throw, and no answer of any
   * hook are told as 0x86, to MQTT 3.1.1 as return code 4 (bad user name or password); MqttError 0x87 (not authorized) and
   * 0x8A (banned) as return code 5; a hook that does not answer within `hookTimeout` as 0x88, return code 3.
   */
  onConnectAuthenticate?(client: Client, packet: ConnectPacket): Awaitable<boolean | undefined>;
  /** Decide: may this client read or write this topic? When it subscribes `topic` is the filter, `$share/name/` taken off. */
  onAclCheck?(client: Client, topic: string, access: Access): Awaitable<boolean | undefined>;

  /** Transform: a CONNECT was read, nothing has been checked yet. */
  onConnect?(client: Client, packet: ConnectPacket): Awaitable<ConnectPacket | void>;
  /** Observe: the client is authenticated, its session is about to be looked up. */
  onSessionEstablish?(client: Client, packet: ConnectPacket): Awaitable<void>;
  /** Observe, held by CONNACK: the client has its session, and CONNACK follows. */
  onSessionEstablished?(client: Client, session: SessionView): Awaitable<void>;
  /** Observe: the connection is closed. */
  onDisconnect?(client: Client, info: DisconnectInfo): Awaitable<void>;
  /**
   * Transform: a step of enhanced authentication. `packet` is the client's AUTH (for CONNECT one with reason code 0x18 made
   * from its method and data). Return the AUTH to send: 0x18 to go on, 0x00 when the client is who it says; `undefined`
   * leaves the method to the next hook; without an answer the client is refused with 0x8C.
   */
  onAuthPacket?(client: Client, packet: AuthPacket): Awaitable<AuthPacket | void>;

  /** Transform: a packet was read and decoded. */
  onPacketRead?(client: Client, packet: Packet): Awaitable<Packet | void>;
  /** Transform, sync only: a packet is about to be encoded for this client. */
  onPacketEncode?(client: Client, packet: Packet): Packet | void;
  /** Observe: a packet was written to the client's outbound buffer. */
  onPacketSent?(client: Client, packet: Packet): Awaitable<void>;
  /** Observe: a packet was handled; `error` is what it ended with. */
  onPacketProcessed?(client: Client, packet: Packet, error: Error | undefined): Awaitable<void>;

  /** Transform: filters may be changed or refused by an `MqttError` for the whole packet. */
  onSubscribe?(client: Client, packet: SubscribePacket): Awaitable<SubscribePacket | void>;
  /** Observe, held by SUBACK: what became of each filter. */
  onSubscribed?(client: Client, subscriptions: readonly GrantedSubscription[]): Awaitable<void>;
  /** Transform: who receives this message; the result must not be mutated, return a new one. */
  onSelectSubscribers?(
    message: MessageView,
    matched: MatchResult<SessionView>,
  ): Awaitable<MatchResult<SessionView> | void>;
  /** Transform. */
  onUnsubscribe?(client: Client, packet: UnsubscribePacket): Awaitable<UnsubscribePacket | void>;
  /** Observe, held by UNSUBACK: filters that were removed. */
  onUnsubscribed?(client: Client, topicFilters: readonly string[]): Awaitable<void>;

  /**
   * Transform: a message of a client or of the broker's own publisher, alias resolved, topic valid, access granted. A client's
   * messages come one after the other, each once and alone. Return another packet, or change payload bytes and properties in
   * place: what comes of it is what is sent, retained, queued and stored. What the hook itself publishes goes ahead of a client's message.
   */
  onPublish?(client: Client, packet: PublishPacket): Awaitable<PublishPacket | void>;
  /** Observe: the message was handed to all its subscribers. */
  onPublished?(client: Client, message: MessageView): Awaitable<void>;
  /** Observe: a message was not delivered to this client. */
  onPublishDropped?(client: Client, message: MessageView, reason: string): Awaitable<void>;
  /** Observe, held by the acknowledgement: a retained message was set (`message`) or cleared (empty payload). */
  onRetainMessage?(client: Client, message: MessageView): Awaitable<void>;
  /** Observe: a retained message was sent to a new subscription. */
  onRetainPublished?(client: Client, message: MessageView): Awaitable<void>;
  /** Observe, held by the acknowledgement: a QoS 1/2 exchange of a session began or came further; keyed by direction and sequence (`in`: packet id). */
  onQosPublish?(client: Client, record: InflightRecord): Awaitable<void>;
  /** Observe, for `in` held by PUBCOMP: a QoS 1/2 exchange is finished. */
  onQosComplete?(client: Client, record: InflightRecord): Awaitable<void>;
  /** Observe: a QoS 1/2 exchange was given up, or its session has ended and another member of the share group has the message. */
  onQosDropped?(client: Client, record: InflightRecord): Awaitable<void>;
  /** Observe: all 65,535 Packet Identifiers of the session are in use, so that this message has to wait. */
  onPacketIdExhausted?(client: Client, message: MessageView): Awaitable<void>;

  /** Transform: the will of a client that is about to be published. */
  onWill?(client: Client, will: Will): Awaitable<Will | void>;
  /** Observe: a will was published. */
  onWillSent?(client: Client, message: MessageView): Awaitable<void>;
  /** Observe: a will that was due is never published: a hook, the right to its topic or a limit refused it. */
  onWillDropped?(client: Client, will: Will, reason: string): Awaitable<void>;
  /** Observe, durable: a session ended, with everything that belongs to it. */
  onClientExpired?(client: Client): Awaitable<void>;
  /** Observe: a retained message expired. */
  onRetainedExpired?(topic: string): Awaitable<void>;

  /** Load: sessions. */
  storedClients?(): Awaitable<Iterable<StoredClient> | undefined>;
  /** Load: subscriptions. */
  storedSubscriptions?(): Awaitable<Iterable<StoredSubscription> | undefined>;
  /** Load: unfinished QoS 1/2 exchanges, each session's in the order of their sequence. */
  storedInflightMessages?(): Awaitable<Iterable<StoredInflightMessage> | undefined>;
  /** Load: retained messages. */
  storedRetainedMessages?(): Awaitable<Iterable<StoredRetainedMessage> | undefined>;
  /** Load: counters of the last run. */
  storedSysInfo?(): Awaitable<SystemInfo | undefined>;
}
