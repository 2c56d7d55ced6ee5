/** Quick hashes at once: those of Web Crypto are made by other threads, which costs ten times as much as the hash itself.
 * @module */

type SyncCrypto = typeof import("node:crypto");

let loading: Promise<SyncCrypto> | undefined;

/**
 * Loads what makes hashes at once; it takes the start of a program that needs none of them no time.
 *
 * @returns the module
 *
 * @example
 * ```ts
 * import { loadCrypto } from "./sync_crypto.ts";
 *
 * const { createHash } = await loadCrypto();
 * console.assert(createHash("sha256").update("x").digest().length === 32);
 * ```
 */
export function loadCrypto(): Promise<SyncCrypto> {
  return loading ??= import("node:crypto");
}
