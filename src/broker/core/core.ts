/** The state that all parts of a broker share; it has no behaviour of its own.
 * @module */
import { HookChain } from "../../hook/chain.ts";
import { limitedLogger } from "../../hook/limited_logger.ts";
import { errorText, type Logger } from "../../hook/logger.ts";
import { newSystemInfo, type SystemInfo } from "../../hook/system_info.ts";
import { WAITING } from "../../session/cost.ts";
import { AliasTotals } from "../../session/alias_totals.ts";
import { DeliveryTotals } from "../../session/delivery_totals.ts";
import { Message, type MessageInit } from "../../session/message.ts";
import { Deadlines } from "../../time/deadline.ts";
import { Scheduler } from "../../time/scheduler.ts";
import type { RetainedMessage } from "../../session/retained_message.ts";
import type { RetainedOwner } from "../../session/retained_owner.ts";
import { RetainedRooms } from "../../session/retained_rooms.ts";
import type { Session } from "../../session/session.ts";
import type { PendingWill } from "../../session/will.ts";
import { SessionRegistry } from "../../session/session_registry.ts";
import { RetainedTree } from "../../topics/retained_tree.ts";
import type { ShareDispatchContext } from "../../topics/share_dispatch.ts";
import { KnownTopics } from "../../topics/known_topic.ts";
import { SubscriptionTree } from "../../topics/subscription_tree.ts";
import type { DecodeOptions } from "../../packets/codec.ts";
import { IncompletePackets } from "./incomplete_packets.ts";
import type { Socket } from "./listener.ts";
import { MemoryGuard, type MemoryUse } from "./memory_guard.ts";
import { type MemoryLimits, memoryLimits } from "./memory_limits.ts";
import { LongDeliveries } from "./long_deliveries.ts";
import { Portions } from "./portions.ts";
import { RatePerSecond } from "./rate_per_second.ts";
import { SlabPool } from "../../packets/slab.ts";
import type { Capabilities } from "./options.ts";
import type { ResolvedOptions } from "./resolve_options.ts";
import { type OutboundLimits, Turn } from "./turn.ts";
import { VERSION } from "./version.ts";

const DONE: Promise<unknown> = Promise.resolve();

/** A connection, as far as all parts of a broker know it. */
export interface OpenConnection {
  /** The session, once there is one. */
  readonly session: Session | undefined;
  /** Ends the connection, with a DISCONNECT for MQTT 5 clients. */
  close(reasonCode: number, error?: Error): void;
}

/** What every handler is given. */
export class Core {
  /** Complete options. */
  readonly options: ResolvedOptions;
  /** For what clients cause: a few lines of each message in ten seconds. */
  readonly clientLog: Logger;
  /** Hooks, compiled. */
  readonly hooks: HookChain;
  /** What happens later. */
  readonly scheduler: Scheduler;
  /** Limits of time for clients. */
  readonly deadlines: Deadlines;
  /** Counters. */
  readonly info: SystemInfo;
  /** Sessions by ClientID. */
  readonly sessions: SessionRegistry = new SessionRegistry();
  /** Topics that clients publish to. */
  readonly topics: KnownTopics = new KnownTopics();
  /**
   * A message to read the next PUBLISH into: most are sent on at once, and one that is at hand in the caches of the processor
   * takes half the time of a new one (`tests/bench/publish_bench.ts`).
   */
  spareMessage: Message | undefined = undefined;
  /** Subscriptions of all sessions. */
  readonly tree: SubscriptionTree<Session>;
  /** Retained messages by topic. */
  readonly retained: RetainedTree<RetainedMessage> = new RetainedTree<RetainedMessage>();
  /** Where they are. */
  readonly retainedRooms: RetainedRooms = new RetainedRooms();
  /** Those whose messages they are, by ClientID. */
  readonly retainedOwners: Map<string, RetainedOwner> = new Map();
  /** Open connections, those before CONNECT included. */
  readonly connections: Set<OpenConnection> = new Set();
  /** Open sockets, until they are closed for good. */
  readonly sockets: Set<Socket> = new Set();
  /** Wills that are being published; each promise resolves when its will is sent or dropped. */
  readonly wills: Map<PendingWill, Promise<void>> = new Map();
  /** Memory that connections read into. */
  readonly slabs: SlabPool;
  /** The end of each turn: what is written, and who reads on. */
  readonly turn: Turn = new Turn((error) => this.unexpected("the end of a turn failed", error));
  /** Packets that have begun and are not whole. */
  readonly incomplete: IncompletePackets;
  /** Bytes that things may take. */
  readonly limits: MemoryLimits;
  /** Whether there is memory for anything new. */
  readonly memory: MemoryGuard;
  /** Limits of each outbound queue. */
  readonly outboundLimits: OutboundLimits;
  /** Limits of decoding. */
  readonly decodeOptions: DecodeOptions;
  /** Work that is too long for one turn. */
  readonly portions: Portions = new Portions({
    later: (run) => this.turn.afterReaders(() => this.stopped || run()),
    onError: (error) => this.unexpected("a portion of work failed", error),
  });
  /** How often sessions are asked for. */
  readonly connectRate: RatePerSecond = new RatePerSecond(() => this.now());
  /**
   * What the packets that were handled have cost beyond the usual, in microseconds or so. A reader looks at the clock earlier for
   * it, and begins to count anew.
   */
  charged = 0;
  /**
   * The end of the last match that was too long for one turn, of a topic that came for the first time, and of one that has come again:
   * that one is not behind those who publish to ever new topics. The next one of the same waits for it: what a match has found takes
   * memory.
   */
  readonly longMatches: { first: Promise<unknown>; again: Promise<unknown> } = { first: DONE, again: DONE };
  /** True from the beginning of the end. */
  stopping = false;
  /** Resolves when all connections were told that the broker stops. */
  readonly connectionsClosed: PromiseWithResolvers<void> = Promise.withResolvers<void>();
  /** Messages that go to so many that they wait for one another. */
  readonly longDeliveries: LongDeliveries = new LongDeliveries();
  /** Sessions that have ended and are not done with, by ClientID. */
  readonly endings: Map<string, { goOn(): boolean; end(): void; readonly done: Promise<void> }> = new Map();
  /** What all sessions have on its way to clients. */
  readonly deliveries: DeliveryTotals = new DeliveryTotals();
  /** Bytes that subscriptions take, without the nodes of the tree. */
  subscriptionBytes = 0;
  /** Bytes that wills take. */
  willBytes = 0;
  /** What Topic Aliases of clients take. */
  readonly aliases: AliasTotals;
  /** What Topic Aliases towards clients take. */
  readonly outboundAliases: AliasTotals;
  /** Acknowledgements that wait, of all connections, and how many of them may. */
  readonly waiting: { acknowledgements: number; readonly maximum: number };
  /** Bytes sent in earlier runs, where counters go on. */
  sentBefore = 0;
  /** What the clock showed when it was last looked at: with every read, timer and answer of a hook. Looking is not for free. */
  recentTime = 0;
  /** True from the end of the start to the beginning of the end. */
  serving = false;
  /** True once hooks are being stopped: nothing may be asked or stored any more. */
  stopped = false;

