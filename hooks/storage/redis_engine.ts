/** An engine over Redis or Valkey: a group is a hash, a commit is one MULTI/EXEC that fails when the lease is not ours.
 *
 * | key                   | kind | what                                    |
 * | --------------------- | ---- | --------------------------------------- |
 * | `{prefix}:g:<group>`  | hash | the items of a group                    |
 * | `{prefix}:groups`     | set  | names of groups, to find them again     |
 * | `{prefix}:lock`       | text | who has the store; lapses               |
 * | `{prefix}:epoch`      | text | grows with every broker that takes it;  |
 * |                       |      | without it the database was emptied     |
 *
 * The braces put everything into one slot of a cluster, so that transactions are possible there.
 * @module
 */
import { Buffer } from "node:buffer";
import {
  type Changes,
  type EngineLimits,
  type Entry,
  type GroupChanges,
  type StorageEngine,
  StoreLostError,
} from "./engine.ts";
import type { RedisArguments, RedisConnection, RedisMulti } from "./redis_api.ts";
import { RedisLease } from "./redis_lease.ts";
import { readGroups } from "./redis_scan.ts";
import { within } from "./within.ts";

/** What a {@linkcode RedisEngine} is made of. */
export interface RedisEngineOptions {
  /** Kind and place, for people. */
  readonly name: string;
  /** Beginning of all keys. */
  readonly prefix: string;
  /** Milliseconds after which the store is free again when its broker has gone without a word. */
  readonly lease: number;
  /** Milliseconds that Redis has for an answer. */
  readonly timeout: number;
  /** Connects to the server that takes changes, or gives up after a time. */
  connect(): Promise<RedisConnection>;
}

/** Groups and items in Redis. */
export class RedisEngine implements StorageEngine {
  readonly name: string;
  readonly limits: EngineLimits = { mutations: 5_000, keyBytes: 1_048_576, valueBytes: 4_194_304 };
  readonly #options: RedisEngineOptions;
  readonly #base: string;
  readonly #lease: RedisLease;
  readonly #groups = new Set<string>(); // that are in the set of groups for sure
  #connection: RedisConnection | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #busy = 0;
  #closed = false;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** @param options what it is made of */
  constructor(options: RedisEngineOptions) {
    this.name = options.name;
    this.#options = options;
    this.#base = `{${options.prefix}}:`;
    this.#lease = new RedisLease(this.#base, options.lease);
  }

  async open(): Promise<void> {
    const connection = await this.#options.connect();
    try {
      await this.#lease.acquire(connection, this.name);
      await this.#lease.watch(connection);
    } catch (error) {
      connection.destroy();
      throw error;
    }
    this.#connection = connection;
    this.#timer = setInterval(() => this.#renew(), this.#options.lease / 3);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#last;
    if (this.#connection?.isReady) await this.#lease.release(this.#connection).catch(() => {}); // it lapses
    this.#disconnect();
  }

  /** Ends without a word, as the end of the process does: the lease lapses. */
  abandon(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#disconnect();
  }

  commit(changes: Changes): Promise<void> {
    if (this.#closed) return Promise.reject(new StoreLostError(`${this.name} is closed`)); // the lease is not ours any more
    return this.#alone(() => this.#execute(changes));
  }

  async *scan(prefix: string): AsyncIterable<readonly Entry[]> {
    const connection = this.#connection;
    if (connection === undefined) throw new Error(`Cannot read ${this.name}: not connected`);
    const names = await connection.sendCommand(["SMEMBERS", `${this.#base}groups`]) as Buffer[];
    const groups = names.map((name) => name.toString()).filter((name) => name.startsWith(prefix));
    yield* readGroups(connection, groups, (group) => this.#key(group));
  }

  healthy(): boolean {
    return this.#connection?.isReady ?? false;
  }

  #key(group: string): string {
    return `${this.#base}g:${group}`;
  }

  /** One thing at a time: a transaction of one is not to be mixed with the watching of another. */
  #alone(work: () => Promise<void>): Promise<void> {
    this.#busy++;
    const result = this.#last.then(work).finally(() => this.#busy--);
    this.#last = result.catch(() => {});
    return result;
  }

  /** Keeps the lease while nothing is committed, and looks whether Redis is back. */
  #renew(): void {
    if (this.#busy === 0) this.#alone(() => this.#execute(new Map())).catch(() => {}); // told by the next commit
  }

  async #execute(changes: Changes): Promise<void> {
    try {
      const connection = this.#connection?.isReady ? this.#connection : await this.#reconnect();
      if (await this.#transact(connection, changes)) return;
      if (await this.#transact(connection, changes)) return; // the lease had lapsed, and was still free
      throw new Error("Redis refused the transaction twice");
    } catch (error) {
      this.#disconnect(); // whatever it was, a new connection begins in a known state
      throw error;
    }
  }

  /** One transaction, and watching for the next one. @returns false when the lease had lapsed and is ours again */
  async #transact(connection: RedisConnection, changes: Changes): Promise<boolean> {
    const multi = connection.multi();
    multi.addCommand(["PEXPIRE", this.#lease.key, String(this.#lease.milliseconds)]);
    for (const [group, change] of changes) this.#add(multi, group, change);
    const both = Promise.allSettled([multi.exec(), this.#lease.watch(connection)]);
    const [executed, watched] = await within(this.#options.timeout, both, "Redis does not answer");
    if (watched.status === "rejected") throw watched.reason;
    if (executed.status === "fulfilled") return true;
    if (executed.reason?.constructor.name !== "WatchError") throw executed.reason;
    this.#groups.clear();
    return false; // nothing of it happened
  }

  async #reconnect(): Promise<RedisConnection> {
    this.#disconnect();
    this.#groups.clear(); // it may be another server, or one that has lost something
    const connection = await this.#options.connect();
    try {
      await within(this.#options.timeout, this.#lease.watch(connection), "Redis does not answer");
    } catch (error) {
      connection.destroy();
      throw error;
    }
    return this.#connection = connection;
  }

  #disconnect(): void {
    this.#connection?.destroy();
    this.#connection = undefined;
  }

  #add(multi: RedisMulti, group: string, { dropped, items }: GroupChanges): void {
    const key = this.#key(group), put: RedisArguments = ["HSET", key], removed: RedisArguments = ["HDEL", key];
    for (const [item, value] of items) {
      if (value === undefined) removed.push(item);
      else put.push(item, Buffer.from(value.buffer as ArrayBuffer, value.byteOffset, value.length));
    }
    if (dropped) multi.addCommand(["DEL", key]);
    if (removed.length > 2 && !dropped) multi.addCommand(removed);
    if (put.length > 2) {
      multi.addCommand(put);
      if (!this.#groups.has(group)) multi.addCommand(["SADD", `${this.#base}groups`, group]);
      this.#groups.add(group);
    } else if (dropped) {
      multi.addCommand(["SREM", `${this.#base}groups`, group]);
      this.#groups.delete(group);
    }
  }
}
