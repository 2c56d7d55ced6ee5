import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { parseTopicFilter } from "../../src/topics/topic_filter.ts";
import {
  type MatchResult,
  PendingMatch,
  type SubscriptionOptions,
  SubscriptionTree,
} from "../../src/topics/subscription_tree.ts";

const PLAIN: SubscriptionOptions = {
  qos: 0,
  noLocal: false,
  retainAsPublished: false,
  retainHandling: 0,
  identifier: 0,
};

function add(tree: SubscriptionTree<string>, subscriber: string, filter: string, options = {}): boolean {
  return tree.subscribe(subscriber, parseTopicFilter(filter), { ...PLAIN, ...options });
}

function remove(tree: SubscriptionTree<string>, subscriber: string, filter: string): boolean {
  return tree.unsubscribe(subscriber, parseTopicFilter(filter));
}

function names(result: MatchResult<string>): string[] {
  return result.subscribers.map(({ subscriber }) => subscriber).sort();
}

function treeOf(...filters: string[]): SubscriptionTree<string> {
  const tree = new SubscriptionTree<string>();
  for (const filter of filters) add(tree, filter, filter);
  return tree;
}

Deno.test("match finds exact, + and # filters", () => {
  const tree = treeOf("a", "a/b", "a/+", "a/#", "+/b", "+/+", "#", "+", "/a", "a/", "b");
  assertEquals(names(tree.match("a/b")), ["#", "+/+", "+/b", "a/#", "a/+", "a/b"]);
  assertEquals(names(tree.match("a")), ["#", "+", "a", "a/#"]);
  assertEquals(names(tree.match("a/")), ["#", "+/+", "a/", "a/#", "a/+"]);
  assertEquals(names(tree.match("/a")), ["#", "+/+", "/a"]);
  assertEquals(names(tree.match("a/b/c")), ["#", "a/#"]);
});

Deno.test("match hides dollar topics from leading wildcards only", () => {
  const tree = treeOf("#", "+", "+/#", "+/a", "$SYS/#", "$SYS/+", "$SYS/a", "a/+", "a/#");
  assertEquals(names(tree.match("$SYS/a")), ["$SYS/#", "$SYS/+", "$SYS/a"]);
  assertEquals(names(tree.match("$SYS")), ["$SYS/#"]);
  assertEquals(names(tree.match("a/$SYS")), ["#", "+/#", "a/#", "a/+"]);
});

Deno.test("match without subscribers is one shared constant", () => {
  const empty = new SubscriptionTree<string>().match("a");
  assertStrictEquals(treeOf("b").match("a"), empty);
  assert(Object.isFrozen(empty) && Object.isFrozen(empty.subscribers));
  assertEquals(empty, { subscribers: [], shares: [] });
});

Deno.test("overlapping subscriptions of one subscriber are merged", () => {
  const tree = new SubscriptionTree<string>();
  add(tree, "one", "a/b", { qos: 0, noLocal: true, identifier: 7 });
  add(tree, "one", "a/+", { qos: 2, noLocal: true, retainAsPublished: true });
  add(tree, "one", "a/#", { qos: 1, noLocal: false, retainHandling: 2, identifier: 7 });
  const [one] = tree.match("a/b").subscribers;
  assertEquals([one.qos, one.noLocal, one.retainAsPublished], [2, false, true]);
  assertEquals(one.identifiers, [7, 7]);
  assertEquals(one.subscriptions.map(({ filter }) => filter.full).sort(), ["a/#", "a/+", "a/b"]);
  remove(tree, "one", "a/#");
  assertEquals(tree.match("a/b").subscribers[0].noLocal, true);
  assertEquals(tree.match("a/b").subscribers[0].identifiers, [7]);
  assertEquals(tree.match("a/b").subscribers.length, 1);
});

Deno.test("two merged subscriptions keep the higher QoS in both orders", () => {
  for (const [exact, wildcard] of [[1, 2], [2, 1], [0, 0]] as const) {
    const tree = new SubscriptionTree<string>();
    add(tree, "one", "a", { qos: exact, retainAsPublished: exact === 2 });
    add(tree, "one", "+", { qos: wildcard, noLocal: true });
    const [one] = tree.match("a").subscribers;
    assertEquals(one.qos, Math.max(exact, wildcard));
    assertEquals([one.noLocal, one.retainAsPublished, one.identifiers], [false, exact === 2, undefined]);
  }
});

