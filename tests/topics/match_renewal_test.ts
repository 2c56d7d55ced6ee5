import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { type MatchResult, PendingMatch, SubscriptionTree } from "../../src/topics/subscription_tree.ts";
import { parseTopicFilter } from "../../src/topics/topic_filter.ts";

const OPTIONS = { qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0, identifier: 0 } as const;
const TOPIC = "a/b/c", STEP = 10, COMPARED_IN_STEP = 40;

function add(tree: SubscriptionTree<string>, subscriber: string, filter: string): void {
  tree.subscribe(subscriber, parseTopicFilter(filter), OPTIONS);
}

/** A topic whose match is long is known, and so many filters have changed since. */
function changed(changes: number): { tree: SubscriptionTree<string>; known: MatchResult<string> } {
  const tree = new SubscriptionTree<string>({ longFrom: 4 });
  for (const filter of ["a/+/+", "+/b/+", "+/+/c", "a/#", "+/b/#"]) add(tree, "one", filter);
  const known = tree.match(TOPIC);
  for (let change = 0; change < changes; change++) add(tree, "two", `x/${change}/#`);
  return { tree, known };
}

/** Goes on to the end. @returns what it was, and after how many steps */
function finish(pending: MatchResult<string> | PendingMatch<string>): { found: MatchResult<string>; steps: number } {
  assert(pending instanceof PendingMatch);
  for (let steps = 1;; steps++) {
    const found = pending.goOn(STEP);
    if (found !== undefined) return { found, steps };
  }
}

function subscribersOf({ subscribers }: MatchResult<string>): string[] {
  return subscribers.map(({ subscriber }) => subscriber).sort();
}

Deno.test("so many changes as are compared in the time of a long match are compared at once, more of them part by part", () => {
  const few = changed(16), visited = few.tree.visited;
  assertStrictEquals(few.tree.tryMatch(TOPIC, STEP), few.known);
  assertEquals(few.tree.visited - visited, 4);
  for (const [changes, steps] of [[17, 1], [COMPARED_IN_STEP, 1], [COMPARED_IN_STEP + 1, 2], [400, 10]] as const) {
    const { tree, known } = changed(changes), { visited } = tree, pending = tree.tryMatch(TOPIC, STEP);
    assertEquals(tree.visited, visited, "nothing is done at once");
    assert((pending as PendingMatch<string>).isAgain);
    assertEquals(finish(pending), { found: known, steps });
    assertEquals(tree.visited - visited, Math.ceil(changes / 4));
    assertStrictEquals(tree.tryMatch(TOPIC, STEP), known, "it is true again");
  }
});

Deno.test("changes that come while others are compared are not overlooked, whether they add or remove", () => {
  const { tree } = changed(100), pending = tree.tryMatch(TOPIC, STEP) as PendingMatch<string>;
  assertEquals(pending.goOn(STEP), undefined);
  add(tree, "three", "+/b/c");
  add(tree, "four", "a/b/c");
  for (const filter of ["a/+/+", "+/b/+", "+/+/c", "a/#", "+/b/#"]) tree.unsubscribe("one", parseTopicFilter(filter));
  assertEquals(subscribersOf(finish(pending).found), ["four", "three"]);
  assertEquals(subscribersOf(tree.match(TOPIC)), ["four", "three"]);
});

Deno.test("two who ask for a topic at the same time find the same", () => {
  const { tree } = changed(100), pending = [0, 1].map(() => tree.tryMatch(TOPIC, STEP));
  assertEquals((pending[0] as PendingMatch<string>).goOn(STEP), undefined);
  assertEquals((pending[1] as PendingMatch<string>).goOn(2 * STEP), undefined);
  add(tree, "three", "#");
  const [first, second] = pending.map((match) => finish(match).found);
  assertEquals(subscribersOf(first), ["one", "three"]);
  assertStrictEquals(second, first);
});

Deno.test("where what has changed is forgotten meanwhile the topic is matched anew", () => {
  for (
    const forget of [
      (tree: SubscriptionTree<string>) => tree.forgetMatches(),
      (tree: SubscriptionTree<string>) => {
        for (let change = 0; change < 33_000; change++) add(tree, "two", `y/${change}/#`);
      },
    ]
  ) {
    const { tree } = changed(100), pending = tree.tryMatch(TOPIC, STEP) as PendingMatch<string>;
    assertEquals(pending.goOn(STEP), undefined);
    add(tree, "three", "#");
    forget(tree);
    assertEquals(subscribersOf(finish(pending).found), ["one", "three"]);
    assertEquals(subscribersOf(tree.match(TOPIC)), ["one", "three"]);
  }
});

Deno.test("what is asked for without a pause is found, however much has changed", () => {
  const { tree, known } = changed(5_000);
  assertStrictEquals(tree.match(TOPIC), known);
});