  /** @param options complete options */
  constructor(options: ResolvedOptions) {
    this.options = options;
    this.clientLog = limitedLogger(options.logger, options);
    this.info = newSystemInfo(VERSION, Math.floor(options.clock.now() / 1000));
    this.scheduler = new Scheduler(options.clock, (error) => this.unexpected("a timer failed", error));
    this.deadlines = new Deadlines({
      clock: options.clock,
      scheduler: this.scheduler,
      lookAround: (done) => this.turn.afterReaders(done),
    });
    this.incomplete = new IncompletePackets(this.deadlines);
    this.hooks = new HookChain({
      clock: options.clock,
      timeout: options.hookTimeout,
      lifecycleTimeout: options.hookLifecycleTimeout,
      logger: options.logger,
      onError: () => this.info.hookErrors++,
    });
    const { capabilities } = options;
    this.decodeOptions = {
      maximumUserProperties: capabilities.maximumUserProperties,
      maximumFilters: capabilities.maximumFiltersPerPacket,
    };
    this.limits = memoryLimits(capabilities);
    this.slabs = new SlabPool(this.limits.reading);
    this.tree = new SubscriptionTree<Session>({ cacheBytes: this.limits.matches, sizeOf: ({ bytes }) => bytes });
    this.aliases = new AliasTotals(this.limits.aliases);
    this.outboundAliases = new AliasTotals(this.limits.outboundAliases);
    this.waiting = { acknowledgements: 0, maximum: Math.floor(this.limits.acknowledgements / WAITING) };
    this.memory = new MemoryGuard({
      limits: this.limits,
      now: () => this.recentTime,
      onChange: (isShort, use) => {
        this.#tellOfMemory(isShort, use);
        if (!isShort) return;
        this.tree.forgetMatches();
        this.turn.afterReaders(() => this.memory.isShort && this.incomplete.endLarge());
      },
    });
    this.outboundLimits = {
      packets: capabilities.maximumClientWritesPending,
      bytes: capabilities.maximumClientWritesPendingBytes,
      totalBytes: this.limits.writes,
      flushBytes: options.clientNetWriteBufferSize,
    };
  }

  #tellOfMemory(isShort: boolean, { heapUsed, external }: MemoryUse): void {
    const fields = { heapUsed, external, ...this.#highWater() };
    if (isShort) this.clientLog.warn("memory is short: what is new is refused", fields);
    else this.clientLog.info("there is memory again: what is new is taken", fields);
  }

  #highWater(): { maximumHeap: number; maximumMemory: number } {
    const { memory: maximumMemory, heap: maximumHeap } = this.limits;
    return { maximumHeap, maximumMemory };
  }

  /**
   * Tells whoever runs the broker that clients are refused for what all of them together may have.
   *
   * @param option the limit that is reached, unless memory is short
   * @param limit what it is
   */
  tellOfRefusal(option: keyof Capabilities, limit: number): void {
    if (this.memory.isShort) this.clientLog.warn("clients are refused: memory is short", this.#highWater());
    else this.clientLog.warn(`clients are refused: ${option} is reached`, { limit });
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.recentTime = this.options.clock.now();
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
    this.clientLog.error(message, { error: errorText(error) });
  }
}

function inflightOf(session: Session): number {
  return session.existingOutbox?.size ?? 0;
}

function isConnected(session: Session): boolean {
  return session.link !== undefined || session.inlineHandler !== undefined;
}
