/** What a broker tells of the memory that things take, one thing at a time: all limits of bytes are in these bytes. */
import { assertEquals } from "@std/assert";
import type { Properties } from "../../src/packets/types.ts";
import { Harness, type RawClient } from "../helpers/harness.ts";

interface Row {
  /** Which of the counters of `Broker.info`. */
  readonly counter: "sessionBytes" | "subscriptionBytes" | "willBytes" | "retainedBytes" | "messageBytes";
  /** Does something that takes memory. */
  act(client: RawClient, harness: Harness): Promise<unknown>;
  /** How much. */
  readonly bytes: number;
}

const PROPERTIES: Properties = {
  contentType: "ct",
  responseTopic: "answers",
  correlationData: new Uint8Array(5),
  userProperties: [["name", "value"], ["a", "ä"]],
};
const COST_OF_PROPERTIES = 64 + 2 * 2 + 2 * 7 + 5 + 112 + 2 * 9 + 112 + 2 * 2;

function withWill(harness: Harness, properties?: Properties): Promise<RawClient> {
  return harness.connect({ clientId: "mortal", will: { topic: "will", payload: "bytes", properties } });
}

/** A message for a client that is away. */
async function queued(client: RawClient, harness: Harness): Promise<void> {
  await client.subscribe("q", { qos: 1 });
  await client.cut();
  await harness.broker.publish("q", "bytes", { qos: 1 });
}

const ROWS: Record<string, Row> = {
  "a session": { counter: "sessionBytes", act: (_, harness) => harness.connect("four"), bytes: 1_024 + 2 * 4 },
  "a Topic Alias": {
    counter: "sessionBytes",
    act: (client) => client.publish("topic", "", { properties: { topicAlias: 1 } }),
    bytes: 128 + 2 * 5,
  },
  "a Packet Identifier": {
    counter: "sessionBytes",
    act: (client) => client.sendPublish("t", "", { qos: 2 }),
    bytes: 32,
  },
  "a subscription": { counter: "subscriptionBytes", act: (client) => client.subscribe("a/b"), bytes: 512 + 2 * 3 },
  "subscriptions with wildcards, and the levels that they share": {
    counter: "subscriptionBytes",
    act: async (client) => [await client.subscribe("a/b/+"), await client.subscribe("a/b/#")],
    bytes: 2 * (512 + 2 * 5) + 2 * 128,
  },
  "a shared subscription": {
    counter: "subscriptionBytes",
    act: (client) => client.subscribe("$share/g/t"),
    bytes: 512 + 160 + 2 * 2 * 10,
  },
  "a will": { counter: "willBytes", act: (_, harness) => withWill(harness), bytes: 512 + 2 * 4 + 5 },
  "a will with properties": {
    counter: "willBytes",
    act: (_, harness) => withWill(harness, PROPERTIES),
    bytes: 512 + 2 * 4 + 5 + COST_OF_PROPERTIES,
  },
  "a retained message": {
    counter: "retainedBytes",
    act: (client) => client.publish("t", "small", { retain: true }),
    bytes: 544 + 2 + 64,
  },
  "a retained message that expires": {
    counter: "retainedBytes",
    act: (client) => client.publish("t", "small", { retain: true, properties: { messageExpiryInterval: 9 } }),
    bytes: 544 + 2 + 64 + 256,
  },
  "a large retained message": {
    counter: "retainedBytes",
    act: (client) => client.publish("t/u", new Uint8Array(1_000), { retain: true }),
    bytes: 544 + 6 + 1_009 + 192,
  },
  "a message for a client": { counter: "messageBytes", act: queued, bytes: 384 + 2 + 5 + 128 },
};

for (const [what, { counter, act, bytes }] of Object.entries(ROWS)) {
  Deno.test(`bytes of memory that count: ${what}`, async () => {
    await using harness = await Harness.start();
    const client = await harness.connect({ clientId: "client", properties: { sessionExpiryInterval: 1_000 } });
    const before = harness.broker.info[counter];
    await act(client, harness);
    await harness.settle();
    assertEquals(harness.broker.info[counter] - before, bytes);
  });
}
