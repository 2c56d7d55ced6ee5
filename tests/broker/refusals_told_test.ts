/** Who runs the broker is told when clients are refused for what all of them together may have, and which option that is. */

import { assertEquals } from "@std/assert";
import type { Capabilities } from "../../src/broker/core/options.ts";
import { HEAP_LIMIT } from "../../src/hook/heap.ts";
import { type LogFields, silentLogger } from "../../src/hook/logger.ts";
import { Harness, PacketType } from "../helpers/harness.ts";

const LASTING = { sessionExpiryInterval: 1_000 };
const WILL = { topic: "w", payload: "x" };

interface Case {
  readonly capabilities: Partial<Capabilities>;
  /** Asks for too much. @returns the reason code of the refusal */
  ask(harness: Harness): Promise<number | undefined>;
  readonly told: [message: string, fields: LogFields];
}

async function refusedConnect(harness: Harness, options: object = {}): Promise<number | undefined> {
  const client = await harness.open();
  await client.sendConnect({ clientId: "late", ...options });
  return (await client.next()).reasonCode;
}

/** A session that is away and takes all that a limit of one byte allows. */
async function withSleeper(harness: Harness): Promise<void> {
  const sleeper = await harness.connect({ clientId: "sleeper", properties: LASTING });
  await sleeper.subscribe("t", { qos: 1 });
  await sleeper.disconnect();
}

async function publishTwice(harness: Harness): Promise<number | undefined> {
  await withSleeper(harness);
  const publisher = await harness.connect("publisher");
  await publisher.publish("t", "1", { qos: 1 });
  return await publisher.publish("t", "2", { qos: 1 });
}

const reached = (option: keyof Capabilities, limit: number): Case["told"] => [
  `clients are refused: ${option} is reached`,
  { limit },
];

const CASES: Record<string, Case> = {
  "clients": {
    capabilities: { maximumClients: 1 },
    ask: async (harness) => {
      await harness.connect("first");
      return await refusedConnect(harness);
    },
    told: reached("maximumClients", 1),
  },
  "clients, for want of sockets": {
    capabilities: { maximumSockets: 2 },
    ask: async (harness) => {
      await harness.connect("first");
      return await refusedConnect(harness);
    },
    told: reached("maximumSockets", 2),
  },
  "sessions": {
    capabilities: { maximumSessions: 1 },
    ask: async (harness) => {
      await withSleeper(harness);
      return await refusedConnect(harness);
    },
    told: reached("maximumSessions", 1),
  },
  "memory of sessions": {
    capabilities: { maximumTotalSessionBytes: 1 },
    ask: async (harness) => {
      await withSleeper(harness);
      return await refusedConnect(harness);
    },
    told: reached("maximumTotalSessionBytes", 1),
  },
  "memory of Packet Identifiers": {
    capabilities: { maximumTotalSessionBytes: 1 },
    ask: async (harness) => await (await harness.connect("first")).publish("t", "", { qos: 2 }),
    told: reached("maximumTotalSessionBytes", 1),
  },
  "memory of wills": {
    capabilities: { maximumTotalWillBytes: 1 },
    ask: (harness) => refusedConnect(harness, { will: WILL }),
    told: reached("maximumTotalWillBytes", 1),
  },
  "memory of messages, refused": {
    capabilities: { maximumTotalQueuedBytes: 1 },
    ask: publishTwice,
    told: reached("maximumTotalQueuedBytes", 1),
  },
  "memory of messages, the connection gives way": {
    capabilities: { maximumTotalQueuedBytes: 1, queueOverflow: "disconnect" },
    ask: async (harness) => await publishTwice(harness) === 0 ? 0x97 : undefined,
    told: reached("maximumTotalQueuedBytes", 1),
  },
  "memory of subscriptions": {
    capabilities: { maximumTotalSubscriptionBytes: 1 },
    ask: async (harness) => await (await harness.connect("first")).subscribe("t"),
    told: reached("maximumTotalSubscriptionBytes", 1),
  },
  "filters with wildcards": {
    capabilities: { maximumWildcardFilters: 0 },
    ask: async (harness) => await (await harness.connect("first")).subscribe("t/+"),
    told: reached("maximumWildcardFilters", 0),
  },
  "share groups": {
    capabilities: { maximumShares: 0 },
    ask: async (harness) => await (await harness.connect("first")).subscribe("$share/g/t"),
    told: reached("maximumShares", 0),
  },
  "memory of retained messages": {
    capabilities: { maximumRetainedBytes: 1 },
    ask: async (harness) => await (await harness.connect("first")).publish("t", "x", { qos: 1, retain: true }),
    told: reached("maximumRetainedBytes", 1),
  },
  "retained messages": {
    capabilities: { maximumRetainedMessages: 1 },
    ask: async (harness) => {
      const first = await harness.connect("first");
      await first.publish("t", "x", { qos: 1, retain: true });
      return await first.publish("u", "x", { qos: 1, retain: true });
    },
    told: reached("maximumRetainedMessages", 1),
  },
  "all memory": {
    capabilities: { maximumMemory: 1 },
    ask: refusedConnect,
    told: ["clients are refused: memory is short", { maximumHeap: Math.floor(0.8 * HEAP_LIMIT), maximumMemory: 1 }],
  },
};

