/** The part of Deno KV that is used, typed here so that it compiles without unstable types.
 * @module */

/** A key: parts in order. */
export type KvKey = readonly (string | number)[];

/** An item as it was read. */
export interface KvEntry {
  readonly key: KvKey;
  readonly value: unknown;
  readonly versionstamp: string | null;
}

/** Changes that happen together. */
export interface KvAtomic {
  check(check: { key: KvKey; versionstamp: string | null }): KvAtomic;
  set(key: KvKey, value: unknown): KvAtomic;
  delete(key: KvKey): KvAtomic;
  commit(): Promise<{ ok: boolean; versionstamp?: string }>;
}

/** An open store. */
export interface KvStore {
  get(key: KvKey): Promise<KvEntry>;
  list(
    selector: { prefix: KvKey } | { start: KvKey; end: KvKey },
    options?: { batchSize?: number },
  ): AsyncIterable<KvEntry>;
  atomic(): KvAtomic;
  close(): void;
}

/**
 * Opens Deno KV.
 *
 * @param path file, `:memory:`, or `undefined` for the store that the host provides
 * @returns the open store
 * @throws {Error} (as rejection) that says what to add when Deno runs without KV
 */
export async function openKv(path: string | undefined): Promise<KvStore> {
  const open = (Deno as { openKv?: (path?: string) => Promise<unknown> }).openKv;
  if (open === undefined) {
    throw new Error(
      'Cannot open Deno KV: it is not enabled; run deno with --unstable-kv, or add "unstable": ["kv"] to deno.json',
    );
  }
  return await open(path) as KvStore;
}
