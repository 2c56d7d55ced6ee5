import { assertEquals } from "@std/assert";
import type { Hook } from "../../../src/hook/hook.ts";
import { type ConnectOptions, Harness, PacketType, type RawClient } from "../../helpers/harness.ts";
import { denying, login } from "./hooks.ts";
import { connectBytes, expectDisconnects, expectRefusals } from "./reactions.ts";

interface Scene {
  readonly harness: Harness;
  readonly watcher: RawClient;
}

/** A broker and a subscriber of all wills. */
async function start(hooks?: Hook[]): Promise<Scene & AsyncDisposable> {
  const harness = await Harness.start({ hooks });
  const watcher = await harness.connect("watcher");
  await watcher.subscribe("will/#", { qos: 2, retainAsPublished: true });
  return { harness, watcher, [Symbol.asyncDispose]: () => harness[Symbol.asyncDispose]() };
}

/** A client with a will, for CONNECT. */
function mortal(delay = 0, expiry = 0, more: ConnectOptions = {}): ConnectOptions {
  const properties = { willDelayInterval: delay };
  return {
    clientId: "a",
    will: { topic: "will/a", properties },
    properties: { sessionExpiryInterval: expiry },
    ...more,
  };
}

Deno.test("[v5 MQTT-3.1.2-7] the will of an accepted CONNECT is kept until the connection is lost", async () => {
  await using scene = await start();
  const client = await scene.harness.connect(mortal());
  await scene.watcher.expectNothing();
  await client.cut();
  await scene.watcher.expectMessage("will/a", "gone");
});

Deno.test("[v5 MQTT-3.1.2-7] the will of a refused CONNECT is never published", async () => {
  let isFull = false;
  const durable: Hook = {
    id: "store",
    durable: true,
    onSessionEstablished: () => isFull ? Promise.reject(new Error("disk full")) : undefined,
  };
  await using harness = await Harness.start({ hooks: [login(), durable], errorsExpected: true });
  const watcher = await harness.connect("watcher");
  await watcher.subscribe("will/#");
  const client = await harness.open();
  await client.sendConnect(mortal(0, 0, { username: "user", password: "wrong" }));
  await client.expectRefusal(0x86);
  isFull = true;
  const unlucky = await harness.open();
  await unlucky.sendConnect(mortal(5, 10));
  await unlucky.expectRefusal(0x88);
  isFull = false;
  const narrow = await harness.open();
  await narrow.sendConnect(mortal(5, 10, { properties: { sessionExpiryInterval: 10, maximumPacketSize: 4 } }));
  await narrow.expectClosed(); // no CONNACK fits
  await harness.advance(20_000);
  await watcher.expectNothing();
});

Deno.test("[v5 MQTT-3.1.2-8] without delay the will follows the end of the connection at once", async () => {
  await using scene = await start();
  for (const expiry of [0, 60]) {
    const client = await scene.harness.connect(mortal(0, expiry));
    await client.cut();
    await scene.watcher.expectMessage("will/a", "gone");
  }
});

Deno.test("[v5 MQTT-3.1.2-8] the will waits for its delay", async () => {
  await using scene = await start();
  const client = await scene.harness.connect(mortal(5, 60));
  await client.cut();
  await scene.harness.advance(4_999);
  await scene.watcher.expectNothing();
  await scene.harness.advance(1);
  await scene.watcher.expectMessage("will/a", "gone");
  await scene.harness.advance(100_000);
  await scene.watcher.expectNothing();
});

Deno.test("[v5 MQTT-3.1.2-8] the will does not wait longer than the session lives", async () => {
  await using scene = await start();
  const short = await scene.harness.connect(mortal(60, 5));
  await short.cut();
  await scene.harness.advance(4_999);
  await scene.watcher.expectNothing();
  await scene.harness.advance(1);
  await scene.watcher.expectMessage("will/a", "gone");
  const none = await scene.harness.connect(mortal(60, 0));
  await none.cut();
  await scene.watcher.expectMessage("will/a", "gone");
});

Deno.test("[v5 MQTT-3.1.2-8] a keep alive timeout and an error publish the will too", async () => {
  await using scene = await start();
  const silent = await scene.harness.connect(mortal(0, 0, { keepAlive: 2 }));
  await scene.harness.advance(3_000);
  await silent.expectDisconnect(0x8d);
  await scene.watcher.expectMessage("will/a", "gone");
  await expectDisconnects(scene.harness, 0x81, ["C1 00"], mortal());
  await scene.watcher.expectMessage("will/a", "gone");
});

