import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { KnownTopic, KnownTopics, NO_TOPIC } from "../../src/topics/known_topic.ts";
import { FilterLeaf } from "../../src/topics/filter_leaf.ts";
import { LevelTrie } from "../../src/topics/level_trie.ts";
import { type MatchResult, ResultBuilder } from "../../src/topics/match_result.ts";
import { RetainedTree } from "../../src/topics/retained_tree.ts";
import { SubscriptionTree } from "../../src/topics/subscription_tree.ts";
import { parseTopicFilter } from "../../src/topics/topic_filter.ts";
import { cacheOf, changeOf, remember } from "./cached_matches.ts";

const OPTIONS = { qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0, identifier: 0 } as const;

Deno.test("a topic is the same object each time, whatever came last", () => {
  const topics = new KnownTopics(), encoder = new TextEncoder();
  const read = (name: string, last: KnownTopic) => {
    const bytes = encoder.encode(name);
    return topics.read(bytes, 0, bytes.length, last);
  };
  const first = read("a/1", NO_TOPIC), second = read("a/2", first), umlaut = read("ä", second);
  assertEquals([first.name, second.name, umlaut.name], ["a/1", "a/2", "ä"]);
  for (const last of [NO_TOPIC, first, second, umlaut]) {
    assertStrictEquals(read("a/1", last), first);
    assertStrictEquals(read("a/2", last), second);
    assertStrictEquals(read("ä", last), umlaut);
  }
  const long = "x".repeat(1_000);
  assertEquals(read(long, first).name, long);
  assert(read(long, first) !== read(long, first), "long names are not kept");
});

Deno.test("a known topic never has a match that a change has made untrue", () => {
  for (const [filter, wildcard] of [["a/b", false], ["a/+", true], ["$share/g/a/b", false], ["#", true]] as const) {
    const tree = new SubscriptionTree<string>(), known = new KnownTopic("a/b");
    const match = () => (tree.tryMatch("a/b", 100, known) as MatchResult<string>);
    assertEquals(match().subscribers.length, 0);
    for (let round = 0; round < 3; round++) {
      assertEquals(match().subscribers.length + match().shares.length, 0, filter);
      tree.subscribe("one", parseTopicFilter(filter), OPTIONS);
      assertEquals(match().subscribers.length + match().shares.length, 1, `${filter} ${wildcard}`);
      tree.unsubscribe("one", parseTopicFilter(filter));
    }
  }
});

Deno.test("nor one that the cache has forgotten meanwhile", () => {
  for (let others = 0; others < 12; others++) {
    const cache = cacheOf(3), known = new KnownTopic("a");
    remember(cache, "a");
    cache.get("a", known);
    for (let at = 0; at < others; at++) remember(cache, `t${at}`);
    cache.change(changeOf("a"));
    assertEquals(cache.get("a", known), undefined, `${others} others`);
  }
});

Deno.test("what the cache forgets is not kept by known topics", () => {
  const cache = cacheOf(4), known = Array.from({ length: 100 }, (_, at) => new KnownTopic(`t${at}`));
  for (const topic of known) {
    remember(cache, topic.name, { subscribers: 1_000 });
    cache.get(topic.name, topic);
  }
  const kept = known.filter(({ match }) => (match as { result: MatchResult<string> }).result.subscribers.length > 0);
  assert(kept.length <= 9, `${kept.length}`);
});

Deno.test("nor is what has been replaced", () => {
  const cache = cacheOf(1_000), known = Array.from({ length: 100 }, (_, at) => new KnownTopic(`t${at}`));
  for (const topic of known) {
    remember(cache, topic.name, { subscribers: 1_000 });
    cache.get(topic.name, topic);
    remember(cache, topic.name);
  }
  assertEquals(
    known.filter(({ match }) => (match as { result: MatchResult<string> }).result.subscribers.length > 0),
    [],
  );
});

Deno.test("topics that one filter alone matches share a result, until it changes", () => {
  const tree = new SubscriptionTree<string>();
  tree.subscribe("one", parseTopicFilter("a/#"), OPTIONS);
  const first = tree.match("a/1");
  assertStrictEquals(tree.match("a/2"), first);
  tree.subscribe("two", parseTopicFilter("a/3"), OPTIONS);
  assertEquals(tree.match("a/3").subscribers.map(({ subscriber }) => subscriber).sort(), ["one", "two"]);
  assertStrictEquals(tree.match("a/4"), first, "what two filters match is a result of its own");
  assertEquals(first.subscribers.length, 1);
  tree.subscribe("two", parseTopicFilter("a/#"), OPTIONS);
  assertEquals([tree.match("a/5").subscribers.length, first.subscribers.length], [2, 1]);
});

Deno.test("a filter without wildcards, which has one topic, does not keep who receives it", () => {
  for (const [filter, wildcard] of [["a/b", false], ["a/+", true]] as const) {
    const leaf = new LevelTrie<FilterLeaf<string>>().getOrAdd(filter, (path) => new FilterLeaf<string>(path));
    if (!wildcard) leaf.parent = undefined;
    const holder = leaf.holder(parseTopicFilter(filter))!, builder = new ResultBuilder<string>();
    holder.put("one", OPTIONS);
    builder.add(leaf);
    assertEquals([builder.build().subscribers.length, leaf.alone !== undefined], [1, wildcard]);
  }
});

Deno.test("a known topic finds its retained message, and none that was deleted", () => {
  const tree = new RetainedTree<number>(), known = new KnownTopic("a/b");
  assertEquals(tree.get("a/b", known), undefined);
  for (let message = 1; message < 4; message++) {
    tree.set("a/b", message);
    assertEquals([tree.get("a/b", known), tree.get("a/b", known)], [message, message]);
    tree.set("a/b", 10 * message);
    assertEquals(tree.get("a/b", known), 10 * message);
    tree.delete("a/b");
    assertEquals(tree.get("a/b", known), undefined);
  }
});
