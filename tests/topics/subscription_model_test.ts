import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { parseTopicFilter } from "../../src/topics/topic_filter.ts";
import {
  type MatchResult,
  PendingMatch,
  type SubscriptionOptions,
  SubscriptionTree,
} from "../../src/topics/subscription_tree.ts";
import { filters, matchesWithParent, sequences } from "./brute_force.ts";

const TOPICS = sequences(["", "a", "$x"], 3);
const FILTERS = filters(["", "a", "$x"], 3);

interface Held {
  readonly subscriber: string;
  readonly full: string;
  readonly options: SubscriptionOptions;
}

/** All that a result says, in an order of its own. */
function plain(result: MatchResult<string>): unknown {
  const subscribers = result.subscribers.map((matched) => ({
    subscriber: matched.subscriber,
    qos: matched.qos,
    noLocal: matched.noLocal,
    retainAsPublished: matched.retainAsPublished,
    identifiers: [...matched.identifiers ?? []].sort(),
    filters: matched.subscriptions.map(({ filter }) => filter.full).sort(),
  }));
  const shares = result.shares.map(({ shareName, filter, members }) => ({
    key: `${shareName} ${filter}`,
    members: members.map(({ subscriber, qos, filter }) => `${subscriber} ${qos} ${filter.full}`),
  }));
  return {
    subscribers: subscribers.sort((left, right) => left.subscriber < right.subscriber ? -1 : 1),
    shares: shares.sort((left, right) => left.key < right.key ? -1 : 1),
  };
}

/** The list of subscriptions, and nothing else: what the tree has to agree with. */
class Model {
  readonly held: Held[] = [];

  subscribe(subscriber: string, full: string, options: SubscriptionOptions): boolean {
    const at = this.#find(subscriber, full);
    if (at === -1) this.held.push({ subscriber, full, options });
    else this.held[at] = { subscriber, full, options };
    return at === -1;
  }

  unsubscribe(subscriber: string, full: string): boolean {
    const at = this.#find(subscriber, full);
    if (at !== -1) this.held.splice(at, 1);
    return at !== -1;
  }

  match(topic: string): unknown {
    const matching = this.held.filter(({ full }) => matchesWithParent(topic, parseTopicFilter(full).filter));
    const own = Map.groupBy(matching.filter(({ full }) => !full.startsWith("$share/")), (held) => held.subscriber);
    const shared = Map.groupBy(matching.filter(({ full }) => full.startsWith("$share/")), (held) => held.full);
    const subscribers = [...own].map(([subscriber, list]) => ({
      subscriber,
      qos: Math.max(...list.map(({ options }) => options.qos)),
      noLocal: list.every(({ options }) => options.noLocal),
      retainAsPublished: list.some(({ options }) => options.retainAsPublished),
      identifiers: list.map(({ options }) => options.identifier).filter((identifier) => identifier > 0).sort(),
      filters: list.map(({ full }) => full).sort(),
    }));
    const shares = [...shared].map(([full, list]) => ({
      key: `${parseTopicFilter(full).shareName} ${parseTopicFilter(full).filter}`,
      members: list.map(({ subscriber, options }) => `${subscriber} ${options.qos} ${full}`),
    }));
    return {
      subscribers: subscribers.sort((left, right) => left.subscriber < right.subscriber ? -1 : 1),
      shares: shares.sort((left, right) => left.key < right.key ? -1 : 1),
    };
  }

  #find(subscriber: string, full: string): number {
    return this.held.findIndex((held) => held.subscriber === subscriber && held.full === full);
  }
}

const options = fc.record({
  qos: fc.constantFrom(0, 1, 2),
  noLocal: fc.boolean(),
  retainAsPublished: fc.boolean(),
  retainHandling: fc.constantFrom(0, 1, 2),
  identifier: fc.integer({ min: 0, max: 3 }),
}) as fc.Arbitrary<SubscriptionOptions>;

const step = fc.record({
  action: fc.constantFrom("subscribe", "subscribe", "unsubscribe", "match", "match"),
  subscriber: fc.constantFrom("one", "two", "three"),
  full: fc.tuple(fc.constantFrom("", "", "$share/g/", "$share/__proto__/"), fc.constantFrom(...FILTERS))
    .map(([share, filter]) => share + filter),
  topics: fc.array(fc.constantFrom(...TOPICS), { maxLength: 4 }),
  options,
});

/** With a match that is long from the first node on each result is made true again when subscriptions change. */
const CACHES: ConstructorParameters<typeof SubscriptionTree>[0][] = [
  { cacheSize: 0 },
  { cacheSize: 3 },
  {},
  { longFrom: 0, cacheSize: 3 },
  { longFrom: 0 },
  { longFrom: 0, cacheBytes: 3_000 },
];

for (const cache of CACHES) {
  Deno.test(`random steps agree with a list of subscriptions, cache: ${JSON.stringify(cache)}`, () => {
    const steps = fc.array(step, { minLength: 1, maxLength: 120 });
    fc.assert(fc.property(steps, (list) => runSteps(list, cache)), { numRuns: 150 });
  });
}

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function runSteps(steps: readonly Step[], cache: typeof CACHES[number]): void {
  const tree = new SubscriptionTree<string>(cache);
  const model = new Model();
  const handedOut: { result: MatchResult<string>; said: unknown }[] = [];
  for (const { action, subscriber, full, topics, options } of steps) {
    const parsed = parseTopicFilter(full);
    if (action === "subscribe") {
      assertEquals(tree.subscribe(subscriber, parsed, options), model.subscribe(subscriber, full, options));
    } else if (action === "unsubscribe") {
      assertEquals(tree.unsubscribe(subscriber, parsed), model.unsubscribe(subscriber, full));
    }
    for (const topic of topics) {
      const result = tree.match(topic);
      assertEquals(plain(result), model.match(topic), topic);
      handedOut.push({ result, said: plain(result) });
    }
  }
  for (const topic of TOPICS) assertEquals(plain(tree.match(topic)), model.match(topic), topic);
  for (const { result, said } of handedOut) assertEquals(plain(result), said);
  checkEmptying(tree, model);
}

