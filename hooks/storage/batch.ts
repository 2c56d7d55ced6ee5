/** The changes that become durable together, and the promise that they have.
 * @module */
import type { EngineLimits, GroupChanges } from "./engine.ts";

/** A transaction under construction. Within it only the last state of an item counts. */
export class Batch {
  /** Changes by group. */
  readonly changes: Map<string, GroupChanges> = new Map();
  /** Settles when the changes are committed, or can never be. */
  readonly committed: Promise<void>;
  /** Items that change, and groups that are dropped. */
  mutations = 0;
  /** Bytes of names. */
  keyBytes = 0;
  /** Bytes of values. */
  valueBytes = 0;
  /** Settles {@linkcode Batch.committed}. */
  resolve!: () => void;
  /** Settles {@linkcode Batch.committed}. */
  reject!: (error: unknown) => void;

  /** An empty batch. */
  constructor() {
    this.committed = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.committed.catch(() => {}); // most who change something do not wait
  }

  /**
   * @param name name of the group
   * @returns its changes, to be handed to the other functions
   */
  group(name: string): GroupChanges {
    let changes = this.changes.get(name);
    if (changes === undefined) this.changes.set(name, changes = { dropped: false, items: new Map() });
    return changes;
  }

  /**
   * Puts an item.
   *
   * @param changes the group
   * @param item its name
   * @param value the bytes
   * @param keyBytes bytes of the names of group and item
   */
  put(changes: GroupChanges, item: string, value: Uint8Array, keyBytes: number): void {
    this.#set(changes, item, value, keyBytes);
    this.valueBytes += value.length;
  }

  /**
   * Removes an item.
   *
   * @param changes the group
   * @param item its name
   * @param keyBytes bytes of the names of group and item
   */
  delete(changes: GroupChanges, item: string, keyBytes: number): void {
    this.#set(changes, item, undefined, keyBytes);
  }

  /**
   * Takes back the put of an item that the store has never seen.
   *
   * @param changes the group
   * @param item its name
   * @param keyBytes bytes of the names of group and item
   */
  cancel(changes: GroupChanges, item: string, keyBytes: number): void {
    const value = changes.items.get(item);
    if (!changes.items.delete(item)) return;
    this.mutations--;
    this.keyBytes -= keyBytes;
    this.valueBytes -= value?.length ?? 0;
  }

  /**
   * Removes a group with everything in it, also what this batch has put.
   *
   * @param changes the group
   */
  drop(changes: GroupChanges): void {
    for (const value of changes.items.values()) {
      this.mutations--;
      this.valueBytes -= value?.length ?? 0;
    }
    changes.items.clear();
    if (!changes.dropped) this.mutations++;
    changes.dropped = true;
  }

  /**
   * Whether more would make it larger than the engine likes.
   *
   * @param limits what the engine likes
   * @param more what is expected to come
   * @returns true when it would be too large
   */
  isFull(limits: EngineLimits, more: EngineLimits): boolean {
    return this.mutations + more.mutations > limits.mutations || this.keyBytes + more.keyBytes > limits.keyBytes ||
      this.valueBytes + more.valueBytes > limits.valueBytes;
  }

  #set(changes: GroupChanges, item: string, value: Uint8Array | undefined, keyBytes: number): void {
    const { items } = changes, before = items.size;
    if (before > 0) this.valueBytes -= items.get(item)?.length ?? 0;
    items.set(item, value);
    if (items.size === before) return;
    this.mutations++;
    this.keyBytes += keyBytes;
  }
}
