import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { RetainedTree } from "../../src/topics/retained_tree.ts";
import { filters, matchesWithParent, sequences } from "./brute_force.ts";

const TOPICS = sequences(["", "a", "$x"], 3);
const FILTERS = filters(["", "a", "$x"], 3);

function treeOf(topics: readonly string[]): RetainedTree<string> {
  const tree = new RetainedTree<string>();
  for (const topic of topics) tree.set(topic, topic);
  return tree;
}

Deno.test("set, get and delete tell the message before", () => {
  const tree = new RetainedTree<number>();
  assertEquals(tree.set("a/b", 1), undefined);
  assertEquals(tree.set("a/b", 2), 1);
  assertEquals([tree.get("a/b"), tree.get("a"), tree.size], [2, undefined, 1]);
  assertEquals([tree.delete("a"), tree.delete("a/b"), tree.delete("a/b")], [undefined, 2, undefined]);
  assertEquals([tree.size, [...tree.entries()]], [0, []]);
});

Deno.test("every filter of a small world finds what brute force finds", () => {
  const tree = treeOf(TOPICS);
  for (const filter of FILTERS) {
    const expected = TOPICS.filter((topic) => matchesWithParent(topic, filter)).sort();
    assertEquals([...tree.match(filter)].sort(), expected, filter);
  }
});

Deno.test("random sets and deletes agree with a Map", () => {
  const steps = fc.array(fc.tuple(fc.constantFrom(...TOPICS), fc.boolean()), { maxLength: 60 });
  fc.assert(fc.property(steps, fc.constantFrom(...FILTERS), (list, filter) => {
    const tree = new RetainedTree<string>();
    const model = new Map<string, string>();
    for (const [topic, keep] of list) {
      assertEquals(keep ? tree.set(topic, topic) : tree.delete(topic), model.get(topic));
      if (keep) model.set(topic, topic);
      else model.delete(topic);
    }
    assertEquals(
      [...tree.match(filter)].sort(),
      [...model.keys()].filter((it) => matchesWithParent(it, filter)).sort(),
    );
    assertEquals([...tree.entries()], [...model]);
    assertEquals(tree.size, model.size);
  }));
});

Deno.test("a walk that pauses meets what stays once and what was deleted not at all", () => {
  const change = fc.tuple(fc.nat(15), fc.constantFrom(...TOPICS), fc.boolean());
  const world = fc.record({
    topics: fc.uniqueArray(fc.constantFrom(...TOPICS), { maxLength: 25 }),
    filter: fc.constantFrom("#", "+/#", "a/#", "+/+", "a/+/#", "+/a/#"),
    changes: fc.array(change, { maxLength: 25 }),
  });
  fc.assert(fc.property(world, ({ topics, filter, changes }) => {
    const tree = treeOf(topics);
    const stays = new Set(topics.filter((topic) => matchesWithParent(topic, filter)));
    const seen: string[] = [];
    let turn = 0;
    for (const topic of tree.match(filter)) {
      assertEquals(tree.get(topic), topic);
      seen.push(topic);
      for (const [when, changed, keep] of changes) {
        if (when !== turn) continue;
        if (keep) tree.set(changed, changed);
        else {
          tree.delete(changed);
          stays.delete(changed);
        }
      }
      turn++;
    }
    assertEquals(seen.filter((topic) => stays.has(topic)).sort(), [...stays].sort());
  }));
});

Deno.test("a message that was deleted while a walk stood before it is not met", () => {
  for (const [topics, deleted] of [[["a", "a/b"], "a/b"], [["a", "a/b", "a/c"], "a/c"]] as const) {
    const tree = treeOf(topics);
    const walk = tree.match("a/#");
    assertEquals(walk.next().value, "a");
    tree.delete(deleted);
    assertEquals([...walk], topics.filter((topic) => topic !== "a" && topic !== deleted));
  }
});

Deno.test("a walk tells the message of the moment, not of its start", () => {
  const tree = new RetainedTree<string>();
  for (const topic of ["a", "b"]) tree.set(topic, "old");
  const walk = tree.match("+");
  walk.next();
  tree.set("b", "new");
  assertEquals(walk.next().value, "new");
});

Deno.test("dollar topics are hidden from leading wildcards", () => {
  const tree = treeOf(["$SYS/a", "$SYS", "a/$SYS", "a"]);
  assertEquals([...tree.match("#")].sort(), ["a", "a/$SYS"]);
  assertEquals([...tree.match("+")], ["a"]);
  assertEquals([...tree.match("+/a")], []);
  assertEquals([...tree.match("$SYS/#")].sort(), ["$SYS", "$SYS/a"]);
  assertEquals([...tree.match("$SYS/+")], ["$SYS/a"]);
});

Deno.test("a match reads its branch only", () => {
  const tree = new RetainedTree<number>();
  for (let at = 0; at < 10_000; at++) tree.set(`a/${at}/x`, at);
  for (let at = 0; at < 10; at++) tree.set(`b/${at}/x`, at);
  for (const [filter, limit] of [["b/+/x", 40], ["b/#", 40], ["a/7/#", 10], ["+/7/x", 20]] as const) {
    const steps = [...tree.matchInSteps(filter, 1)].length;
    assert(steps <= limit, `${filter} took ${steps} steps`);
  }
});

Deno.test("hidden and deleted topics are not read", () => {
  const tree = new RetainedTree<number>();
  for (let at = 0; at < 1_000; at++) tree.set(`$SYS/${at}`, at);
  for (let at = 0; at < 1_000; at++) tree.set(`a/${at}`, at);
  for (let at = 0; at < 1_000; at++) tree.delete(`a/${at}`);
  assert([...tree.matchInSteps("#", 1)].length <= 4);
  for (let at = 0; at < 1_000; at++) tree.delete(`$SYS/${at}`);
  assertEquals([...tree.matchInSteps("#", 1)], []);
});

Deno.test("matchInSteps pauses though nothing matches", () => {
  const tree = new RetainedTree<number>();
  for (let at = 0; at < 1_000; at++) tree.set(`${at}/x`, at);
  tree.set("5/y", 5);
  const walk = [...tree.matchInSteps("+/y", 100)];
  assert(walk.filter((message) => message === undefined).length >= 9);
  assertEquals(walk.filter((message) => message !== undefined), [5]);
  assertEquals([...tree.match("+/y")], [5]);
});

Deno.test("odd names and 65,535 levels", () => {
  const deep = "/".repeat(65_534);
  const tree = treeOf(["__proto__", "constructor/__proto__", deep, `${deep}x`]);
  assertEquals([...tree.match("__proto__/#")], ["__proto__"]);
  assertEquals([...tree.match("+/__proto__")], ["constructor/__proto__"]);
  assertEquals(tree.get("toString"), undefined);
  assertEquals([...tree.match("/#")].length, 2);
  assertEquals([...tree.match(`${"+/".repeat(65_534)}+`)].length, 2);
  for (const topic of ["__proto__", "constructor/__proto__", deep, `${deep}x`]) assertEquals(tree.delete(topic), topic);
  assertEquals([...tree.match("#")], []);
});