function innerOf({ full }: Held): string {
  return parseTopicFilter(full).filter;
}

function checkEmptying(tree: SubscriptionTree<string>, model: Model): void {
  assertEquals(tree.wildcardFilters, new Set(model.held.map(innerOf).filter((filter) => /[+#]/.test(filter))).size);
  assertEquals(
    tree.shares,
    new Set(model.held.map(({ full }) => full).filter((full) => full.startsWith("$share/"))).size,
  );
  const listed = [...tree.list()].map(({ subscriber, filter }) => `${subscriber} ${filter.full}`).sort();
  assertEquals(listed, model.held.map(({ subscriber, full }) => `${subscriber} ${full}`).sort());
  assertEquals(tree.size, model.held.length);
  for (const { subscriber, full } of model.held) tree.unsubscribe(subscriber, parseTopicFilter(full));
  assertEquals([tree.size, [...tree.list()].length, tree.wildcardFilters, tree.shares], [0, 0, 0, 0]);
  for (const topic of TOPICS) assertEquals(tree.match(topic), { subscribers: [], shares: [] });
}

const SLOWLY = { minLength: 5, maxLength: 60 };

Deno.test("a match that pauses after each node finds the same", () => {
  fc.assert(fc.property(fc.array(step, SLOWLY), (list) => {
    const tree = new SubscriptionTree<string>({ cacheSize: 0 }), model = new Model();
    for (const one of list) change(one, tree, model);
    for (const topic of TOPICS) assertEquals(plain(finish(tree.tryMatch(topic, 1))), model.match(topic), topic);
    assert(tree.visited >= TOPICS.length);
  }));
});

Deno.test("what stays while a match pauses is found, what is found was there, and nothing wrong is remembered", () => {
  const changes = fc.array(step, SLOWLY), topics = fc.constantFrom(...TOPICS);
  fc.assert(fc.property(changes, changes, topics, (before, meanwhile, topic) => {
    const tree = new SubscriptionTree<string>(), model = new Model();
    for (const one of before) change(one, tree, model);
    const held = new Set(matching(model, topic)), stayed = new Set(held);
    const pending = tree.tryMatch(topic, 1);
    let result = pending instanceof PendingMatch ? undefined : pending;
    for (const one of meanwhile) {
      if (result !== undefined) break;
      change(one, tree, model);
      const now = new Set(matching(model, topic));
      for (const key of now) held.add(key);
      for (const key of stayed) if (!now.has(key)) stayed.delete(key);
      result = (pending as PendingMatch<string>).goOn(1);
    }
    const found = new Set(keysOf(result ?? finish(pending)));
    assert(stayed.isSubsetOf(found), `${[...stayed]} in ${[...found]}`);
    assert(found.isSubsetOf(held), `${[...found]} in ${[...held]}`);
    assertEquals(plain(tree.match(topic)), model.match(topic));
  }));
});

Deno.test("a long match that pauses while filters come and go is true at its end, and remembered", () => {
  const changes = fc.array(step, SLOWLY), topics = fc.constantFrom(...TOPICS);
  fc.assert(fc.property(changes, changes, topics, (before, meanwhile, topic) => {
    const tree = new SubscriptionTree<string>({ longFrom: 0 }), model = new Model();
    for (const one of before) change(one, tree, model);
    const pending = tree.tryMatch(topic, 1);
    if (!(pending instanceof PendingMatch)) return;
    for (const one of meanwhile) change(one, tree, model);
    const result = finish(pending), { visited } = tree;
    assertEquals(plain(result), model.match(topic));
    assertStrictEquals(tree.match(topic), result);
    assertEquals(tree.visited, visited, "it is not walked again");
  }));
});

function change(one: Step, tree: SubscriptionTree<string>, model: Model): void {
  const { subscriber, full, options } = one, parsed = parseTopicFilter(full);
  if (one.action === "unsubscribe") {
    assertEquals(tree.unsubscribe(subscriber, parsed), model.unsubscribe(subscriber, full));
  } else assertEquals(tree.subscribe(subscriber, parsed, options), model.subscribe(subscriber, full, options));
}

function finish(match: MatchResult<string> | PendingMatch<string>): MatchResult<string> {
  if (!(match instanceof PendingMatch)) return match;
  let result: MatchResult<string> | undefined;
  while (result === undefined) result = match.goOn(1);
  return result;
}

function matching(model: Model, topic: string): string[] {
  return model.held.filter(({ full }) => matchesWithParent(topic, parseTopicFilter(full).filter))
    .map(({ subscriber, full }) => `${subscriber} ${full}`);
}

function keysOf({ subscribers, shares }: MatchResult<string>): string[] {
  return [...subscribers.flatMap(({ subscriptions }) => subscriptions), ...shares.flatMap(({ members }) => members)]
    .map(({ subscriber, filter }) => `${subscriber} ${filter.full}`);
}
