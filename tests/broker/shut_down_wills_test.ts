/** The end of the broker: wills are routed while there are still clients to read them, whatever hooks they have to pass. */
import { assert, assertEquals } from "@std/assert";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import type { MemoryListener } from "../../listeners/memory.ts";
import type { Hook } from "../../src/hook/hook.ts";
import { Harness } from "../helpers/harness.ts";
import { until } from "../helpers/until.ts";
import { hex } from "../packets/bytes.ts";

/** Answers a little later. */
function later<T>(value: T): Promise<T> {
  return new Promise((resolve) => setTimeout(resolve, 5, value));
}

const HOOKS: Record<string, Hook> = {
  "no hook": { id: "none" },
  "a hook that answers at once": { id: "sync", onWill: (_client, will) => ({ ...will, retain: true }) },
  "a hook that takes its time": { id: "slow", onWill: (_client, will) => later(will) },
  "rights that take their time": {
    id: "rights",
    onAclCheck: (client, _topic, access) => client.id === "dying" && access === "write" ? later(true) : undefined,
  },
  "a subscriber choice that takes its time": {
    id: "choice",
    onSelectSubscribers: (_message, matched) => later(matched),
  },
};

for (const [name, hook] of Object.entries(HOOKS)) {
  Deno.test(`[v5 MQTT-3.1.2-8] a will reaches those who are connected when the broker stops: ${name}`, async () => {
    await using harness = await Harness.start({ hooks: [hook, allowAll()] });
    const watching = await harness.connect("watching");
    await harness.connect({ clientId: "dying", will: { topic: "will" } });
    await watching.subscribe("will");
    await harness.close();
    await watching.expectMessage("will", "gone");
    await watching.expectDisconnect(0x8b);
  });

  Deno.test(`[v5 MQTT-3.1.2-8] a will that is on its way when the broker stops arrives: ${name}`, async () => {
    await using harness = await Harness.start({ hooks: [hook, allowAll()] });
    const watching = await harness.connect("watching");
    const dying = await harness.connect({ clientId: "dying", will: { topic: "will" } });
    await watching.subscribe("will");
    await dying.cut();
    await harness.close();
    await watching.expectMessage("will", "gone");
    await watching.expectDisconnect(0x8b);
  });
}

Deno.test("[v5 MQTT-3.1.3-9] a session that ends with the broker does not wait for the delay of its will", async () => {
  await using harness = await Harness.start();
  const watching = await harness.connect("watching");
  await watching.subscribe("will/#");
  const properties = { willDelayInterval: 100 };
  await harness.connect({ clientId: "ends", will: { topic: "will/ends", properties } });
  const lasting = { sessionExpiryInterval: 1_000 };
  await harness.connect({ clientId: "stays", will: { topic: "will/stays", properties }, properties: lasting });
  await harness.close();
  await watching.expectMessage("will/ends", "gone");
  await watching.expectDisconnect(0x8b);
});

Deno.test("a hook that never answers holds the end of the broker up for the time that there is", async () => {
  const silent: Hook = { id: "silent", onWill: () => new Promise(() => {}) };
  await using harness = await Harness.start({ hooks: [silent, allowAll()], hookTimeout: 60_000, closeTimeout: 3 });
  const watching = await harness.connect("watching");
  await harness.connect({ clientId: "dying", will: { topic: "will" } });
  const began = harness.clock.now();
  await harness.close();
  await watching.expectDisconnect(0x8b);
  const passed = harness.clock.now() - began;
  assert(passed >= 2_000 && passed < 3_000, `${passed} ms`);
});

Deno.test("nothing is asked or routed any more once the broker has stopped", async () => {
  const calls: string[] = [];
  let answer = () => {};
  const silent: Hook = {
    id: "silent",
    onWill: () => new Promise((resolve) => answer = () => resolve(undefined)),
    onWillSent: () => void calls.push("sent"),
    onWillDropped: () => void calls.push("dropped"),
  };
  await using harness = await Harness.start({ hooks: [silent, allowAll()], hookTimeout: 60_000, closeTimeout: 1 });
  await harness.connect({ clientId: "dying", will: { topic: "will" } });
  await harness.close();
  answer();
  await later(undefined);
  assertEquals(calls, []);
});

Deno.test("each part of the end leaves time for those behind it, whatever holds it up", async () => {
  const calls: string[] = [], never = () => new Promise<never>(() => {});
  const silent: Hook = { id: "silent", onWill: never, stop: () => void calls.push("hook stopped") };
  await using harness = await Harness.start({ hooks: [silent, allowAll()], hookTimeout: 60_000, closeTimeout: 1 });
  await harness.broker.addListener({ id: "stuck", protocol: "test", address: "", listen() {}, close: never });
  const watching = await harness.connect("watching");
  await harness.connect({ clientId: "dying", will: { topic: "will" } });
  const memory = harness.broker.listeners.get("memory") as MemoryListener;
  for (const id of ["a", "b", "c"]) {
    const reader = memory.connect({ capacity: 8 }), connect = hex(`10 0E 00 04 'MQTT' 05 02 00 00 00 00 01 '${id}'`);
    for (let rest = connect; rest.length > 0;) rest = rest.subarray(await reader.write(rest));
  }
  await harness.settle();
  assertEquals(harness.broker.info.clientsConnected, 5);
  const began = harness.clock.now();
  await harness.close();
  await watching.expectDisconnect(0x8b);
  const passed = harness.clock.now() - began;
  assert(passed < 1_000, `${passed} ms`);
  assertEquals(calls, ["hook stopped"]);
});

for (const qos of [0, 1, 2] as const) {
  Deno.test(`[v5 MQTT-3.1.2-8] who publishes at QoS ${qos} while the broker stops gets the wills of others, and no acknowledgement`, async () => {
    const gate = Promise.withResolvers<void>(), asked = Promise.withResolvers<void>();
    const slow: Hook = { id: "slow", onWill: (_client, will) => (asked.resolve(), gate.promise.then(() => will)) };
    await using harness = await Harness.start({ hooks: [slow, allowAll()] });
    const watching = await harness.connect("watching"), publisher = await harness.connect("publisher");
    await watching.subscribe("#", { qos: 1 });
    await publisher.subscribe("will", { qos: 1 });
    await harness.connect({ clientId: "dying", will: { topic: "will" } });
    const received = harness.broker.info.messagesReceived, closed = harness.close();
    await asked.promise;
    await publisher.sendPublish("t", "x", { qos });
    await until(() => harness.broker.info.messagesReceived > received);
    gate.resolve();
    await closed;
    for (const client of [watching, publisher]) {
      await client.expectMessage("will", "gone");
      await client.expectDisconnect(0x8b);
    }
  });
}
