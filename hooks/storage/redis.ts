/** Storage in Redis or Valkey, through the npm package `@redis/client`: the client that the makers of Redis recommend, without
 * dependencies of its own. It is downloaded when a broker starts that uses it.
 * @module */
import { Buffer } from "node:buffer";
import type { StorageHook, StorageOptions } from "./options.ts";
import type { RedisAddress, RedisConnection } from "./redis_api.ts";
import { RedisEngine } from "./redis_engine.ts";
import { connectToPrimary } from "./redis_nodes.ts";
import { parseRedisUrl, type RedisTarget } from "./redis_url.ts";
import { storageHook } from "./storage_hook.ts";

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

/**
 * A storage hook that keeps sessions, messages and counters in Redis or Valkey. Needs `--allow-net` for the server.
 *
 * What "stored" means is up to the server: with `appendonly yes` and `appendfsync always` an acknowledged message survives
 * the loss of power, with `appendfsync everysec` a crash of the server (not of the broker) loses up to a second.
 *
 * @param options where, and options of every storage
 * @returns the hook
 * @throws {Error} for a URL that cannot be used
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
  return storageHook(redisEngine(options), options);
}

/**
 * The engine of {@linkcode redisStorage} by itself.
 *
 * @param options where
 * @returns the engine, not open yet
 * @throws {Error} for a URL that cannot be used
 */
export function redisEngine(options: RedisStorageOptions = {}): RedisEngine {
  const target = parseRedisUrl(options.url ?? "redis://127.0.0.1:6379");
  const prefix = options.prefix ?? target.parameters.get("prefix") ?? "mochi";
  if (prefix === "" || /[{}]/.test(prefix)) {
    throw new Error(`Cannot use prefix "${prefix}": expected a name without braces`);
  }
  const lease = options.lease ?? Number(target.parameters.get("lease") ?? 5_000), timeout = options.timeout ?? 5_000;
  if (!(lease >= 100)) throw new Error(`Cannot use lease: expected at least 100 milliseconds`);
  const { host, port } = target.addresses[0];
  return new RedisEngine({
    name: `redis ${host}:${port}/${target.database} ${prefix}`,
    prefix,
    lease,
    timeout,
    connect: () =>
      connectToPrimary(
        target,
        (address, role) => connect(address, { target, role, timeout, ca: options.ca }),
        `{${prefix}}`,
      ),
  });
}

interface ConnectContext {
  readonly target: RedisTarget;
  readonly role: "store" | "sentinel";
  readonly timeout: number;
  readonly ca: string | undefined;
}

/** One connection, without reconnecting: the engine does that, because it has to look at its lease then. */
async function connect({ host, port }: RedisAddress, context: ConnectContext): Promise<RedisConnection> {
  const { createClient, RESP_TYPES } = await import("@redis/client");
  const { target, role, timeout, ca } = context, isStore = role === "store";
  const socket = { host, port, connectTimeout: timeout, reconnectStrategy: false as const };
  const client = createClient({
    socket: target.tls ? { ...socket, tls: true, ca } : socket,
    username: isStore ? target.username : undefined,
    password: isStore ? target.password : undefined,
    database: isStore ? target.database : 0,
    disableOfflineQueue: true,
    RESP: 2,
    maintNotifications: "disabled",
  });
  client.on("error", () => {}); // the command that is under way fails, that is enough
  await client.connect();
  return client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }) as unknown as RedisConnection;
}
