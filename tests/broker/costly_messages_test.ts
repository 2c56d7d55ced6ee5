/** Messages that cost more than others: who sends them gives way earlier, and their order stays. */

import { assert, assertEquals } from "@std/assert";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import { encodePacket } from "../../src/packets/codec.ts";
import type { Hook } from "../../src/hook/hook.ts";
import { Harness, PacketType, type RawClient } from "../helpers/harness.ts";

const BIG = 100_000_000;
const NO_LIMITS = {
  maximumSubscriptionsPerClient: BIG,
  maximumWildcardSubscriptionsPerClient: BIG,
  maximumSubscriptionBytesPerClient: BIG,
  maximumSharesPerClient: BIG,
  maximumFiltersPerPacket: BIG,
};
/** Of one batch: fewer than those after which a reader looks at the clock in any case. */
const MESSAGES = 16;
/** Milliseconds that each of them takes at least. */
const EACH = 1;

/** Takes its time, and notes whose message it was. */
function slow(order: string[]): Hook {
  return {
    id: "slow",
    onPublish: (client) => {
      order.push(client.id);
      for (const end = performance.now() + EACH; performance.now() < end;);
    },
  };
}

async function subscribe(client: RawClient, topicFilters: readonly string[]): Promise<void> {
  const rest = { qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
  await client.send({
    ...{ type: PacketType.SUBSCRIBE, packetId: 1 },
    subscriptions: topicFilters.map((topicFilter) => ({ topicFilter, ...rest })),
  });
  await client.expect({ type: PacketType.SUBACK });
}

/** Two clients publish a batch each at the same time. @returns whose messages were handled, in their order */
async function handled(hook: Hook, prepare: (harness: Harness) => Promise<void>): Promise<string[]> {
  const order: string[] = [];
  await using harness = await Harness.start({
    hooks: [hook, slow(order)],
    capabilities: NO_LIMITS,
    realTime: true,
  });
  await prepare(harness);
  const publishers = [await harness.connect("a"), await harness.connect("b")];
  const one = encodePacket({
    ...{ type: PacketType.PUBLISH, topic: "t", payload: new Uint8Array(1), qos: 0, packetId: 0 },
    ...{ retain: false, dup: false },
  }, 5)!;
  const batch = new Uint8Array(one.length * MESSAGES);
  for (let at = 0; at < batch.length; at += one.length) batch.set(one, at);
  await Promise.all(publishers.map((publisher) => publisher.send(batch)));
  await Promise.all(publishers.map((publisher) => publisher.barrier()));
  assertEquals(order.length, 2 * MESSAGES);
  return order;
}

function longestRun(order: readonly string[]): number {
  let longest = 0, run = 0;
  for (let at = 0; at < order.length; at++) {
    longest = Math.max(longest, run = order[at] === order[at - 1] ? run + 1 : 1);
  }
  return longest;
}

Deno.test("a batch that costs little is handled at once", async () => {
  const order = await handled(allowAll(), async () => {});
  assertEquals(longestRun(order), MESSAGES);
});

Deno.test("a batch that reaches a thousand share groups lets others have their turn", async () => {
  const order = await handled(allowAll(), async (harness) => {
    await subscribe(await harness.connect("s"), Array.from({ length: 1_000 }, (_, at) => `$share/g${at}/t`));
  });
  assert(longestRun(order) < MESSAGES / 2, order.join(""));
});

Deno.test("a batch for share groups whose members may not read it lets others have their turn", async () => {
  const groups = Array.from({ length: 20 }, (_, at) => `$share/g${at}/t`);
  const mayRead: Hook = {
    id: "no reading",
    onConnectAuthenticate: () => true,
    onAclCheck: (_client, _topic, access) => access === "write" || !isSent,
  };
  let isSent = false;
  const order = await handled(mayRead, async (harness) => {
    for (let member = 0; member < 30; member++) await subscribe(await harness.connect(`m${member}`), groups);
    isSent = true;
  });
  assert(longestRun(order) < MESSAGES / 2, order.join(""));
});

/** All filters over `a` and `+` with so many levels: they match `a/a/.../a`, all of them. */
function filtersOverAandPlus(levels: number): string[] {
  return Array.from(
    { length: 2 ** levels },
    (_, bits) => Array.from({ length: levels }, (_, level) => bits >> level & 1 ? "+" : "a").join("/"),
  );
}

Deno.test("messages that many filters match are delivered in the order in which they came, whoever sends them", async () => {
  const levels = 14;
  await using harness = await Harness.start({ capabilities: NO_LIMITS, realTime: true });
  const subscriber = await harness.connect("s"), publishers = [await harness.connect("a"), await harness.connect("b")];
  await subscribe(subscriber, filtersOverAandPlus(levels));
  const topicOf = (others: number) => Array.from({ length: levels }, (_, at) => at < others ? "b" : "a").join("/");
  const topics = [topicOf(0), topicOf(2)]; // the second one takes one round, the first three
  await Promise.all(topics.map((topic, index) => publishers[index].sendPublish(topic, "x")));
  for (const topic of topics) await subscriber.expectMessage(topic, "x");
});