Deno.test("[v5 MQTT-3.1.2-10] [v5 MQTT-3.14.4-3] DISCONNECT 0x00 drops the will for good", async () => {
  await using scene = await start();
  for (const bytes of ["E0 00", "E0 01 00", "E0 02 00 00", "E0 07 00 05 11 00 00 00 01"]) {
    const client = await scene.harness.connect(mortal(1, 5));
    await client.send(bytes);
    await client.expectClosed();
    await scene.harness.advance(10_000);
    await scene.watcher.expectNothing();
  }
});

Deno.test("[v5 MQTT-3.1.2-10] a will that was published is not published again", async () => {
  await using scene = await start();
  const client = await scene.harness.connect(mortal(0, 60));
  await client.cut();
  await scene.watcher.expectMessage("will/a", "gone");
  const again = await scene.harness.connect({ clientId: "a", cleanStart: false });
  assertEquals(again.connack!.sessionPresent, true);
  await again.cut();
  await scene.harness.advance(100_000);
  await scene.watcher.expectNothing();
});

Deno.test("[v5 MQTT-3.14.4-3] [v5 NOTE-38] any other DISCONNECT leaves the will to be published", async () => {
  await using scene = await start();
  for (const bytes of ["E0 01 04", "E0 01 80", "E0 02 98 00", "E0 01 9B"]) {
    const client = await scene.harness.connect(mortal(2, 5));
    await client.send(bytes);
    await client.expectClosed();
    await scene.harness.advance(1_999);
    await scene.watcher.expectNothing();
    await scene.harness.advance(1);
    await scene.watcher.expectMessage("will/a", "gone");
  }
});

Deno.test("[v5 MQTT-3.1.2-14] without Will Retain the will is not retained", async () => {
  await using scene = await start();
  const client = await scene.harness.connect(mortal());
  await client.cut();
  await scene.watcher.expectMessage("will/a", "gone", { retain: false });
  const late = await scene.harness.connect("late");
  await late.subscribe("will/a");
  await late.expectNothing();
});

Deno.test("[v5 MQTT-3.1.2-15] with Will Retain the will is retained, and an empty one clears", async () => {
  await using scene = await start();
  const late = await scene.harness.connect("late");
  const first = await scene.harness.connect(mortal(0, 0, { will: { topic: "will/a", retain: true } }));
  await first.cut();
  await scene.watcher.expectMessage("will/a", "gone", { retain: true });
  await late.subscribe("will/a");
  await late.expectMessage("will/a", "gone", { retain: true });
  const second = await scene.harness.connect(mortal(0, 0, { will: { topic: "will/a", retain: true, payload: "" } }));
  await second.cut();
  await late.expectMessage("will/a", "", { retain: false });
  await late.subscribe("will/a");
  await late.expectNothing();
});

Deno.test("[v5 MQTT-3.1.3-9] a new connection within the delay keeps the will back", async () => {
  await using scene = await start();
  const client = await scene.harness.connect(mortal(5, 60));
  await client.cut();
  await scene.harness.advance(1_000);
  const again = await scene.harness.connect({ clientId: "a", cleanStart: false });
  assertEquals(again.connack!.sessionPresent, true);
  await scene.harness.advance(10_000);
  await scene.watcher.expectNothing();
});

Deno.test("[v5 NOTE-37] which takeover publishes the will of the old connection", async () => {
  await using scene = await start();
  const cases = [[0, 60, false, true], [10, 60, false, false], [10, 60, true, true], [10, 0, false, true]] as const;
  for (const [delay, expiry, cleanStart, published] of cases) {
    const old = await scene.harness.connect(mortal(delay, expiry));
    const now = await scene.harness.connect({ clientId: "a", cleanStart });
    await old.expectDisconnect(0x8e);
    if (published) await scene.watcher.expectMessage("will/a", "gone");
    await scene.harness.advance(20_000);
    await scene.watcher.expectNothing();
    await now.disconnect();
  }
});