for (const [what, { capabilities, ask, told }] of Object.entries(CASES)) {
  Deno.test(`a refusal is told with its limit: ${what}`, async () => {
    const lines: [message: string, fields?: LogFields][] = [];
    const warn = (message: string, fields?: LogFields) => void lines.push([message, fields]);
    await using harness = await Harness.start({ capabilities, logger: { ...silentLogger, warn } });
    assertEquals(await ask(harness), 0x97);
    assertEquals(lines.filter(([message]) => message.startsWith("clients are refused")), [told]);
  });
}

for (
  const [option, filters, capabilities] of [
    ["maximumSubscriptionsPerClient is 1", ["a", "b"], { maximumSubscriptionsPerClient: 1 }],
    ["maximumSubscriptionBytesPerClient is 600", ["a", "b"], { maximumSubscriptionBytesPerClient: 600 }],
    ["maximumWildcardSubscriptionsPerClient is 1", ["+", "#"], { maximumWildcardSubscriptionsPerClient: 1 }],
    ["maximumSharesPerClient is 1", ["$share/a/t", "$share/b/t"], { maximumSharesPerClient: 1 }],
  ] as const
) {
  Deno.test(`SUBACK says that ${option}`, async () => {
    await using harness = await Harness.start({ capabilities });
    const client = await harness.connect("client"),
      asked = { qos: 0, noLocal: false, retainAsPublished: false } as const;
    const subscriptions = filters.map((topicFilter) => ({ topicFilter, ...asked, retainHandling: 0 as const }));
    await client.send({ type: PacketType.SUBSCRIBE, packetId: 7, subscriptions });
    const properties = { reasonString: `a client may not have more: ${option}` };
    await client.expect({ type: PacketType.SUBACK, packetId: 7, reasonCodes: [0, 0x97], properties });
  });
}

Deno.test("SUBACK says which option all clients together have reached", async () => {
  await using harness = await Harness.start({ capabilities: { maximumWildcardFilters: 1 } });
  const client = await harness.connect("client");
  await client.subscribe("+");
  const retainHandling = 0, options = { qos: 0, noLocal: false, retainAsPublished: false, retainHandling } as const;
  await client.send({ type: PacketType.SUBSCRIBE, packetId: 7, subscriptions: [{ topicFilter: "#", ...options }] });
  const properties = { reasonString: "all clients together may not have more: maximumWildcardFilters" };
  await client.expect({ type: PacketType.SUBACK, packetId: 7, reasonCodes: [0x97], properties });
});
