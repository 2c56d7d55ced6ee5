/** Where sessions and messages are kept.
 * @module */
import type { Hook } from "../hook/hook.ts";
import type { StoreOptions, StoreSettings } from "./settings.ts";
import { UsageError } from "./usage_error.ts";

type MakeStore<T> = (options: T & StoreOptions) => Hook;

// Not literals in `import(...)`: what a literal names is loaded at every start, with the clients that it needs.
const KV_MODULE: string = "../../hooks/storage/kv.ts";
const REDIS_MODULE: string = "../../hooks/storage/redis.ts";

/** How addresses of Redis begin. */
export const REDIS_URL = /^redis(s|-sentinel|-cluster)?:\/\/./;

/**
 * Reads the value of `--store`.
 *
 * @param url `memory:`, `kv:PATH` or `redis://...`
 * @returns what it says
 * @throws {UsageError} that names the fix
 */
export function parseStore(url: string): StoreSettings {
  if (url === "memory:") return { kind: "memory" };
  const path = url.startsWith("kv:") ? url.slice("kv:".length) : "";
  if (path !== "") return { kind: "kv", path };
  if (REDIS_URL.test(url)) return { kind: "redis", url };
  throw new UsageError(
    `--store: expected memory:, kv:PATH or redis://HOST:PORT, got "${url.replace(/[^/]*@/, "...@")}"`,
  );
}

/**
 * Makes the hook of a store.
 *
 * @param settings which store
 * @returns the hook, `undefined` where nothing is kept
 * @throws {UsageError} when the store is not there or its options are wrong
 */
export async function makeStore(settings: StoreSettings): Promise<Hook | undefined> {
  if (settings.kind === "memory") return undefined;
  const { kind, ...options } = settings;
  try {
    if (kind === "kv") return (await import(KV_MODULE) as { kvStorage: MakeStore<unknown> }).kvStorage(options);
    return (await import(REDIS_MODULE) as { redisStorage: MakeStore<unknown> }).redisStorage(options);
  } catch (error) {
    throw new UsageError(`--store, or hooks.storage.${kind}: ${(error as Error).message}`);
  }
}
