import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { parseTopicFilter } from "../../src/topics/topic_filter.ts";
import { SubscriptionTree } from "../../src/topics/subscription_tree.ts";
import { cacheOf, changeOf, found, remember } from "./cached_matches.ts";

const OPTIONS = { qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0, identifier: 0 } as const;

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

for (const [isLong, most] of [[false, 32], [true, 16_384]] as const) {
  Deno.test(`only ${most} wildcard changes are looked through where a match is ${isLong ? "long" : "short"}`, () => {
    for (const changes of [0, 1, most - 1, most, most + 1, 2 * most, 2 * most + 1]) {
      const cache = cacheOf(10, 40_000_000);
      remember(cache, "a", { isLong });
      for (let change = 0; change < changes; change++) cache.change(changeOf("b/#"));
      assertEquals(cache.get("a") !== undefined, changes <= most, `${changes}`);
    }
  });
}

Deno.test("no change is overlooked", () => {
  for (let changes = 0; changes < 80; changes++) {
    const cache = cacheOf(10);
    remember(cache, "a");
    cache.change(changeOf("+"));
    for (let change = 0; change < changes; change++) cache.change(changeOf("b/#"));
    assertEquals(cache.get("a"), undefined, `${changes}`);
  }
});

Deno.test("changes that are looked through are charged once, as fewer nodes", () => {
  const cache = cacheOf(10, 40_000_000);
  remember(cache, "a", { isLong: true });
  for (let change = 0; change < 1_000; change++) cache.change(changeOf("b/#"));
  cache.get("a");
  const { visited } = cache;
  assert(visited > 100 && visited < 1_000, `${visited}`);
  cache.get("a");
  assertEquals(cache.visited, visited);
});

Deno.test("a long result that is too large to be made true again is not taken for true", () => {
  for (const [subscribers, filter, isKnown] of [[131_072, "b/+", true], [131_072, "+", false]] as const) {
    const cache = cacheOf(10);
    remember(cache, "a", { isLong: true, subscribers });
    cache.change(changeOf(filter));
    assertEquals(cache.get("a") !== undefined, isKnown, filter);
  }
});

Deno.test("many changes are kept only as long as there is a long match that is asked for", () => {
  const cache = cacheOf(10, 40_000_000),
    change = (count: number) => {
      for (let at = 0; at < count; at++) cache.change(changeOf("b/#"));
    };
  remember(cache, "long", { isLong: true });
  change(16_000);
  assert(cache.get("long") !== undefined);
  change(16_000);
  assert(cache.get("long") !== undefined, "it was asked for meanwhile");
  change(17_000); // by now only a few are kept
  const { generation } = cache;
  change(100);
  cache.set("late", { ...found(), isLong: true, generation });
  assertEquals(cache.get("late"), undefined);
});

Deno.test("a topic of the older half is found, compared with the changes, and moves to the younger half", () => {
  const cache = cacheOf(2), kept = remember(cache, "a");
  remember(cache, "b");
  remember(cache, "c");
  assertStrictEquals(cache.get("a"), kept);
  remember(cache, "d");
  assertStrictEquals(cache.get("a"), kept);
  cache.change(changeOf("a"));
  assertEquals(cache.get("a"), undefined);
  remember(cache, "a");
  remember(cache, "e");
  cache.change(changeOf("+"));
  assertEquals([cache.get("a"), cache.get("d"), cache.get("e")], [undefined, undefined, undefined]);
});

Deno.test("a topic that is never asked for again goes", () => {
  const cache = cacheOf(100);
  remember(cache, "once");
  for (let at = 0; at < 100_000; at++) remember(cache, `t${at}`);
  assertEquals(cache.get("once"), undefined);
  assertEquals(cache.size <= 200, true);
});

Deno.test("the cache is bounded by the bytes of topics and results too", () => {
  for (const [bytes, length, most] of [[1_000, 10, 1_344], [0, 10, 12_930], [0, 1_000, 716]]) {
    const cache = cacheOf(10_000, 2_000_000);
    for (let at = 0; at < 10_000; at++) remember(cache, `${at}`.padEnd(length), { bytes });
    assert(cache.size <= most && cache.size >= most / 2, `${cache.size} topics with results of ${bytes} bytes`);
  }
});

Deno.test("a large result is remembered when it is asked for again, and one that comes once takes no room", () => {
  const cache = cacheOf(10_000, 683_000); // 256,125 a half
  remember(cache, "small");
  for (let at = 0; at < 500; at++) remember(cache, `large${at}`, { bytes: 1_001 });
  assert(cache.get("small") !== undefined);
  assertEquals(cache.get("large1"), undefined);
  remember(cache, "large1", { bytes: 1_001 });
  for (const filter of ["+", "large1"]) {
    assert(cache.get("large1") !== undefined);
    cache.change(changeOf(filter));
    assertEquals(cache.get("large1"), undefined);
    remember(cache, "large1", { bytes: 1_001 });
  }
  remember(cache, "huge", { bytes: 1_000_000 });
  const huge = remember(cache, "huge", { bytes: 1_000_000 });
  assertStrictEquals(cache.get("huge"), huge);
});

Deno.test("what is replaced, changed or cleared is not counted any more", () => {
  const cache = cacheOf(10_000, 250_000);
  remember(cache, "kept");
  for (let at = 0; at < 1_000; at++) {
    remember(cache, "a", { bytes: 900 });
    if (at % 2 === 0) cache.change(changeOf("a"));
  }
  for (let at = 0; at < 100; at++) remember(cache, `b${at}`);
  for (let at = 0; at < 400; at++) remember(cache, `c${at}`);
  assert(cache.get("kept") !== undefined, "only one half was filled");
  cache.clear();
  assertEquals([cache.size, cache.get("kept"), cache.get("b1")], [0, undefined, undefined]);
  remember(cache, "kept");
  for (let at = 0; at < 600; at++) remember(cache, `d${at}`);
  assertEquals(cache.size, 601);
});

