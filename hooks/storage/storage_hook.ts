/** The one storage hook: events of the broker become changes of an engine.
 * @module */
import type { Hook, HookContext } from "../../src/hook/hook.ts";
import type { SystemInfo } from "../../src/hook/system_info.ts";
import type { MessageView } from "../../src/session/message_view.ts";
import { utf8Length } from "../../src/packets/utf8.ts";
import type { Batch } from "./batch.ts";
import { Bodies } from "./bodies.ts";
import { encodeMessage } from "./codec_message.ts";
import { CommitReport, type StorageStats } from "./commit_report.ts";
import type { StorageEngine } from "./engine.ts";
import { GroupCommit } from "./group_commit.ts";
import { RETAINED, retainedItem, SYSTEM } from "./keys.ts";
import { INFO_ITEM, Loader } from "./loader.ts";
import {
  type ResolvedStorageOptions,
  resolveStorageOptions,
  type StorageHook,
  type StorageOptions,
} from "./options.ts";
import { prepareSchema } from "./schema.ts";
import { SessionStore } from "./session_store.ts";

/** Milliseconds between two writings of the counters. */
const INFO_PERIOD = 5_000;
/** Milliseconds that a store has for one commit before it counts as not well; the commit goes on. */
const LONGEST_COMMIT = 10_000;
/** Milliseconds in which changes gather when nobody waits for them. */
const RELAXED_GATHER = 10;

/**
 * Makes a storage hook of an engine.
 *
 * @param engine where things are kept; the hook opens and closes it
 * @param options options of every storage
 * @returns the hook
 * @throws {Error} for options that make no sense
 *
 * @example
 * ```ts
 * import { storageHook } from "./storage_hook.ts";
 * import { MemoryEngine } from "./memory_engine.ts";
 *
 * const hook = storageHook(new MemoryEngine(), { durability: "relaxed" });
 * console.assert(hook.durable === false);
 * ```
 */
export function storageHook(engine: StorageEngine, options: StorageOptions = {}): StorageHook {
  return hookOf(new Storage(engine, resolveStorageOptions(options)));
}

/** What a hook works on. */
class Storage {
  readonly engine: StorageEngine;
  readonly options: ResolvedStorageOptions;
  readonly report: CommitReport;
  readonly commits: GroupCommit;
  readonly bodies: Bodies;
  readonly sessions: SessionStore;
  readonly strict: boolean;
  #loaded: Promise<Loader> | undefined;
  #infoDue = 0;
  #info: (() => SystemInfo) | undefined;

  constructor(engine: StorageEngine, options: ResolvedStorageOptions) {
    this.engine = engine;
    this.options = options;
    this.strict = options.durability === "strict";
    this.report = new CommitReport(options.logPeriod);
    const gather = this.strict ? 0 : RELAXED_GATHER;
    this.commits = new GroupCommit({ ...options, engine, report: this.report, gather });
    this.bodies = new Bodies(this.commits);
    this.sessions = new SessionStore(this.commits, this.bodies);
  }

  async open(context: HookContext): Promise<void> {
    const { logger } = context;
    this.report.logger = logger;
    this.#info = context.info;
    await this.engine.open();
    try {
      await prepareSchema(this.engine);
    } catch (error) {
      await this.engine.close();
      throw error;
    }
    for (const warning of this.engine.warnings ?? []) logger.warn(warning);
    logger.info("storage is open", { store: this.engine.name, durability: this.options.durability });
  }

  async close(): Promise<void> {
    const { pendingMutations } = this.commits, complete = await this.commits.close(this.options.stopTimeout);
    if (!complete) {
      this.report.logger.error("changes were not committed before the stop", { pending: pendingMutations });
    }
    await this.engine.close();
  }

  /** What the acknowledgement waits for. */
  wait(batch: Batch | undefined): Promise<void> | undefined {
    return this.strict ? batch?.committed : undefined;
  }

  /** Contents of the store: read once, and kept until the last list is handed out. */
  load(): Promise<Loader> {
    return this.#loaded ??= this.#load();
  }

