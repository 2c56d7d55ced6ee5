/** Options that all storage hooks share.
 * @module */
import { HEAP_LIMIT } from "../../src/hook/heap.ts";
import type { Hook } from "../../src/hook/hook.ts";
import type { Kinds } from "../../src/hook/check_options.ts";
import type { StorageStats } from "./commit_report.ts";

export type { StorageStats };

/** How much may wait for the store. */
export interface StorageLimits {
  /** Items that may wait; above it new messages, subscriptions and sessions are refused with 0x97. */
  readonly maximumPendingMutations: number;
  /** Bytes of memory that they may take; 0, the default, is 3 % of the heap that there may be. */
  readonly maximumPendingBytes: number;
}

/** Part of the heap. Those of everything else are in `src/broker/core/memory_limits.ts`. */
const HEAP_SHARE = 0.03;

/** Options of every storage hook; each has a default. */
export interface StorageOptions extends Partial<StorageLimits> {
  /** Id of the hook, default `storage`. */
  id?: string;
  /**
   * `strict` (default): acknowledgements follow the commit. `relaxed`: they do not wait, and a crash loses what was
   * acknowledged in the last few dozen milliseconds.
   */
  durability?: "strict" | "relaxed";
  /** Milliseconds that stopping waits for the last commit, default 3,000. */
  stopTimeout?: number;
  /** Milliseconds between two log lines about a failing store, default 30,000. */
  logPeriod?: number;
}

/** What they have to be. */
export const STORAGE_OPTIONS: Kinds<StorageOptions> = {
  id: "string",
  durability: "any",
  maximumPendingMutations: [1, Infinity],
  maximumPendingBytes: [0, Infinity],
  stopTimeout: [0, 3_600_000],
  logPeriod: [0, 3_600_000],
};

/** A hook that keeps sessions and messages; give it to `addHook`. */
export interface StorageHook extends Hook {
  /** Counters as they are now. */
  readonly stats: StorageStats;
}

/** {@linkcode StorageOptions} with every default filled in. */
export type ResolvedStorageOptions = Required<StorageOptions>;

/**
 * Fills in the defaults.
 *
 * @param options what was given
 * @returns all options
 * @throws Error for another durability
 *
 * @example
 * ```ts
 * import { resolveStorageOptions } from "./options.ts";
 *
 * console.assert(resolveStorageOptions({}).durability === "strict");
 * ```
 */
export function resolveStorageOptions(options: StorageOptions): ResolvedStorageOptions {
  const durability = options.durability ?? "strict";
  if (durability !== "strict" && durability !== "relaxed") {
    throw new Error(`Cannot use durability: current value is "${durability}", expected strict or relaxed`);
  }
  return {
    id: options.id ?? "storage",
    durability,
    maximumPendingMutations: options.maximumPendingMutations ?? 200_000,
    maximumPendingBytes: options.maximumPendingBytes || Math.floor(HEAP_SHARE * HEAP_LIMIT),
    stopTimeout: options.stopTimeout ?? 3_000,
    logPeriod: options.logPeriod ?? 30_000,
  };
}