Deno.test("nothing of what was cleared takes room, whichever half it was in", () => {
  const small = cacheOf(2), cache = cacheOf(10_000, 250_000); // 93,750 a half
  for (const topic of ["a", "b", "c"]) remember(small, topic);
  small.clear();
  assertEquals(small.size, 0);
  for (let at = 0; at < 800; at++) remember(cache, `a${at}`);
  cache.clear();
  remember(cache, "kept");
  for (let at = 0; at < 1_600; at++) remember(cache, `b${at}`);
  assert(cache.get("kept") !== undefined, "one half was filled, and not the other one");
});

Deno.test("what was found before the cache was cleared is not taken for true", () => {
  const cache = cacheOf(100), before = { ...found(), isLong: true, generation: cache.generation };
  cache.expectLong();
  cache.clear();
  cache.set("a", before);
  assertEquals(cache.get("a"), undefined);
});

const SHORT = "bbbbbbbb/#", LONG = `${"b".repeat(998)}/#`, SHARED = `$share/${"b".repeat(991)}/+`;

/** Changes in which something is long, or somebody large: so many of them take 100,000 bytes. */
const CHANGES: [what: string, filter: string, options: { size?: number; isOne?: boolean; most: number }][] = [
  ["short filters", SHORT, { most: 409 }],
  ["long filters", LONG, { most: 44 }],
  ["long share names", SHARED, { most: 44 }],
  ["large subscribers", SHORT, { size: 1_980, most: 44 }],
  ["one large subscriber", SHORT, { size: 1_980, isOne: true, most: 401 }],
];

for (const [what, filter, { size = 0, isOne = false, most }] of CHANGES) {
  const change = (at: number) => changeOf(filter, isOne ? "one" : `${at % 2}`);

  Deno.test(`changes that are kept take a quarter of the bytes at most, with ${what}`, () => {
    const cache = cacheOf(10, 400_000, () => size);
    for (const [changes, isKnown] of [[most, true], [5 * most, false], [Math.floor(most / 2), true]] as const) {
      remember(cache, "a/b", { isLong: true });
      for (let at = 0; at < changes; at++) cache.change(change(at));
      assertEquals(cache.get("a/b") !== undefined, isKnown, `${changes} changes`);
    }
  });

  Deno.test(`results that are not true any more hold no more than their part of what has gone, with ${what}`, () => {
    const cache = cacheOf(10_000, 400_000, () => size), topics = Math.floor(most * 1.5); // a half has room for these changes
    for (let at = 0; at < 10 * topics; at++) {
      remember(cache, `${at}`);
      cache.change(change(at));
    }
    assert(cache.size <= 2 * topics && cache.size > topics / 2, `${cache.size} topics`);
  });
}

/** Lets somebody subscribe to everything, or unsubscribe. */
function everything(cache: ReturnType<typeof cacheOf>): (subscriber: string, isOn?: boolean) => void {
  const { holder } = changeOf("#");
  return (subscriber, isOn = true) => {
    if (isOn) holder.put(subscriber, OPTIONS);
    else holder.drop(subscriber);
    cache.change({ holder, subscriber });
  };
}

Deno.test("results that grow by patches alone stay within the bytes", () => {
  const cache = cacheOf(10_000, 400_000), change = everything(cache); // 150,000 a half
  const topics = Array.from({ length: 100 }, (_, at) => `${at}`);
  for (const topic of topics) remember(cache, topic, { isLong: true });
  for (let at = 0; at < 400; at++) change(`s${at}`);
  assertEquals(cache.get("0")?.subscribers.length, 400);
  for (const topic of topics) cache.get(topic);
  const most = 2 * (1 + 150_000 / (12 * 400));
  assert(cache.size > 0 && cache.size <= most, `${cache.size} results, expected ${most} at most`);
});

Deno.test("a tree counts what its subscribers take", () => {
  for (const [size, isKept] of [[0, true], [1_000_000, false]] as const) {
    const tree = new SubscriptionTree<string>({ cacheBytes: 1_000_000, sizeOf: () => size });
    tree.subscribe("one", parseTopicFilter("a"), OPTIONS);
    const known = tree.match("a");
    for (const name of ["two", "three"]) tree.subscribe(name, parseTopicFilter("b/+"), OPTIONS);
    assertEquals(tree.match("a") === known, isKept, `subscribers of ${size} bytes`);
  }
});

Deno.test("a result counts once however often it is patched", () => {
  const cache = cacheOf(10_000, 4_000_000), change = everything(cache); // 1,500,000 a half
  remember(cache, "a", { isLong: true });
  for (let at = 0; at < 1_000; at++) change(`s${at}`);
  for (let at = 0; at < 2_000; at++) {
    change("more", at % 2 === 0);
    assertEquals(cache.get("a")?.subscribers.length, 1_001 - at % 2);
  }
  assertEquals(cache.size, 1, "no half was filled");
});

Deno.test("very long topics are not remembered", () => {
  const cache = cacheOf(100);
  remember(cache, "x".repeat(1024));
  remember(cache, "x".repeat(1025));
  assertEquals(cache.size, 1);
});

Deno.test("a cache of no topics remembers nothing", () => {
  const cache = cacheOf(0);
  remember(cache, "a");
  assertEquals([cache.get("a"), cache.size], [undefined, 0]);
});