  async #load(): Promise<Loader> {
    const { engine, commits, bodies, sessions, report } = this, { logger } = report;
    const loader = new Loader({ engine, commits, bodies, sessions, logger });
    await loader.load();
    return loader;
  }

  /** The broker has everything: the lists are not needed any more. */
  forget(): void {
    this.#loaded = undefined;
  }

  retain(message: MessageView): Batch {
    const item = retainedItem(message.topic), keyBytes = utf8Length(item) + 16, clears = message.payload.length === 0;
    if (!clears) this.commits.admit();
    const batch = this.commits.batch(message), changes = batch.group(RETAINED);
    if (clears) batch.delete(changes, item, keyBytes);
    else batch.put(changes, item, encodeMessage(message), keyBytes);
    return batch;
  }

  retainedExpired(topic: string): void {
    const batch = this.commits.batch(), item = retainedItem(topic);
    batch.delete(batch.group(RETAINED), item, utf8Length(item) + 16);
  }

  info(info: SystemInfo): void {
    this.#tellIfSilent();
    const now = performance.now();
    if (now < this.#infoDue || !this.report.healthy) return;
    this.#infoDue = now + INFO_PERIOD;
    const batch = this.commits.batch();
    batch.put(batch.group(SYSTEM), INFO_ITEM, new TextEncoder().encode(JSON.stringify(info)), 16);
  }

  #tellIfSilent(): void {
    const { owed, pendingMutations } = this.commits;
    if (owed < LONGEST_COMMIT) return;
    this.report.failed(new Error(`no answer for ${Math.round(owed / 1_000)} s`), pendingMutations);
  }

  /** The counters as they are at the end. */
  lastInfo(): void {
    this.#infoDue = 0;
    if (this.#info !== undefined) this.info(this.#info());
  }

  get healthy(): boolean {
    const { commits, report, engine } = this;
    return report.healthy && commits.lost === undefined && commits.owed < LONGEST_COMMIT && engine.healthy();
  }

  get stats(): StorageStats {
    const { pendingMutations, pendingBytes } = this.commits;
    return { ...this.report.counters, pendingMutations, pendingBytes };
  }
}

function hookOf(storage: Storage): StorageHook {
  const { sessions } = storage;
  return {
    id: storage.options.id,
    durable: storage.strict,
    get stats(): StorageStats {
      return storage.stats;
    },
    init: (_options, context) => storage.open(context),
    stop: () => storage.close(),
    healthy: () => storage.healthy,
    admit: () => storage.commits.admit(),
    onStarted: () => storage.forget(),
    onStopped: () => storage.lastInfo(),
    onSysInfoTick: (info) => storage.info(info),
    onSessionEstablished: (_client, session) => storage.wait(sessions.established(session)),
    onDisconnect: (client) => storage.wait(sessions.changed(client)),
    onWillSent: (client) => storage.wait(sessions.changed(client)),
    onWillDropped: (client) => storage.wait(sessions.changed(client)),
    onClientExpired: (client) => storage.wait(sessions.ended(client)),
    onSubscribed: (client, subscriptions) => storage.wait(sessions.subscribed(client, subscriptions)),
    onUnsubscribed: (client, filters) => storage.wait(sessions.unsubscribed(client, filters)),
    onRetainMessage: (_client, message) => storage.wait(storage.retain(message)),
    onRetainedExpired: (topic) => storage.retainedExpired(topic),
    onQosPublish: (client, record) => storage.wait(sessions.put(client, record)),
    onQosComplete: (_client, record) => {
      const batch = sessions.remove(record);
      return record.direction === "in" ? storage.wait(batch) : undefined; // PUBCOMP waits for it
    },
    onQosDropped: (_client, record) => void sessions.remove(record),
    ...loadEvents(storage),
  };
}

type LoadEvents = Pick<
  Hook,
  "storedClients" | "storedSubscriptions" | "storedInflightMessages" | "storedRetainedMessages" | "storedSysInfo"
>;

function loadEvents(storage: Storage): LoadEvents {
  return {
    storedClients: async () => (await storage.load()).clients,
    storedSubscriptions: async () => (await storage.load()).subscriptions,
    storedInflightMessages: async () => (await storage.load()).inflight,
    storedRetainedMessages: async () => (await storage.load()).retained,
    storedSysInfo: async () => (await storage.load()).info,
  };
}
