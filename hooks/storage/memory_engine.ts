/** An engine over Maps.
 * @module */
import type { Changes, EngineLimits, Entry, StorageEngine } from "./engine.ts";

const PAGE = 1_000;

/** What a {@linkcode MemoryEngine} holds. Give it to the next one to see a restart. */
export class MemoryStore {
  /** Values by item by group. */
  readonly groups: Map<string, Map<string, Uint8Array>> = new Map();
  /** True while an engine has it. */
  locked = false;
}

/** Groups and items in memory. */
export class MemoryEngine implements StorageEngine {
  readonly name = "memory";
  readonly limits: EngineLimits = { mutations: 10_000, keyBytes: 1_048_576, valueBytes: 16_777_216 };
  readonly #store: MemoryStore;

  /** @param store where it keeps things */
  constructor(store: MemoryStore = new MemoryStore()) {
    this.#store = store;
  }

  // deno-lint-ignore require-await
  async open(): Promise<void> {
    if (this.#store.locked) throw new Error("Cannot open store memory: another broker uses it");
    this.#store.locked = true;
  }

  // deno-lint-ignore require-await
  async close(): Promise<void> {
    this.#store.locked = false;
  }

  // deno-lint-ignore require-await
  async commit(changes: Changes): Promise<void> {
    const { groups } = this.#store;
    for (const [name, { dropped, items }] of changes) {
      if (dropped) groups.delete(name);
      let group = groups.get(name);
      if (group === undefined) groups.set(name, group = new Map());
      for (const [item, value] of items) {
        if (value === undefined) group.delete(item);
        else group.set(item, value.slice()); // values share memory with others
      }
      if (group.size === 0) groups.delete(name);
    }
  }

  async *scan(prefix: string): AsyncIterable<readonly Entry[]> {
    let page: Entry[] = [];
    for (const [group, items] of this.#store.groups) {
      if (!group.startsWith(prefix)) continue;
      for (const [item, value] of items) page.push({ group, item, value: value.slice() });
      if (page.length < PAGE) continue;
      yield page;
      page = [];
    }
    if (page.length > 0) yield page;
  }

  healthy(): boolean {
    return true;
  }
}
