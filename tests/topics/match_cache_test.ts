import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { MatchCache } from "../../src/topics/match_cache.ts";
import { parseTopicFilter } from "../../src/topics/topic_filter.ts";
import { SubscriptionTree } from "../../src/topics/subscription_tree.ts";
import type { MatchResult } from "../../src/topics/match_result.ts";

const OPTIONS = { qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0, identifier: 0 } as const;

function result(subscribers = 0): MatchResult<string> {
  return { subscribers: Array.from({ length: subscribers }), shares: [] } as unknown as MatchResult<string>;
}

Deno.test("a cached topic survives changes of filters that do not match it", () => {
  const tree = new SubscriptionTree<string>();
  for (const filter of ["a/b", "a/+"]) tree.subscribe("one", parseTopicFilter(filter), OPTIONS);
  const known = tree.match("a/b");
  for (let turn = 0; turn < 20; turn++) {
    tree.subscribe("two", parseTopicFilter("c/#"), OPTIONS);
    tree.subscribe("two", parseTopicFilter("a/c"), OPTIONS);
    tree.unsubscribe("two", parseTopicFilter("c/#"));
    tree.unsubscribe("two", parseTopicFilter("a/c"));
    assertStrictEquals(tree.match("a/b"), known);
  }
});

Deno.test("a cached topic is matched anew after a change of each filter that matches it", () => {
  for (const filter of ["a/b", "a/+", "#", "$share/g/a/b", "$share/g/+/b", "a/b/#"]) {
    const tree = new SubscriptionTree<string>();
    tree.subscribe("one", parseTopicFilter("a/b"), OPTIONS);
    const known = tree.match("a/b");
    tree.subscribe("two", parseTopicFilter(filter), OPTIONS);
    const changed = tree.match("a/b");
    assert(changed !== known, filter);
    tree.unsubscribe("two", parseTopicFilter(filter));
    assert(tree.match("a/b") !== changed, filter);
  }
});

Deno.test("only so many wildcard changes are looked through, and none is overlooked", () => {
  for (let changes = 0; changes < 80; changes++) {
    const cache = new MatchCache<string>(10);
    cache.set("a", result());
    for (let change = 0; change < changes; change++) cache.invalidate("b/#", true);
    assertEquals(cache.get("a") !== undefined, changes <= 32, `${changes}`);
    cache.set("a", result());
    cache.invalidate("+", true);
    for (let change = 0; change < changes; change++) cache.invalidate("b/#", true);
    assertEquals(cache.get("a"), undefined, `${changes}`);
  }
});

Deno.test("a topic of the older half is found, compared with the changes, and moves to the younger half", () => {
  const cache = new MatchCache<string>(2);
  const kept = result();
  cache.set("a", kept);
  cache.set("b", result());
  cache.set("c", result());
  assertStrictEquals(cache.get("a"), kept);
  cache.set("d", result());
  assertStrictEquals(cache.get("a"), kept);
  cache.invalidate("a", false);
  assertEquals(cache.get("a"), undefined);
  cache.set("a", kept);
  cache.set("e", result());
  cache.invalidate("+", true);
  assertEquals([cache.get("a"), cache.get("d"), cache.get("e")], [undefined, undefined, undefined]);
});

Deno.test("a topic that is never asked for again goes", () => {
  const cache = new MatchCache<string>(100);
  cache.set("once", result());
  for (let at = 0; at < 100_000; at++) cache.set(`t${at}`, result());
  assertEquals(cache.get("once"), undefined);
  assertEquals(cache.size <= 200, true);
});

Deno.test("the cache is bounded by the size of its results too", () => {
  const cache = new MatchCache<string>(100);
  for (let at = 0; at < 100; at++) cache.set(`t${at}`, result(1_000));
  assert(cache.size >= 7 && cache.size <= 14, `${cache.size}`);
  cache.set("huge", result(1_000_000));
  assertEquals(cache.get("huge")?.subscribers.length, 1_000_000);
});

Deno.test("very long topics are not remembered", () => {
  const cache = new MatchCache<string>(100);
  cache.set("x".repeat(1024), result());
  cache.set("x".repeat(1025), result());
  assertEquals(cache.size, 1);
});

Deno.test("a cache of no topics remembers nothing", () => {
  const cache = new MatchCache<string>(0);
  cache.set("a", result());
  assertEquals([cache.get("a"), cache.size], [undefined, 0]);
});
