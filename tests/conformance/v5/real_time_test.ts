import { assert, assertEquals } from "@std/assert";
import { Harness } from "../../helpers/harness.ts";
import { overTcp } from "../../helpers/transports.ts";

/** Seconds from now on. */
function stopwatch(): () => number {
  const begun = performance.now();
  return () => (performance.now() - begun) / 1000;
}

async function expectKeepAliveTimeout(harness: Harness): Promise<void> {
  const client = await harness.connect({ clientId: "silent", keepAlive: 1 });
  const seconds = stopwatch();
  await client.expectDisconnect(0x8d);
  assert(seconds() >= 1.4 && seconds() < 2.5, `${seconds()} s`);
}

async function expectDelayedWill(harness: Harness): Promise<void> {
  const watcher = await harness.connect("watcher");
  await watcher.subscribe("will");
  const will = { properties: { willDelayInterval: 1 } };
  const client = await harness.connect({ clientId: "mortal", will, properties: { sessionExpiryInterval: 60 } });
  const seconds = stopwatch();
  await client.cut();
  await watcher.expectMessage("will", "gone");
  assert(seconds() >= 0.9 && seconds() < 2, `${seconds()} s`);
}

async function expectExpiry(harness: Harness): Promise<void> {
  const stored = { clientId: "brief", cleanStart: false, properties: { sessionExpiryInterval: 1 } };
  const client = await harness.connect(stored);
  await client.subscribe("t", { qos: 1 });
  await client.cut();
  await new Promise((resolve) => setTimeout(resolve, 500));
  const soon = await harness.connect(stored);
  assertEquals(soon.connack!.sessionPresent, true);
  await soon.cut();
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  assertEquals((await harness.connect(stored)).connack!.sessionPresent, false);
}

async function expectConnectTimeout(harness: Harness): Promise<void> {
  const silent = await harness.open();
  const seconds = stopwatch();
  await silent.expectClosed();
  assert(seconds() >= 0.9 && seconds() < 2, `${seconds()} s`);
}

Deno.test("[v5 MQTT-3.1.2-22] [v5 MQTT-3.1.2-8] [v5 MQTT-4.1.0-2] [v5 NOTE-35] Keep Alive, will delay, session expiry and CONNECT timeout in real time", async () => {
  const scenes = [expectKeepAliveTimeout, expectDelayedWill, expectExpiry, expectConnectTimeout];
  await Promise.all(scenes.map(async (scene) => {
    await using harness = await Harness.start({ realTime: true, connectTimeout: 1, transport: overTcp() });
    await scene(harness);
  }));
});
