/** Changes of Deno KV, divided into atomics that it takes.
 * @module */
import { utf8Length } from "../../src/packets/utf8.ts";

/** Where a value is that is too large for one item: pieces of a set, and the bytes of all. */
export type LargeHead = readonly [set: string, pieces: number, bytes: number];

/** One item that changes; `undefined` removes it. The key lacks the prefix of the store. */
export interface KvChange {
  readonly key: readonly string[];
  readonly value: Uint8Array | LargeHead | undefined;
}

/** Bytes of the largest value. */
export const VALUE_BYTES = 65_536;
/** Items in one atomic. */
const MUTATIONS = 1_000;
/** Bytes of all keys in one atomic: 81,920, less what is not counted here. */
const KEY_BYTES = 78_000;
/** Bytes of keys and values in one atomic: 819,200, less what is not counted here. */
const TOTAL_BYTES = 800_000;
/** What a value costs beside its bytes. */
const OVERHEAD = 16;

function keySize(key: readonly string[], prefixBytes: number): number {
  let size = prefixBytes;
  for (const part of key) size += utf8Length(part) + 2;
  return size;
}

/**
 * Divides changes, in their order.
 *
 * @param changes all changes
 * @param prefixBytes bytes of the prefix of all keys
 * @returns groups that fit into one atomic each
 */
export function divide(changes: readonly KvChange[], prefixBytes: number): KvChange[][] {
  const groups: KvChange[][] = [];
  let group: KvChange[] = [], keys = 0, total = 0;
  for (const change of changes) {
    const key = keySize(change.key, prefixBytes);
    const size = key + OVERHEAD + (change.value instanceof Uint8Array ? change.value.length : 64);
    if (group.length === MUTATIONS || keys + key > KEY_BYTES || total + size > TOTAL_BYTES) {
      groups.push(group);
      group = [];
      keys = total = 0;
    }
    group.push(change);
    keys += key;
    total += size;
  }
  if (group.length > 0) groups.push(group);
  return groups;
}
