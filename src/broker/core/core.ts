/** The state that all parts of a broker share; it has no behaviour of its own.
 * @module */
import { HookChain } from "../../hook/chain.ts";
import { newSystemInfo, type SystemInfo } from "../../hook/system_info.ts";
import { Message, type MessageInit } from "../../session/message.ts";
import { Scheduler, type Task } from "../../time/scheduler.ts";
import type { Session } from "../../session/session.ts";
import { SessionRegistry } from "../../session/session_registry.ts";
import { RetainedTree } from "../../topics/retained_tree.ts";
import type { ShareDispatchContext } from "../../topics/share_dispatch.ts";
import { SubscriptionTree } from "../../topics/subscription_tree.ts";
import type { DecodeOptions } from "../../packets/codec.ts";
import type { Connection } from "../connection/connection.ts";
import { HookMemory } from "../inbound/hook_memory.ts";
import type { Socket } from "./listener.ts";
import { SlabPool } from "../../packets/slab.ts";
import type { OutboundLimits } from "../outbound/outbound_queue.ts";
import { OutboundShared } from "../outbound/outbound_shared.ts";
import { PublishTemplates } from "../outbound/publish_templates.ts";
import { RefusedBridges } from "./refused_bridges.ts";
import type { ResolvedOptions } from "./resolve_options.ts";
import { VERSION } from "./version.ts";

/** What every handler is given. */
export class Core {
  /** Complete options. */
  readonly options: ResolvedOptions;
  /** Hooks, compiled. */
  readonly hooks: HookChain;
  /** Deadlines. */
  readonly scheduler: Scheduler;
  /** Counters. */
  readonly info: SystemInfo;
  /** Sessions by ClientID. */
  readonly sessions: SessionRegistry = new SessionRegistry();
  /** Subscriptions of all sessions. */
  readonly tree: SubscriptionTree<Session> = new SubscriptionTree<Session>();
  /** Retained messages by topic. */
  readonly retained: RetainedTree<Message> = new RetainedTree<Message>();
  /** When retained messages with a Message Expiry Interval expire, by topic. */
  readonly retainedExpiry: Map<string, Task> = new Map();
  /** Open connections, those before CONNECT included. */
  readonly connections: Set<Connection> = new Set();
  /** Open sockets, until they are closed for good. */
  readonly sockets: Set<Socket> = new Set();
  /** Memory that connections read into. */
  readonly slabs: SlabPool = new SlabPool();
  /** Memory of what hooks see. */
  readonly hookMemory: HookMemory = new HookMemory();
  /** What outbound queues share. */
  readonly outbound: OutboundShared = new OutboundShared();
  /** Limits of each outbound queue. */
  readonly outboundLimits: OutboundLimits;
  /** Encoded packets. */
  readonly templates: PublishTemplates = new PublishTemplates();
  /** Limits of decoding. */
  readonly decodeOptions: DecodeOptions;
  /** Bytes queued for all sessions. */
  queuedBytes = 0;
  /** Bytes sent in earlier runs, where counters go on. */
  sentBefore = 0;
  /** Bridges that were not let in. */
  readonly refusedBridges: RefusedBridges = new RefusedBridges();
  /** True from the end of the start to the beginning of the end. */
  serving = false;

  /** @param options complete options */
  constructor(options: ResolvedOptions) {
    this.options = options;
    this.info = newSystemInfo(VERSION, Math.floor(options.clock.now() / 1000));
    this.scheduler = new Scheduler(options.clock, (error) => this.unexpected("a timer failed", error));
    this.hooks = new HookChain({
      clock: options.clock,
      timeout: options.hookTimeout,
      lifecycleTimeout: options.hookLifecycleTimeout,
      logger: options.logger,
      onError: () => this.info.hookErrors++,
      line: this.outbound,
    });
    const { capabilities } = options;
    this.decodeOptions = { maximumUserProperties: capabilities.maximumUserProperties };
    this.outboundLimits = {
      packets: capabilities.maximumClientWritesPending,
      bytes: capabilities.maximumClientWritesPendingBytes,
      totalBytes: capabilities.maximumTotalWritesPendingBytes,
      flushBytes: options.clientNetWriteBufferSize,
    };
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.options.clock.now();
  }

  /** A ClientID that no session has [MQTT-3.2.2-16]. */
  newClientId(): string {
    const id = `mochi-${crypto.randomUUID()}`;
    return this.sessions.get(id) === undefined ? id : this.newClientId();
  }

  /** A message that obeys the broker's limit of lifetime. */
  message(init: MessageInit): Message {
    init.maximumExpiry = this.options.capabilities.maximumMessageExpiryInterval;
    return new Message(init);
  }

  /** What a share dispatch may know of the members. */
  dispatchContext(topic: string): ShareDispatchContext<Session> {
    return { topic, inflight: inflightOf, connected: isConnected };
  }

  /** Tells of an error that nobody expected; the broker goes on. */
  unexpected(message: string, error: unknown): void {
    this.options.logger.error(message, {
      error: error instanceof Error ? error.stack ?? String(error) : String(error),
    });
  }
}

function inflightOf(session: Session): number {
  return session.existingOutbox?.size ?? 0;
}

function isConnected(session: Session): boolean {
  return session.link !== undefined || session.inlineHandlers !== undefined;
}
