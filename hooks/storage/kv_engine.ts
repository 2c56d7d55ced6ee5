/** An engine over Deno KV: values of any size, commits of any size, one owner. The first part of a key is `prefix:kind`.
 *
 * | key                 | value                                                       |
 * | ------------------- | ----------------------------------------------------------- |
 * | `d <group> <item>`  | bytes, or where the pieces of a large value are             |
 * | `l <group> <item>`  | the same for large values alone                             |
 * | `v <set> <number>`  | a piece of a large value                                    |
 * | `p <set>`           | the set is incomplete, or not needed any more               |
 * | `j`                 | where the journal of an interrupted commit is               |
 * | `lease`             | who has a hosted store                                      |
 * @module
 */
import type { Changes, EngineLimits, Entry, GroupChanges, StorageEngine } from "./engine.ts";
import type { KvEntry, KvKey, KvStore } from "./kv_api.ts";
import { divide, type KvChange, type LargeHead, VALUE_BYTES } from "./kv_atomics.ts";
import { decodeJournal, encodeJournal } from "./kv_journal.ts";
import { LargeValues } from "./kv_large.ts";
import type { KvLock } from "./kv_lock.ts";
import { type KvRange, type PackedItem, readApart } from "./kv_reader.ts";

const PAGE = 1_000;
/** From so many items on a thread of its own is worth its start. */
const MANY = 10_000;
const LAST = "\u{10ffff}";
/** Index of the group in a key: the prefix comes first. */
const GROUP = 1;

/** What a {@linkcode KvEngine} is made of. */
export interface KvEngineOptions {
  /** Kind and place, for people. */
  readonly name: string;
  /** Beginning of the first part of all keys. */
  readonly prefix: string;
  /** Keeps others out. */
  readonly lock: KvLock;
  /** The file, where it is one that a second thread can open. */
  readonly path?: string;
  /** Opens the store. */
  open(): Promise<KvStore>;
}

/** Groups and items in Deno KV. */
export class KvEngine implements StorageEngine {
  readonly name: string;
  readonly limits: EngineLimits = { mutations: 950, keyBytes: 70_000, valueBytes: 700_000 };
  readonly #options: KvEngineOptions;
  readonly #prefixBytes: number;
  #kv!: KvStore;
  #large!: LargeValues;
  #unsure = true; // whether the last commit was made, and its remains removed

  /** @param options what it is made of */
  constructor(options: KvEngineOptions) {
    this.name = options.name;
    this.#options = options;
    this.#prefixBytes = 3 * options.prefix.length + 1;
  }

  get warnings(): readonly string[] {
    return this.#options.lock.warnings ?? [];
  }