Deno.test("the third of three merged subscriptions counts as much as the first", () => {
  for (let odd = 0; odd < 3; odd++) {
    const tree = new SubscriptionTree<string>();
    const filters = ["a", "+", "#"];
    for (let at = 0; at < 3; at++) {
      const options = { qos: 2, noLocal: false, retainAsPublished: true, identifier: 9 };
      add(tree, "one", filters[at], at === odd ? options : { noLocal: true });
    }
    const [one] = tree.match("a").subscribers;
    assertEquals([one.qos, one.noLocal, one.retainAsPublished, one.identifiers], [2, false, true, [9]]);
  }
});

Deno.test("a subscription that is alone shows its own options", () => {
  const tree = new SubscriptionTree<string>();
  const options = {
    qos: 2,
    noLocal: true,
    retainAsPublished: true,
    retainHandling: 2,
    identifier: 268_435_455,
  } as const;
  add(tree, "one", "a", options);
  const [one] = tree.match("a").subscribers;
  assertEquals([one.qos, one.noLocal, one.retainAsPublished, one.identifiers], [2, true, true, [268_435_455]]);
  const [subscription] = one.subscriptions;
  const { qos, noLocal, retainAsPublished, retainHandling, identifier } = subscription;
  assertEquals({ qos, noLocal, retainAsPublished, retainHandling, identifier }, options);
  assertEquals(subscription.filter.full, "a");
  assertEquals(subscription.filter.hasWildcard, false);
});

Deno.test("an equal filter of the same subscriber replaces its subscription", () => {
  for (const filter of ["a", "+", "#", "$share/g/a"]) {
    const tree = new SubscriptionTree<string>();
    assertEquals(add(tree, "one", filter, { qos: 0 }), true);
    tree.match("a");
    assertEquals(add(tree, "one", filter, { qos: 1, identifier: 3 }), false);
    assertEquals(tree.size, 1);
    const result = tree.match("a");
    const [only] = filter.startsWith("$share") ? result.shares[0].members : result.subscribers;
    assertEquals(only.qos, 1);
    assertEquals(tree.get("one", parseTopicFilter(filter))?.identifier, 3);
  }
});

Deno.test("renewing a subscription unchanged keeps the cached result, each changed option drops it", () => {
  const tree = new SubscriptionTree<string>();
  add(tree, "one", "a");
  const before = tree.match("a");
  assertEquals(add(tree, "one", "a"), false);
  assertStrictEquals(tree.match("a"), before);
  const changes = [{ qos: 2 }, { noLocal: true }, { retainAsPublished: true }, { retainHandling: 1 }, {
    identifier: 1,
  }];
  for (const change of changes) {
    add(tree, "one", "a");
    const known = tree.match("a");
    add(tree, "one", "a", change);
    assert(tree.match("a") !== known, JSON.stringify(change));
  }
});

Deno.test("unsubscribe tells whether there was a subscription", () => {
  const tree = treeOf("a", "a/+", "$share/g/a");
  assertEquals(remove(tree, "a", "b"), false);
  assertEquals(remove(tree, "other", "a"), false);
  assertEquals(remove(tree, "a", "$share/g/a"), false);
  assertEquals(remove(tree, "$share/g/a", "a"), false);
  assertEquals(remove(tree, "$share/g/a", "$share/h/a"), false);
  assertEquals(tree.size, 3);
  for (const filter of ["a", "a/+", "$share/g/a"]) assertEquals(remove(tree, filter, filter), true);
  assertEquals(tree.size, 0);
  assertEquals(remove(tree, "a", "a"), false);
});

Deno.test("many subscribers of overlapping filters are found once each", () => {
  const tree = new SubscriptionTree<string>();
  for (let at = 0; at < 100; at++) {
    add(tree, `c${at}`, "a/b", { qos: 0 });
    if (at % 2 === 0) add(tree, `c${at}`, "a/+", { qos: 1 });
    if (at % 3 === 0) add(tree, `c${at}`, "#", { qos: 2 });
    add(tree, `d${at}`, "#");
    add(tree, `d${at}`, "+/b");
  }
  const { subscribers } = tree.match("a/b");
  assertEquals(subscribers.length, 200);
  for (const { subscriber, qos, subscriptions } of subscribers) {
    const at = Number(subscriber.slice(1));
    if (subscriber.startsWith("d")) assertEquals([qos, subscriptions.length], [0, 2]);
    else assertEquals(qos, at % 3 === 0 ? 2 : at % 2 === 0 ? 1 : 0, subscriber);
  }
});

