/** What a store has to be able to do: one small interface, implemented by memory, Deno KV and Redis.
 *
 * A store holds items in groups. A session is a group (its client, subscriptions and messages are the items), so is the
 * set of retained messages. Groups make "forget the session" one operation, whatever it holds.
 * @module
 */

/** Changes of one group. */
export interface GroupChanges {
  /** Everything that the group held before is removed; `items` come after that. */
  dropped: boolean;
  /** Items by name: bytes are put, `undefined` is removed. */
  readonly items: Map<string, Uint8Array | undefined>;
}

/** Changes by the name of their group. */
export type Changes = ReadonlyMap<string, GroupChanges>;

/** One item as it was read. */
export interface Entry {
  /** Name of the group. */
  readonly group: string;
  /** Name in the group. */
  readonly item: string;
  /** The bytes; they belong to the reader. */
  readonly value: Uint8Array;
}

/** How much one commit should hold; larger ones are allowed and slower. */
export interface EngineLimits {
  /** Number of items that change. */
  readonly mutations: number;
  /** Bytes of all names, groups included. */
  readonly keyBytes: number;
  /** Bytes of all values. */
  readonly valueBytes: number;
}

/**
 * An engine. `commit` is called once at a time.
 *
 * @example
 * ```ts
 * import { MemoryEngine } from "./memory_engine.ts";
 * import type { StorageEngine } from "./engine.ts";
 *
 * const engine: StorageEngine = new MemoryEngine();
 * await engine.open();
 * await engine.commit(new Map([["r", { dropped: false, items: new Map([["a/b", Uint8Array.of(1)]]) }]]));
 * for await (const page of engine.scan("r")) console.assert(page[0].item === "a/b");
 * await engine.close();
 * ```
 */
export interface StorageEngine {
  /** Kind and place, for people: `kv data/broker.kv`. */
  readonly name: string;
  /** How much one commit should hold. */
  readonly limits: EngineLimits;
  /** What an operator should know once it is open, a line with the fix each. */
  readonly warnings?: readonly string[];
  /**
   * Opens the store, locks it and finishes what a crash left unfinished.
   *
   * @throws {Error} (as rejection) that says what is wrong and what to do, for instance that another broker has the store
   */
  open(): Promise<void>;
  /** Gives the store and its lock back. */
  close(): Promise<void>;
  /**
   * Makes all the changes or none, and resolves when they survive the end of the process.
   *
   * @param changes what to change; not touched, and not to be changed before the promise settles
   * @throws {Error} (as rejection) when it could not; the same changes may be given again
   * @throws {StoreLostError} (as rejection) when trying again is no use
   */
  commit(changes: Changes): Promise<void>;
  /**
   * Reads all groups whose name begins with `prefix`; the items of one group come together, in any order.
   *
   * @param prefix beginning of the group's name
   * @returns pages of items
   */
  scan(prefix: string): AsyncIterable<readonly Entry[]>;
  /** Whether the store can be reached, as far as is known. */
  healthy(): boolean;
}

/**
 * The store belongs to somebody else now, or what was in it is gone: nothing may be written any more.
 *
 * @example
 * ```ts
 * import { StoreLostError } from "./engine.ts";
 *
 * const error = new StoreLostError("another broker has taken over the store");
 * console.assert(error.name === "StoreLostError");
 * ```
 */
export class StoreLostError extends Error {
  /** @param message what happened */
  constructor(message: string) {
    super(message);
    this.name = "StoreLostError";
  }
}