  async open(): Promise<void> {
    const { lock, open } = this.#options;
    const kv = this.#kv = await lock.acquire(open);
    this.#large = new LargeValues({
      kv,
      key: (...parts) => this.#key(parts),
      commit: (changes) => this.#atomic(changes),
      commitPieces: (pieces) => this.#put(pieces),
    });
    try {
      await this.#recover();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#options.lock.release(() => this.#kv.close());
  }

  async commit(changes: Changes): Promise<void> {
    if (this.#unsure) await this.#recover();
    this.#unsure = true;
    const all: KvChange[] = [];
    for (const [group, change] of changes) {
      if (change.dropped) await this.#drop(group, change, all);
      for (const [item, value] of change.items) {
        const pending = this.#change(group, item, value, all);
        if (pending !== undefined) await pending;
      }
    }
    const atomics = divide(all, this.#prefixBytes);
    if (atomics.length > 1) await this.#journal(all, atomics);
    else if (atomics.length === 1) await this.#atomic(all);
    await this.#clean(this.#large.committed(all));
    await this.#options.lock.present?.();
  }

  async *scan(prefix: string): AsyncIterable<readonly Entry[]> {
    const start = this.#key(["d", prefix]), end = this.#key(["d", prefix + LAST]);
    const list = this.#kv.list({ start, end }, { batchSize: PAGE })[Symbol.asyncIterator]();
    let next = this.#page(list), read = 0, { path } = this.#options;
    for (let page = await next; page.length > 0; page = await next) {
      read += page.length;
      if (path !== undefined && read >= MANY && page.length === PAGE) {
        const { group, item } = page[PAGE - 1];
        yield page;
        if (yield* this.#rest({ path, start: this.#key(["d", group, item, ""]), end })) return;
        path = undefined;
        next = this.#page(list);
      } else {
        next = this.#page(list); // is read while this page is worked on
        next.catch(() => {}); // told when it is its turn
        yield page;
      }
    }
  }

  /** Reads what is left in a thread of its own. @returns false when there cannot be one: nothing was read then */
  async *#rest(range: KvRange): AsyncGenerator<readonly Entry[], boolean> {
    let begun = false;
    try {
      for await (const items of readApart(range)) {
        begun = true;
        yield await this.#whole(items);
      }
      return true;
    } catch (error) {
      if (begun) throw error;
      return false;
    }
  }

  async #whole(items: readonly PackedItem[]): Promise<Entry[]> {
    for (const item of items) {
      if (!(item.value instanceof Uint8Array)) item.value = await this.#large.read(item.value as LargeHead);
    }
    return items as unknown as Entry[];
  }

  async #page(list: AsyncIterator<KvEntry>): Promise<Entry[]> {
    const page: Entry[] = [], at = GROUP;
    while (page.length < PAGE) {
      const { done, value: entry } = await list.next();
      if (done) break;
      const { key, value } = entry;
      const bytes = value instanceof Uint8Array ? value : await this.#large.read(value as LargeHead);
      page.push({ group: key[at] as string, item: key[at + 1] as string, value: bytes });
    }
    return page;
  }

  healthy(): boolean {
    return true; // commits tell
  }

  /** Few parts make fast keys: the prefix and the kind are one. */
  #key([kind, ...names]: readonly string[]): KvKey {
    return [`${this.#options.prefix}:${kind}`, ...names];
  }

  async #drop(group: string, { items }: GroupChanges, all: KvChange[]): Promise<void> {
    const prefix = this.#key(["d", group]);
    for await (const { key } of this.#kv.list({ prefix }, { batchSize: PAGE })) {
      const item = key[prefix.length] as string;
      if (!items.has(item)) this.#change(group, item, undefined, all);
    }
  }

  /** Adds the changes for one item. @returns a Promise only for large values */
  #change(group: string, item: string, value: Uint8Array | undefined, all: KvChange[]): Promise<void> | undefined {
    for (const change of this.#large.forget(group, item)) all.push(change);
    if (value !== undefined && value.length > VALUE_BYTES) {
      return this.#large.stage(value).then((head) => void all.push(...this.#large.refer(group, item, head)));
    }
    all.push({ key: ["d", group, item], value });
    return undefined;
  }

  /** More than one atomic: written down, then done. The journal is what makes it one commit. */
  async #journal(all: readonly KvChange[], atomics: readonly KvChange[][]): Promise<void> {
    const head = await this.#large.stage(encodeJournal(all));
    await this.#atomic([{ key: ["j"], value: head }, { key: ["p", head[0]], value: undefined }]);
    await this.#apply(head, atomics);
  }

  async #apply(head: LargeHead, atomics: readonly KvChange[][]): Promise<void> {
    for (const changes of atomics) await this.#atomic(changes);
    await this.#atomic([{ key: ["j"], value: undefined }, { key: ["p", head[0]], value: head }]);
    await this.#large.remove(head);
  }

  /** Finishes or removes what an interrupted commit has left. */
  async #recover(): Promise<void> {
    const head = (await this.#kv.get(this.#key(["j"]))).value as LargeHead | null;
    if (head !== null) {
      const changes = decodeJournal(await this.#large.read(head));
      await this.#apply(head, divide(changes, this.#prefixBytes));
    }
    await this.#large.recover();
    this.#unsure = false;
  }

  /** The commit is made; what is left over goes now, or before the next one. */
  async #clean(garbage: readonly LargeHead[]): Promise<void> {
    try {
      for (const head of garbage) await this.#large.remove(head);
      this.#unsure = false;
    } catch {
      // the next commit begins with #recover
    }
  }

  #atomic(changes: readonly KvChange[]): Promise<void> {
    return this.#put(changes.map(({ key, value }) => ({ key: this.#key(key), value })));
  }

  async #put(changes: readonly { key: KvKey; value: unknown }[]): Promise<void> {
    const { lock } = this.#options;
    for (;;) {
      const atomic = lock.guard(this.#kv.atomic());
      for (const { key, value } of changes) {
        if (value === undefined) atomic.delete(key);
        else atomic.set(key, value);
      }
      if ((await atomic.commit()).ok) return;
      await lock.verify();
    }
  }
}
