/** Storage in Deno KV: a file, memory, or the store of the host.
 * @module */
import { checkOptions, type Kinds } from "../../src/hook/check_options.ts";
import { kvEngine } from "./kv_open.ts";
import { STORAGE_OPTIONS, type StorageHook, type StorageOptions } from "./options.ts";
import { storageHook } from "./storage_hook.ts";

export type { StorageHook, StorageLimits, StorageOptions, StorageStats } from "./options.ts";

/** Options of {@linkcode kvStorage}. */
export interface KvStorageOptions extends StorageOptions {
  /** A file (its folder is created), `:memory:`, or nothing for the store that a host like Deno Deploy provides. */
  path?: string;
  /** Beginning of all keys, default `mochi`: one store may serve other purposes, too. */
  prefix?: string;
  /** Milliseconds after which a hosted store is free again when its broker has gone without a word; 100 to 3,600,000, default 15,000. */
  lease?: number;
}

const OPTIONS: Kinds<KvStorageOptions> = {
  path: "string",
  prefix: "string",
  lease: [100, 3_600_000],
  ...STORAGE_OPTIONS,
};

/**
 * A storage hook that keeps sessions, messages and counters in Deno KV. Deno has to run with `--unstable-kv`, or with
 * `"unstable": ["kv"]` in `deno.json`; a file needs `--allow-read` and `--allow-write` for its folder.
 *
 * A file survives the end of the process at any moment; one broker uses it at a time (it is locked, and `PATH.lock` beside it).
 * It is made for the user of the broker alone.
 *
 * @param options where, and options of every storage
 * @returns the hook
 * @throws {Error} that names an option that cannot be used
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
  checkOptions(options, OPTIONS);
  return storageHook(kvEngine(options), options);
}