Deno.test("[v5 NOTE-37] a delayed will is published when Clean Start ends the session of a client that is away", async () => {
  await using scene = await start();
  const client = await scene.harness.connect(mortal(10, 60));
  await client.cut();
  await scene.harness.connect("a");
  await scene.watcher.expectMessage("will/a", "gone");
});

Deno.test("[v5 MQTT-3.1.3-10] User Properties of the will keep their order", async () => {
  await using scene = await start();
  const userProperties: [string, string][] = [["b", "1"], ["a", "2"], ["b", "3"], ["", ""]];
  const client = await scene.harness.connect({ will: { topic: "will/a", properties: { userProperties } } });
  await client.cut();
  await scene.watcher.expectMessage("will/a", "gone", { properties: { userProperties } });
});

Deno.test("[v5 NOTE-15] [v5 MQTT-3.3.2-4] the will goes out with all its properties but the delay", async () => {
  await using scene = await start();
  const properties = {
    ...{ payloadFormatIndicator: 1, messageExpiryInterval: 90, contentType: "text", responseTopic: "r" },
    ...{ correlationData: Uint8Array.of(0, 255), userProperties: [["n", "v"]] as [string, string][] },
  };
  const client = await scene.harness.connect({
    will: { topic: "will/a", properties: { ...properties, willDelayInterval: 0 } },
  });
  await client.cut();
  await scene.watcher.expectMessage("will/a", "gone", { properties });
  const will = (bytes: string) => connectBytes({ flags: "06", payload: `00 01 'a' ${bytes} 00 01 'w' 00 01 'x'` });
  await expectRefusals(scene.harness, 0x81, [will("03 23 00 01"), will("05 11 00 00 00 01"), will("02 0B 01")]);
  await expectRefusals(scene.harness, 0x82, [will("04 01 01 01 01"), will("0A 18 00 00 00 01 18 00 00 00 01")]);
});

Deno.test("[v5 MQTT-3.1.3-11] [v5 MQTT-4.7.0-1] the topic of a will is text without wildcards", async () => {
  await using harness = await Harness.start();
  const will = (topic: string) => connectBytes({ flags: "06", payload: `00 01 'a' 00 ${topic} 00 01 'x'` });
  await expectRefusals(harness, 0x81, [will("00 01 FF"), will("00 02 'a' 00")]);
  await expectRefusals(harness, 0x90, [will("00 03 'a/#'"), will("00 01 '+'")]);
  await expectRefusals(harness, 0x82, [will("00 00")]);
});

Deno.test("[v5 NOTE-39] an administrator and the end of the broker publish wills", async () => {
  await using scene = await start();
  const client = await scene.harness.connect(mortal());
  scene.harness.broker.clients.disconnect("a");
  await client.expectDisconnect(0x98);
  await scene.watcher.expectMessage("will/a", "gone");
  const other = await scene.harness.connect(mortal());
  await scene.harness.close();
  await other.expectDisconnect(0x8b);
  await scene.watcher.expectMessage("will/a", "gone");
  await scene.watcher.expectDisconnect(0x8b);
});

Deno.test("[v5 NOTE-40] a will that the client may not publish is refused at CONNECT", async () => {
  await using harness = await Harness.start({ hooks: [denying("write")] });
  const client = await harness.open();
  await client.sendConnect({ will: { topic: "denied/a" } });
  await client.expectRefusal(0x87);
  await harness.connect({ will: { topic: "allowed/a" } });
});

Deno.test("[v5 NOTE-40] a right that was taken away since CONNECT keeps the will back", async () => {
  const rights = denying("write");
  await using scene = await start([rights]);
  const client = await scene.harness.connect(mortal());
  await scene.harness.broker.removeHook(rights.id);
  await client.cut();
  await scene.harness.broker.addHook(denying());
  await scene.watcher.expectNothing();
});

Deno.test("[v5 MQTT-3.1.2-7] an open exchange is not needed: the will is a message of its own", async () => {
  await using scene = await start();
  const client = await scene.harness.connect({ clientId: "a", will: { topic: "will/a", qos: 2 } });
  await client.cut();
  const { packetId } = await scene.watcher.expectMessage("will/a", "gone", { qos: 2 });
  await scene.watcher.ack(PacketType.PUBREC, packetId!);
  await scene.watcher.expect({ type: PacketType.PUBREL, packetId });
});
