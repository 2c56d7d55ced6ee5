/** Values over the limit of Deno KV: written in pieces that nobody sees until one item refers to them.
 *
 * The item `p <set>` stands as long as a set is incomplete or not needed any more, so that a crash leaves nothing behind.
 * @module */
import { type KvChange, type LargeHead, VALUE_BYTES } from "./kv_atomics.ts";
import type { KvKey, KvStore } from "./kv_api.ts";

/** Pieces in one atomic: 12 of 65,536 bytes fit. */
const PIECES_AT_ONCE = 12;
const REMOVED_AT_ONCE = 500;
const NOTHING: readonly KvChange[] = [];

/** What a {@linkcode LargeValues} needs of its engine. */
export interface LargeValuesOptions {
  /** The open store. */
  readonly kv: KvStore;
  /** Makes a complete key. */
  key(...parts: string[]): KvKey;
  /** Commits changes that fit into one atomic. */
  commit(changes: readonly KvChange[]): Promise<void>;
  /** Commits pieces: keys are complete here. */
  commitPieces(pieces: readonly { key: KvKey; value: Uint8Array | undefined }[]): Promise<void>;
}

/** Sets of pieces, and which items refer to them. */
export class LargeValues {
  readonly #options: LargeValuesOptions;
  #index = new Map<string, LargeHead>();

  /** @param options what it needs */
  constructor(options: LargeValuesOptions) {
    this.#options = options;
  }

  /**
   * Writes a value in pieces; it stays invisible.
   *
   * @param value the bytes
   * @returns what the item that refers to it has as its value
   */
  async stage(value: Uint8Array): Promise<LargeHead> {
    const set = crypto.randomUUID(), pieces = Math.ceil(value.length / VALUE_BYTES);
    const head: LargeHead = [set, pieces, value.length];
    await this.#options.commit([{ key: ["p", set], value: head }]);
    for (let from = 0; from < pieces; from += PIECES_AT_ONCE) {
      const some = [];
      for (let index = from; index < Math.min(pieces, from + PIECES_AT_ONCE); index++) {
        const part = value.subarray(index * VALUE_BYTES, (index + 1) * VALUE_BYTES);
        some.push({ key: [...this.#options.key("v", set), index], value: part });
      }
      await this.#options.commitPieces(some);
    }
    return head;
  }

  /**
   * Reads a value.
   *
   * @param head what refers to it
   * @returns the bytes
   * @throws {Error} (as rejection) when pieces are missing
   */
  async read(head: LargeHead): Promise<Uint8Array> {
    const [set, pieces, length] = head, value = new Uint8Array(length);
    let found = 0, at = 0;
    for await (const piece of this.#options.kv.list({ prefix: this.#options.key("v", set) }, { batchSize: 50 })) {
      const bytes = piece.value as Uint8Array;
      value.set(bytes, at);
      at += bytes.length;
      found++;
    }
    if (found === pieces && at === length) return value;
    throw new Error(`Cannot read a value of ${length} bytes: ${found} of ${pieces} pieces are there`);
  }

  /** Changes that make a staged value visible under an item. */
  refer(group: string, item: string, head: LargeHead): KvChange[] {
    return [
      { key: ["d", group, item], value: head },
      { key: ["l", group, item], value: head },
      { key: ["p", head[0]], value: undefined },
    ];
  }

  /** Changes that go with replacing or removing an item; none when its value is small. */
  forget(group: string, item: string): readonly KvChange[] {
    if (this.#index.size === 0) return NOTHING;
    const head = this.#index.get(indexKey(group, item));
    if (head === undefined) return NOTHING;
    return [{ key: ["l", group, item], value: undefined }, { key: ["p", head[0]], value: head }];
  }

  /** Takes notice of changes that were committed. @returns sets to be removed */
  committed(changes: readonly KvChange[]): LargeHead[] {
    const garbage: LargeHead[] = [];
    for (const { key, value } of changes) {
      if (key[0] === "l") {
        if (value === undefined) this.#index.delete(indexKey(key[1], key[2]));
        else this.#index.set(indexKey(key[1], key[2]), value as LargeHead);
      } else if (key[0] === "p" && value !== undefined) garbage.push(value as LargeHead);
    }
    return garbage;
  }

  /** Removes a set that nothing refers to. */
  async remove(head: LargeHead): Promise<void> {
    const [set, pieces] = head;
    for (let from = 0; from < pieces; from += REMOVED_AT_ONCE) {
      const some = [];
      for (let index = from; index < Math.min(pieces, from + REMOVED_AT_ONCE); index++) {
        some.push({ key: [...this.#options.key("v", set), index], value: undefined });
      }
      await this.#options.commitPieces(some);
    }
    await this.#options.commit([{ key: ["p", set], value: undefined }]);
  }

  /** Removes what a crash left behind, and reads which items refer to sets. */
  async recover(): Promise<void> {
    const { kv, key } = this.#options, torn: LargeHead[] = [];
    for await (const entry of kv.list({ prefix: key("p") })) torn.push(entry.value as LargeHead);
    for (const head of torn) await this.remove(head);
    this.#index = new Map();
    const at = key("l").length;
    for await (const entry of kv.list({ prefix: key("l") }, { batchSize: 1_000 })) {
      this.#index.set(indexKey(String(entry.key[at]), String(entry.key[at + 1])), entry.value as LargeHead);
    }
  }
}

function indexKey(group: string, item: string): string {
  return `${group.length}:${group}${item}`;
}
