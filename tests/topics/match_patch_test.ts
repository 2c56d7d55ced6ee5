import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import type { FilterLeaf } from "../../src/topics/filter_leaf.ts";
import type { MatchResult } from "../../src/topics/match_result.ts";
import { MatchPatch } from "../../src/topics/match_patch.ts";
import { HeldSubscription, MergedSubscriber } from "../../src/topics/subscription.ts";
import { type PendingMatch, SubscriptionTree } from "../../src/topics/subscription_tree.ts";
import { parseTopicFilter } from "../../src/topics/topic_filter.ts";
import { changeOf } from "./cached_matches.ts";

const OPTIONS = { qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0, identifier: 0 } as const;
const LEVELS = 10, TOPIC = Array(LEVELS).fill("a").join("/");

/** A tree with a thousand filters of two subscribers that all match one topic. */
function crowded(): SubscriptionTree<string> {
  const tree = new SubscriptionTree<string>();
  for (let index = 0; index < 2 ** LEVELS; index++) {
    const levels = Array.from({ length: LEVELS }, (_, level) => index >> level & 1 ? "+" : "a");
    tree.subscribe(`crowd${index % 2}`, parseTopicFilter(`${levels.join("/")}/#`), OPTIONS);
  }
  return tree;
}

function namesOf({ subscribers, shares }: MatchResult<string>): string[] {
  return [...subscribers.map(({ subscriber }) => subscriber), ...shares.map(({ shareName }) => shareName)].sort();
}

const CHANGED: [filter: string, name: string][] = [["a/#", "x"], [TOPIC, "x"], ["$share/x/a/#", "x"], [
  `$share/x/${TOPIC}`,
  "x",
], ["#", "crowd1"]];

for (const [filter, name] of CHANGED) {
  Deno.test(`a topic that a thousand filters match is not walked again when ${name} changes ${filter}`, () => {
    const tree = crowded(), parsed = parseTopicFilter(filter);
    tree.match(TOPIC);
    const first = tree.visited, before = tree.match(TOPIC), said = namesOf(before);
    assert(first > 1_000 && said.length === 2, `${first} ${said}`);
    for (let round = 0; round < 5; round++) {
      tree.subscribe(name, parsed, { ...OPTIONS, qos: 1 });
      const now = tree.match(TOPIC);
      assertEquals(namesOf(now), name === "x" ? [...said, name] : said);
      assertEquals(now.subscribers.some(({ qos }) => qos === 1), parsed.shareName === undefined);
      assertStrictEquals(tree.match(TOPIC), now);
      tree.unsubscribe(name, parsed);
      assertEquals(namesOf(tree.match(TOPIC)), said);
      assert(tree.match(TOPIC).subscribers.every(({ qos }) => qos === 0));
    }
    assertEquals([namesOf(before), before.subscribers.length], [said, 2], "what was handed out stays as it was");
    const each = (tree.visited - first) / 10;
    assert(each < 100 && (name === "x" || each > 500 / 16), `${each} nodes are charged for each`);
  });
}

Deno.test("a match in portions is remembered, however many filters change meanwhile", () => {
  const tree = crowded(), pending = tree.tryMatch(TOPIC, 100) as PendingMatch<string>;
  for (let time = 0; time < 500; time++) {
    tree.subscribe("x", parseTopicFilter("a/#"), OPTIONS);
    if (time < 499) tree.unsubscribe("x", parseTopicFilter("a/#"));
  }
  const found = pending.goOn(10_000)!;
  assertEquals(namesOf(found), ["crowd0", "crowd1", "x"]);
  assertStrictEquals(tree.match(TOPIC), found);
});

Deno.test("a short match is found anew, and shared where it can be", () => {
  const tree = new SubscriptionTree<string>();
  tree.subscribe("one", parseTopicFilter("a/#"), OPTIONS);
  for (const topic of ["a/1", "a/2"]) tree.match(topic);
  tree.subscribe("two", parseTopicFilter("a/#"), OPTIONS);
  assertStrictEquals(tree.match("a/1"), tree.match("a/2"));
});

Deno.test("a result that is too large to be looked through in one turn is not made true again", () => {
  const somebody = (count: number) => Array.from({ length: count }, (_, index) => ({ subscriber: `s${index}` }));
  for (const [count, isDone] of [[131_071, true], [131_072, false]] as const) {
    const subscribers = somebody(count) as unknown as MatchResult<string>["subscribers"], { holder } = changeOf("#");
    (holder as FilterLeaf<string>).put("new", OPTIONS);
    const patch = new MatchPatch<string>([{ holder, subscriber: "new" }]),
      found = patch.apply({ subscribers, shares: [] });
    assertEquals([found?.result.subscribers.length, patch.looked], [isDone ? count + 1 : undefined, count + 1]);
  }
});

Deno.test("neither is one with too many share groups", () => {
  for (const [count, isDone] of [[131_071, true], [131_072, false]] as const) {
    const shares = Array.from({ length: count }, () => ({ members: [] })) as unknown as MatchResult<string>["shares"];
    const patch = new MatchPatch<string>([changeOf("$share/group/#")]),
      found = patch.apply({ subscribers: [], shares });
    assertEquals([found !== undefined, patch.looked], [isDone, count + 1]);
  }
});

Deno.test("neither is one whose subscribers have too many subscriptions that would be looked at", () => {
  const { holder } = changeOf("#"), names = Array.from({ length: 300 }, (_, index) => `s${index}`);
  const subscribers = names.map((subscriber) => {
    const held = new HeldSubscription<string>(subscriber, parseTopicFilter("f"), OPTIONS);
    const merged = new MergedSubscriber<string>(held, held);
    while (merged.subscriptions.length < 1_000) merged.add(held);
    return merged;
  });
  const patch = new MatchPatch<string>(names.map((subscriber) => ({ holder, subscriber })));
  assertEquals(patch.apply({ subscribers, shares: [] }), undefined);
  assert(patch.looked < 140_000, `${patch.looked}`);
});
