import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { LevelTrie } from "../../src/topics/level_trie.ts";
import { itemsOf } from "../../src/topics/one_or_map.ts";
import { type Branch, type TrieEntry, TrieNode } from "../../src/topics/trie_node.ts";
import { sequences } from "./brute_force.ts";

class Entry implements TrieEntry<Entry> {
  level = "";
  parent: TrieNode<Entry> | undefined = undefined;
  constructor(readonly path: string) {}
}

const PATHS = ["", ...sequences(["", "a", "+"], 4)];

function nodesBelow(node: TrieNode<Entry>): number {
  let nodes = 0;
  for (const child of itemsOf<string, Branch<Entry>>(node.children)) {
    if (child instanceof TrieNode) nodes += 1 + nodesBelow(child);
  }
  return nodes;
}

function paths(trie: LevelTrie<Entry>): string[] {
  return [...trie.entries()].map(({ path }) => path).sort();
}

Deno.test("entries that are added and removed in any order leave nothing behind", () => {
  const toggles = fc.array(fc.constantFrom(...PATHS), { maxLength: 60 });
  fc.assert(fc.property(toggles, (list) => {
    const trie = new LevelTrie<Entry>();
    const model = new Map<string, Entry>();
    const toggle = (path: string) => {
      const known = model.get(path);
      assertEquals(trie.find(path), known);
      const entry = trie.getOrAdd(path, (path) => new Entry(path));
      assertEquals(entry.path, path);
      assert(known === undefined || known === entry);
      if (model.delete(path)) trie.remove(entry);
      else model.set(path, entry);
    };
    for (const path of list) {
      toggle(path);
      assertEquals(paths(trie), [...model.keys()].sort());
      assertEquals(trie.find(path), model.get(path));
      assertEquals(trie.nodes, nodesBelow(trie.root));
    }
    for (const path of PATHS) assertEquals(trie.find(path), model.get(path));
    for (const path of [...model.keys()]) toggle(path);
    assertEquals([trie.root.children, trie.root.entry], [undefined, undefined]);
  }));
});

Deno.test("an entry alone hangs at its first level, without nodes", () => {
  const trie = new LevelTrie<Entry>();
  const entry = new Entry("a/b/c");
  assertEquals(trie.getOrAdd("a/b/c", () => entry), entry);
  assertEquals(trie.root.children, entry);
});

Deno.test("a walk meets entries that stay once while others come and go", () => {
  const changes = fc.array(fc.tuple(fc.nat(20), fc.constantFrom(...PATHS)), { maxLength: 30 });
  const start = fc.uniqueArray(fc.constantFrom(...PATHS), { minLength: 1, maxLength: 20 });
  fc.assert(fc.property(start, changes, (first, later) => {
    const trie = new LevelTrie<Entry>();
    const add = (path: string) => trie.getOrAdd(path, (path) => new Entry(path));
    const present = new Map(first.map((path) => [path, add(path)]));
    const stays = new Set(first);
    const seen: string[] = [];
    let turn = 0;
    for (const { path } of trie.entries()) {
      seen.push(path);
      for (const [when, changed] of later) {
        if (when !== turn) continue;
        stays.delete(changed);
        const entry = add(changed);
        if (present.delete(changed)) trie.remove(entry);
        else present.set(changed, entry);
      }
      turn++;
    }
    assertEquals(seen.filter((path) => stays.has(path)).sort(), [...stays].sort());
  }));
});

Deno.test("two entries that part after 65,535 levels cost no call stack", () => {
  const trie = new LevelTrie<Entry>();
  const stem = "/".repeat(65_533);
  const entries = [`${stem}a`, `${stem}b`, stem].map((path) => trie.getOrAdd(path, (path) => new Entry(path)));
  assertEquals([...trie.entries()].length, 3);
  for (const entry of entries) trie.remove(entry);
  assertEquals(trie.root.children, undefined);
});
