/** Storage in Deno KV: a file, memory, or the store of the host.
 * @module */
import { kvEngine } from "./kv_open.ts";
import type { StorageHook, StorageOptions } from "./options.ts";
import { storageHook } from "./storage_hook.ts";

export type { StorageHook, StorageLimits, StorageOptions, StorageStats } from "./options.ts";

/** Options of {@linkcode kvStorage}. */
export interface KvStorageOptions extends StorageOptions {
  /** A file (its folder is created), `:memory:`, or nothing for the store that a host like Deno Deploy provides. */
  path?: string;
  /** Beginning of all keys, default `mochi`: one store may serve other purposes, too. */
  prefix?: string;
  /** Milliseconds after which a hosted store is free again when its broker has gone without a word; default 15,000. */
  lease?: number;
}

/**
 * A storage hook that keeps sessions, messages and counters in Deno KV. Deno has to run with `--unstable-kv`, or with
 * `"unstable": ["kv"]` in `deno.json`; a file needs `--allow-read` and `--allow-write` for its folder.
 *
 * A file survives the end of the process at any moment; one broker uses it at a time (it is locked, and `PATH.lock` beside it).
 * It is made for the user of the broker alone.
 *
 * @param options where, and options of every storage
 * @returns the hook
 *
 * @example
 * ```ts
 * import { kvStorage } from "@mochi/broker/hooks/storage/kv";
 *
 * const storage = kvStorage({ path: "data/broker.kv" });
 * console.assert(storage.durable);
 * ```
 */
export function kvStorage(options: KvStorageOptions = {}): StorageHook {
  return storageHook(kvEngine(options), options);
}