Deno.test("names of Object's own properties are names like any other", () => {
  const odd = ["__proto__", "constructor", "toString", "__proto__/constructor", "hasOwnProperty/+", "__proto__/#"];
  const tree = treeOf(...odd, "$share/__proto__/constructor");
  assertEquals(names(tree.match("__proto__")), ["__proto__", "__proto__/#"]);
  assertEquals(names(tree.match("constructor")), ["constructor"]);
  assertEquals(tree.match("constructor").shares[0].shareName, "__proto__");
  assertEquals(names(tree.match("__proto__/constructor")), ["__proto__/#", "__proto__/constructor"]);
  assertEquals(names(tree.match("hasOwnProperty/valueOf")), ["hasOwnProperty/+"]);
  assertEquals(names(tree.match("valueOf")), []);
});

Deno.test("65,535 levels cost no call stack", () => {
  const topic = "/".repeat(65_534);
  const pluses = "+/".repeat(32_000);
  const filters = [topic, `${pluses}#`, `+${topic.slice(0, -2)}/#`, `${topic.slice(0, -9)}#`, `$share/g/${pluses}#`];
  const tree = treeOf(...filters, `${pluses}+`);
  assertEquals(names(tree.match(topic)), [...filters.slice(0, 4)].sort());
  assertEquals(tree.match(topic).shares.length, 1);
  for (const filter of [...filters, `${pluses}+`]) assertEquals(remove(tree, filter, filter), true);
  assertEquals([tree.size, names(tree.match(topic)).length], [0, 0]);
});

Deno.test("list walks all subscriptions in pages while others come and go", () => {
  const tree = new SubscriptionTree<string>();
  const filters = ["a", "b/+", "b/+/c", "#", "$share/g/a", "$share/h/b/+", "$share/g/b/+"];
  for (const filter of filters) for (const who of ["x", "y", "z"]) add(tree, who, filter);
  const pages = tree.list();
  const seen: string[] = [];
  for (let page = 0; seen.length < 21; page++) {
    for (let count = 0; count < 4; count++) {
      const next = pages.next();
      if (next.value) seen.push(`${next.value.subscriber} ${next.value.filter.full}`);
    }
    add(tree, "passing", `b/+/c/${page}/#`);
    remove(tree, "passing", `b/+/c/${page - 1}/#`);
  }
  const expected = filters.flatMap((filter) => ["x", "y", "z"].map((who) => `${who} ${filter}`));
  assertEquals(seen.filter((line) => !line.startsWith("passing")).sort(), expected.sort());
});

Deno.test("a match that merges many subscriptions pauses as one that visits many nodes; one filter, however many have it, does not", () => {
  const tree = new SubscriptionTree<string>(), crowd = Array.from({ length: 1_000 }, (_, at) => `${at}`);
  for (const subscriber of crowd) add(tree, subscriber, "+/+/x/#");
  assert(!(tree.tryMatch("a/b/x", 100) instanceof PendingMatch));
  for (const filter of ["a/+/#", "+/b/#", "+/#", "a/#", "a/b/#", "a/b/+"]) {
    for (const subscriber of crowd) add(tree, subscriber, filter);
  }
  const match = tree.tryMatch("a/b/c", 100);
  assert(match instanceof PendingMatch);
  let steps = 1, result = match.goOn(100);
  for (; result === undefined; steps++) result = match.goOn(100);
  assert(steps > 1 && steps < 10, `${steps} steps`);
  assertEquals(result.subscribers.map(({ subscriptions }) => subscriptions.length), crowd.map(() => 6));
});

Deno.test("to merge those who have a filter without wildcards counts as well", () => {
  const tree = new SubscriptionTree<string>();
  for (let at = 0; at < 800; at++) for (const filter of ["a/b", "a/#"]) add(tree, `${at}`, filter);
  tree.match("a/b");
  assert(tree.visited >= 200, `${tree.visited} nodes`);
});
