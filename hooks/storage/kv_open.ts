/** From options to an engine over Deno KV.
 * @module */
import type { KvStorageOptions } from "./kv.ts";
import { openKv } from "./kv_api.ts";
import { KvEngine } from "./kv_engine.ts";
import { FileLock } from "./file_lock.ts";
import { type KvLock, LeaseLock, noLock } from "./kv_lock.ts";

/**
 * The engine of `kvStorage` by itself.
 *
 * @param options where
 * @returns the engine, not open yet
 */
export function kvEngine(options: KvStorageOptions = {}): KvEngine {
  const { path } = options, prefix = options.prefix ?? "mochi";
  return new KvEngine({
    name: `kv ${path ?? "of the host"}`,
    prefix,
    lock: lockFor(options, prefix),
    path: path === ":memory:" ? undefined : path,
    open: () => openKv(path),
  });
}

function lockFor({ path, lease = 15_000 }: KvStorageOptions, prefix: string): KvLock {
  if (path === ":memory:") return noLock;
  if (path === undefined) return new LeaseLock([`${prefix}:lease`], lease);
  return new FileLock(path);
}
