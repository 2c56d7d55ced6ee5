import { assert, assertEquals } from "@std/assert";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import type { Hook } from "../../src/hook/hook.ts";
import { VERSION } from "../../src/broker/core/version.ts";
import { Harness } from "../helpers/harness.ts";

/** Names below `$SYS/broker/` that the Go broker uses, and this broker's own. */
const TOPICS = [
  ...["version", "time", "uptime", "started", "load/bytes/received", "load/bytes/sent", "clients/connected"],
  ...["clients/disconnected", "clients/maximum", "clients/total", "packets/received", "packets/sent"],
  ...["messages/received", "messages/sent", "messages/dropped", "messages/inflight", "retained", "subscriptions"],
  ...["system/memory", "system/threads", "messages/inflight_dropped", "retained/bytes", "connections/accepted"],
  ...["hooks/errors", "system/heap", "memory/messages", "memory/sessions", "memory/subscriptions", "memory/wills"],
  "memory/short",
];

const INTERVAL = { sysTopicResendInterval: 10 };

/** The values that are retained now. */
function values(harness: Harness): Map<string, string> {
  const retained = [...harness.broker.topics.retained("$SYS/#")];
  return new Map(retained.map(({ topic, payload }) => [topic.slice(12), new TextDecoder().decode(payload)]));
}

Deno.test("every topic is there from the start", async () => {
  await using harness = await Harness.start(INTERVAL);
  assertEquals([...values(harness).keys()].sort(), TOPICS.toSorted());
  assertEquals(values(harness).get("version"), VERSION);
});

Deno.test("counters tell what happens, at the interval", async () => {
  await using harness = await Harness.start(INTERVAL);
  const client = await harness.connect("a");
  await (await harness.connect({ clientId: "away", properties: { sessionExpiryInterval: 100 } })).disconnect();
  await client.subscribe("t", { qos: 1 });
  await client.sendPublish("t", "x", { qos: 1, retain: true });
  await client.expectMessage("t", "x");
  assertEquals(values(harness).get("clients/connected"), "0");
  await harness.advance(9_999);
  assertEquals(values(harness).get("clients/connected"), "0");
  await harness.clock.advance(1);
  const expected = {
    ...{ uptime: "10", "clients/connected": "1", "clients/disconnected": "1", "clients/total": "2" },
    ...{ "clients/maximum": "2", subscriptions: "1", "messages/received": "1", "messages/sent": "1" },
    ...{ "messages/inflight": "1", "messages/dropped": "0", "connections/accepted": "2" },
  };
  const found = values(harness);
  assertEquals(Object.fromEntries(Object.keys(expected).map((name) => [name, found.get(name)])), expected);
  assertEquals(found.get("retained"), String(TOPICS.length + 1));
  assert(Number(found.get("load/bytes/received")) > 20 && Number(found.get("load/bytes/sent")) > 20);
  assert(Number(found.get("system/memory")) > 1_000_000);
  assert(Number(found.get("memory/messages")) > 500 && Number(found.get("memory/sessions")) > 2_000);
  assertEquals([found.get("memory/subscriptions"), found.get("memory/wills"), found.get("memory/short")], [
    "514",
    "0",
    "0",
  ]);
});

Deno.test("subscribers get what is retained, and then changes", async () => {
  await using harness = await Harness.start(INTERVAL);
  const client = await harness.connect("a");
  await client.subscribe("$SYS/broker/uptime");
  await client.expectMessage("$SYS/broker/uptime", "0", { retain: true });
  await harness.advance(10_000);
  await client.expectMessage("$SYS/broker/uptime", "10", { retain: false });
  await client.subscribe("#", { retainHandling: 2 });
  await harness.advance(10_000);
  await client.expectMessage("$SYS/broker/uptime", "20");
  await client.expectNothing();
});

Deno.test("0 turns them off", async () => {
  await using harness = await Harness.start({ sysTopicResendInterval: 0 });
  await harness.advance(100_000);
  assertEquals(values(harness).size, 0);
});

Deno.test("a hook may change what is told", async () => {
  const hook: Hook = {
    id: "change",
    onSysInfoTick: (info) => void (info.clientsConnected = 4_711, info.version = "secret"),
  };
  await using harness = await Harness.start({ ...INTERVAL, hooks: [hook, allowAll()] });
  assertEquals([values(harness).get("clients/connected"), values(harness).get("version")], ["4711", "secret"]);
});

Deno.test("no hook that fails and no limit of retained messages stops them", async () => {
  const hook: Hook = {
    id: "bad",
    onSysInfoTick() {
      throw new Error("broken");
    },
    onSelectSubscribers() {
      throw new Error("broken");
    },
  };
  const limits = { capabilities: { maximumRetainedMessages: 0, maximumRetainedBytes: 0 } };
  await using harness = await Harness.start({
    ...INTERVAL,
    ...limits,
    hooks: [hook, allowAll()],
    errorsExpected: true,
  });
  await harness.advance(20_000);
  assertEquals(values(harness).get("uptime"), "20");
});

Deno.test("storage does not hear of them", async () => {
  const topics: string[] = [];
  const store: Hook = { id: "store", durable: true, onRetainMessage: (_client, { topic }) => void topics.push(topic) };
  await using harness = await Harness.start({ ...INTERVAL, hooks: [store, allowAll()] });
  await harness.broker.publish("t", "x", { retain: true });
  await harness.advance(20_000);
  assertEquals(topics, ["t"]);
});
