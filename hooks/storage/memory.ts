/** Storage in memory: for tests, and for a broker that forgets everything with its process.
 * @module */
import { checkOptions, type Kinds } from "../../src/hook/check_options.ts";
import { MemoryEngine, MemoryStore } from "./memory_engine.ts";
import { STORAGE_OPTIONS, type StorageHook, type StorageOptions } from "./options.ts";
import { storageHook } from "./storage_hook.ts";

export { MemoryStore };
export type { StorageHook, StorageLimits, StorageOptions, StorageStats } from "./options.ts";

/** Options of {@linkcode memoryStorage}. */
export interface MemoryStorageOptions extends StorageOptions {
  /** Where it keeps things, default a new place. */
  store?: MemoryStore;
}

const OPTIONS: Kinds<MemoryStorageOptions> = { store: "any", ...STORAGE_OPTIONS };

/**
 * A storage hook that keeps everything in memory.
 *
 * @param options options of every storage, and where to keep things
 * @returns the hook
 * @throws {Error} that names an option that cannot be used
 *
 * @example
 * ```ts
 * import { memoryStorage, MemoryStore } from "@mochi/broker/hooks/storage/memory";
 *
 * const store = new MemoryStore(); // outlives the brokers that use it, not the process
 * const storage = memoryStorage({ store });
 * console.assert(storage.id === "storage");
 * ```
 */
export function memoryStorage(options: MemoryStorageOptions = {}): StorageHook {
  checkOptions(options, OPTIONS);
  return storageHook(new MemoryEngine(options.store), options);
}
