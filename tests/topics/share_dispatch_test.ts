import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { leastInflight, random, roundRobin, type ShareDispatch, sticky } from "../../src/topics/share_dispatch.ts";
import { type MatchedShare, SubscriptionTree } from "../../src/topics/subscription_tree.ts";
import { parseTopicFilter } from "../../src/topics/topic_filter.ts";

const OPTIONS = { qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0, identifier: 0 } as const;

class Group {
  readonly tree: SubscriptionTree<string> = new SubscriptionTree<string>();
  readonly offline: Set<string> = new Set();
  readonly load: Map<string, number> = new Map();

  constructor(...members: string[]) {
    for (const member of members) this.join(member);
  }

  join(member: string): void {
    this.tree.subscribe(member, parseTopicFilter("$share/g/t/+"), OPTIONS);
  }

  leave(member: string): void {
    this.tree.unsubscribe(member, parseTopicFilter("$share/g/t/+"));
  }

  share(topic = "t/1"): MatchedShare<string> {
    return this.tree.match(topic).shares[0];
  }

  pick(dispatch: ShareDispatch, topic = "t/1"): string | undefined {
    return dispatch(this.share(topic), {
      topic,
      inflight: (member) => this.load.get(member) ?? 0,
      connected: (member) => !this.offline.has(member),
    })?.subscriber;
  }

  picks(dispatch: ShareDispatch, count: number): string {
    return Array.from({ length: count }, (_, at) => this.pick(dispatch, `t/${at % 3}`)).join("");
  }
}

Deno.test("members stand in the order of joining, and renewing keeps the place", () => {
  const group = new Group("a", "b", "c");
  group.tree.subscribe("a", parseTopicFilter("$share/g/t/+"), { ...OPTIONS, qos: 2 });
  assertEquals(group.share().members.map(({ subscriber, qos }) => `${subscriber}${qos}`), ["a2", "b0", "c0"]);
  group.leave("a");
  group.join("a");
  assertEquals(group.share().members.map(({ subscriber }) => subscriber), ["b", "c", "a"]);
});

Deno.test("the state lives as long as the group has members", () => {
  const group = new Group("a", "b");
  const { state } = group.share();
  group.leave("a");
  assertStrictEquals(group.share("t/2").state, state);
  group.leave("b");
  assertEquals(group.share(), undefined);
  group.join("a");
  assert(group.share().state !== state);
});

Deno.test("a name with two filters is two groups, and other names are others", () => {
  const tree = new SubscriptionTree<string>();
  for (const filter of ["$share/g/a", "$share/g/+", "$share/h/a"]) {
    tree.subscribe("one", parseTopicFilter(filter), OPTIONS);
  }
  tree.subscribe("one", parseTopicFilter("a"), OPTIONS);
  const { shares, subscribers } = tree.match("a");
  assertEquals(shares.map(({ shareName, filter }) => `${shareName} ${filter}`).sort(), ["g +", "g a", "h a"]);
  assertEquals(subscribers.length, 1);
});

Deno.test("a snapshot of members does not change when the group does", () => {
  const group = new Group("a", "b");
  const before = group.share();
  group.join("c");
  group.leave("a");
  assertEquals(before.members.map(({ subscriber }) => subscriber), ["a", "b"]);
});

Deno.test("roundRobin takes turns over all topics of the group", () => {
  const group = new Group("a", "b", "c");
  assertEquals(group.picks(roundRobin, 7), "abcabca");
});

Deno.test("roundRobin passes over those who are offline, unless all are", () => {
  const group = new Group("a", "b", "c");
  group.offline.add("b");
  assertEquals(group.picks(roundRobin, 4), "acac");
  for (const member of ["a", "c"]) group.offline.add(member);
  assertEquals(group.picks(roundRobin, 6).split("").sort().join(""), "aabbcc");
});

Deno.test("roundRobin goes on when members leave", () => {
  const group = new Group("a", "b", "c");
  group.picks(roundRobin, 3);
  group.leave("c");
  group.leave("b");
  assertEquals(group.picks(roundRobin, 2), "aa");
});

Deno.test("random reaches every connected member, offline ones only when all are", () => {
  const group = new Group("a", "b", "c");
  assertEquals([...new Set(group.picks(random, 300))].sort(), ["a", "b", "c"]);
  group.offline.add("b");
  assertEquals([...new Set(group.picks(random, 300))].sort(), ["a", "c"]);
  for (const member of ["a", "c"]) group.offline.add(member);
  assertEquals([...new Set(group.picks(random, 300))].sort(), ["a", "b", "c"]);
});

Deno.test("leastInflight takes the least loaded connected member and equals in turn", () => {
  const group = new Group("a", "b", "c");
  assertEquals(group.picks(leastInflight, 4), "abca");
  for (const [member, load] of [["a", 5], ["b", 1], ["c", 3]] as const) group.load.set(member, load);
  assertEquals(group.picks(leastInflight, 3), "bbb");
  group.offline.add("b");
  assertEquals(group.picks(leastInflight, 2), "cc");
  for (const member of ["a", "c"]) group.offline.add(member);
  assert(group.pick(leastInflight) !== undefined);
});

Deno.test("sticky stays until its member is offline or leaves", () => {
  const group = new Group("a", "b", "c");
  assertEquals(group.picks(sticky, 4), "aaaa");
  group.offline.add("a");
  assertEquals(group.picks(sticky, 3), "bbb");
  group.offline.delete("a");
  assertEquals(group.picks(sticky, 2), "bb");
  group.leave("b");
  assertEquals(group.share().state.sticky, undefined);
  assertEquals(new Set(group.picks(sticky, 3)).size, 1);
});
