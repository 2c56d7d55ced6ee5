/** Storage in Redis or Valkey, through the npm package `@redis/client`: the client that the makers of Redis recommend, without
 * dependencies of its own. It is downloaded when a broker starts that uses it.
 * @module */
import { checkOptions, type Kinds } from "../../src/hook/check_options.ts";
import { STORAGE_OPTIONS, type StorageHook, type StorageOptions } from "./options.ts";
import { redisEngine } from "./redis_open.ts";
import { storageHook } from "./storage_hook.ts";

export type { StorageHook, StorageLimits, StorageOptions, StorageStats } from "./options.ts";

/** Options of {@linkcode redisStorage}. */
export interface RedisStorageOptions extends StorageOptions {
  /**
   * `redis://user:password@host:port/database`, `rediss://` for TLS. `redis-sentinel://host:port,host:port/database?name=mymaster`
   * asks sentinels, `redis-cluster://host:port,host:port` nodes of a cluster. Default `redis://127.0.0.1:6379`.
   */
  url?: string;
  /** Beginning of all keys, default `mochi`; also as `?prefix=` in the URL. */
  prefix?: string;
  /** Milliseconds after which the store is free again when its broker has gone without a word, default 5,000; also `?lease=`. */
  lease?: number;
  /** Milliseconds that Redis has for an answer, default 5,000. */
  timeout?: number;
  /** Certificates (PEM) that a TLS server is checked against, default those that Deno trusts. */
  ca?: string;
}

const OPTIONS: Kinds<RedisStorageOptions> = {
  url: "string",
  prefix: "string",
  lease: "any",
  timeout: "any",
  ca: "string",
  ...STORAGE_OPTIONS,
};

/**
 * A storage hook that keeps sessions, messages and counters in Redis or Valkey. Needs `--allow-net` for the server.
 *
 * What "stored" means is up to the server: with `appendonly yes` and `appendfsync always` an acknowledged message survives
 * the loss of power, with `appendfsync everysec` a crash of the server (not of the broker) loses up to a second.
 *
 * @param options where, and options of every storage
 * @returns the hook
 * @throws {Error} that names an option that cannot be used, or says what is wrong with the URL
 *
 * @example
 * ```ts
 * import { redisStorage } from "@mochi/broker/hooks/storage/redis";
 *
 * const storage = redisStorage({ url: "redis://127.0.0.1:6379/2", prefix: "plant-7" });
 * console.assert(storage.durable);
 * ```
 */
export function redisStorage(options: RedisStorageOptions = {}): StorageHook {
  checkOptions(options, OPTIONS);
  return storageHook(redisEngine(options), options);
}
