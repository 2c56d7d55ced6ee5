/** A broker that crashes and starts again on what its store held at that moment, in a time that the test moves.
 * @module */
import { allowAll } from "../../hooks/auth/allow_all.ts";
import type { Changes, StorageEngine } from "../../hooks/storage/engine.ts";
import { MemoryEngine, MemoryStore } from "../../hooks/storage/memory_engine.ts";
import type { StorageHook, StorageOptions } from "../../hooks/storage/options.ts";
import { storageHook } from "../../hooks/storage/storage_hook.ts";
import { Broker } from "../../src/broker/broker.ts";
import type { BrokerOptions } from "../../src/broker/core/options.ts";
import type { Hook } from "../../src/hook/hook.ts";
import { FakeClock, settle } from "../helpers/fake_clock.ts";
import { type ConnectOptions, RawClient } from "../helpers/raw_client.ts";
import { overMemory, type Transport } from "../helpers/transports.ts";
import { LineLogger } from "./world.ts";

/** What is special. */
export interface RestartOptions extends BrokerOptions {
  /** Of the storage. */
  readonly storage?: StorageOptions;
  /** Makes an engine over the store. */
  readonly engine?: (store: MemoryStore) => StorageEngine;
  /** More hooks, asked before those that every broker has here. */
  readonly hooks?: readonly Hook[];
}

/** A broker with its store and its clients. */
export class RestartWorld implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly logger = new LineLogger();
  readonly #options: RestartOptions;
  #store = new MemoryStore();
  #transport: Transport = overMemory();
  #clients: RawClient[] = [];
  #broker: Broker | undefined;
  #hook: StorageHook | undefined;

  /** @param options what is special */
  constructor(options: RestartOptions = {}) {
    this.#options = options;
  }

  /** The broker of this life. */
  get broker(): Broker {
    return this.#broker!;
  }

  /** Its storage. */
  get hook(): StorageHook {
    return this.#hook!;
  }

  /** What is stored. */
  get store(): MemoryStore {
    return this.#store;
  }

  /** Starts a broker on the store, or on another one. */
  async start(store: MemoryStore = this.#store): Promise<this> {
    this.#store = store;
    const { storage, engine = (store) => new MemoryEngine(store), hooks = [], ...rest } = this.#options;
    this.#transport = overMemory();
    this.#hook = storageHook(engine(this.#store), storage);
    this.#broker = new Broker({ sysTopicResendInterval: 0, logger: this.logger, ...rest, clock: this.clock });
    for (const hook of hooks) await this.#broker.addHook(hook);
    await this.#broker.addHook(allowAll());
    await this.#broker.addHook(this.#hook);
    await this.#broker.addListener(this.#transport.listener);
    await this.#broker.serve();
    return this;
  }

  /** The process ends at once; some time later another one starts. */
  async crash(milliseconds = 0): Promise<void> {
    await settle();
    const store = copyOf(this.#store);
    await this.stop();
    this.#store = store;
    await this.clock.advance(milliseconds);
    await this.start();
    await this.advance(0);
  }

  /** A client that wants its session to stay. */
  async connect(clientId: string, options: ConnectOptions = {}): Promise<RawClient> {
    const client = new RawClient(await this.#transport.connect(), { version: options.protocolVersion ?? 5, settle });
    this.#clients.push(client);
    const properties = { sessionExpiryInterval: 100_000, ...options.properties };
    return await client.connect({ cleanStart: false, ...options, clientId, properties });
  }

  /** Lets time pass while the broker runs. */
  async advance(milliseconds: number): Promise<void> {
    await settle();
    await this.clock.advance(milliseconds);
    await settle();
  }

  /** Stops the broker, without a word to its clients. */
  async stop(): Promise<void> {
    for (const client of this.#clients.splice(0)) await client.cut();
    await this.#broker?.close();
    this.#broker = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** What a store holds now, for another broker. */
export function copyOf(store: MemoryStore): MemoryStore {
  const copy = new MemoryStore();
  for (const [group, items] of store.groups) copy.groups.set(group, new Map(items));
  return copy;
}

/** An engine that keeps what each commit has left: the moments at which a crash can happen. */
export class MomentsEngine extends MemoryEngine {
  readonly moments: MemoryStore[] = [];
  readonly #store: MemoryStore;

  constructor(store: MemoryStore) {
    super(store);
    this.#store = store;
  }

  override async commit(changes: Changes): Promise<void> {
    await super.commit(changes);
    this.moments.push(copyOf(this.#store));
  }
}
