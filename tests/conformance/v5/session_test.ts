import { assertEquals } from "@std/assert";
import { type ConnectOptions, Harness, PacketType } from "../../helpers/harness.ts";
import { connectBytes, expectAccepted } from "./reactions.ts";

function stored(expiry = 60, more: ConnectOptions = {}): ConnectOptions {
  return { clientId: "a", cleanStart: false, properties: { sessionExpiryInterval: expiry }, ...more };
}

Deno.test("[v5 MQTT-3.1.2-4] [v5 MQTT-3.2.2-2] Clean Start throws the stored session away", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect(stored());
  await client.subscribe("t", { qos: 1 });
  await client.disconnect();
  await harness.broker.publish("t", "queued", { qos: 1 });
  const again = await harness.connect(stored(60, { cleanStart: true }));
  assertEquals(again.connack!.sessionPresent, false);
  await harness.broker.publish("t", "later", { qos: 1 });
  await again.expectNothing();
});

Deno.test("[v5 MQTT-3.1.2-4] Clean Start throws open exchanges away", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect(stored());
  await client.subscribe("t", { qos: 2 });
  await harness.broker.publish("t", "open", { qos: 2 });
  await client.expectMessage("t", "open");
  await client.sendPublish("other", "x", { qos: 2, packetId: 7 });
  await client.expect({ type: PacketType.PUBREC, packetId: 7 });
  const again = await harness.connect(stored(60, { cleanStart: true }));
  await again.send("62 02 00 07");
  await again.expect("70 03 00 07 92");
  await again.expectNothing();
  assertEquals(harness.broker.info.inflight, 0);
});

Deno.test("[v5 MQTT-3.1.2-5] [v5 MQTT-3.1.2-23] [v5 MQTT-3.2.2-3] without Clean Start the stored session goes on", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect(stored());
  assertEquals(client.connack!.sessionPresent, false);
  await client.subscribe("t", { qos: 2 });
  await client.disconnect();
  for (const qos of [1, 2] as const) await harness.broker.publish("t", `queued ${qos}`, { qos });
  await harness.advance(59_999);
  const again = await harness.connect(stored());
  assertEquals([again.connack!.sessionPresent, again.connack!.reasonCode], [true, 0]);
  await again.expectMessage("t", "queued 1", { qos: 1, dup: false });
  await again.expectMessage("t", "queued 2", { qos: 2, dup: false });
  await harness.broker.publish("t", "live");
  await again.expectMessage("t", "live");
});

Deno.test("[v5 MQTT-3.1.2-5] a session goes on when its connection is taken over", async () => {
  await using harness = await Harness.start();
  const old = await harness.connect(stored());
  await old.subscribe("t", { qos: 1 });
  await harness.broker.publish("t", "open", { qos: 1 });
  const { packetId } = await old.expectMessage("t", "open");
  const now = await harness.connect(stored());
  await old.expectDisconnect(0x8e);
  assertEquals(now.connack!.sessionPresent, true);
  await now.expectMessage("t", "open", { dup: true, packetId });
});

Deno.test("[v5 MQTT-3.1.2-6] without a stored session a new one begins", async () => {
  await using harness = await Harness.start();
  await expectAccepted(harness, [connectBytes({ flags: "00" })]);
  const client = await harness.open();
  await client.send(connectBytes({ flags: "00", payload: "00 01 'b'" }));
  await client.expect("20 .. 00 00 *");
});

Deno.test("[v5 MQTT-4.1.0-2] [v5 MQTT-3.2.2-3] the session ends when its time has passed", async () => {
  await using harness = await Harness.start();
  for (const expiry of [0, 1, 3_000_000]) {
    const client = await harness.connect(stored(expiry, { cleanStart: true }));
    await client.subscribe("t");
    await client.cut();
    await harness.advance(expiry * 1000);
    assertEquals([harness.broker.clients.size, harness.broker.info.subscriptions], [0, 0]);
    const again = await harness.connect(stored(expiry));
    assertEquals(again.connack!.sessionPresent, false);
    await again.disconnect(0, { sessionExpiryInterval: 0 });
  }
});

Deno.test("[v5 MQTT-4.1.0-2] the time begins anew with each connection", async () => {
  await using harness = await Harness.start();
  for (let time = 0; time < 3; time++) {
    const client = await harness.connect(stored(10));
    assertEquals(client.connack!.sessionPresent, time > 0);
    await harness.advance(50_000);
    await client.cut();
    await harness.advance(9_999);
  }
  await harness.advance(1);
  assertEquals((await harness.connect(stored(10))).connack!.sessionPresent, false);
});

Deno.test("[v5 NOTE-12] without an interval the session ends with its connection, with the highest one it never ends", async () => {
  await using harness = await Harness.start();
  const brief = await harness.connect({ clientId: "brief", cleanStart: false });
  await brief.cut();
  assertEquals(harness.broker.clients.size, 0);
  for (const expiry of [0xffff_fffe, 0xffff_ffff]) {
    const eternal = await harness.connect(stored(expiry, { cleanStart: true }));
    assertEquals(eternal.connack!.properties!.sessionExpiryInterval, undefined);
    await eternal.cut();
    await harness.advance(365 * 86_400_000);
    assertEquals((await harness.connect(stored())).connack!.sessionPresent, true);
  }
});

Deno.test("[v5 NOTE-12] a lower interval of the server is told and counts", async () => {
  await using harness = await Harness.start({ capabilities: { maximumSessionExpiryInterval: 3_600 } });
  const client = await harness.connect(stored(0xffff_ffff));
  assertEquals(client.connack!.properties!.sessionExpiryInterval, 3_600);
  assertEquals((await harness.connect(stored(3_600))).connack!.properties!.sessionExpiryInterval, undefined);
  await harness.connect(stored(0xffff_ffff)).then((last) => last.cut());
  await harness.advance(3_600_000);
  assertEquals((await harness.connect(stored())).connack!.sessionPresent, false);
});

Deno.test("[v5 NOTE-13] DISCONNECT may change the interval", async () => {
  await using harness = await Harness.start({ capabilities: { maximumSessionExpiryInterval: 100 } });
  const shorter = await harness.connect(stored(60));
  await shorter.disconnect(0, { sessionExpiryInterval: 0 });
  assertEquals(harness.broker.clients.size, 0);
  const longer = await harness.connect(stored(1));
  await longer.disconnect(0, { sessionExpiryInterval: 1_000 });
  await harness.advance(99_999);
  assertEquals((await harness.connect(stored(0))).connack!.sessionPresent, true);
});

Deno.test("[v5 NOTE-13] DISCONNECT may not turn 0 into an interval", async () => {
  await using harness = await Harness.start();
  const watcher = await harness.connect("watcher");
  await watcher.subscribe("will");
  const client = await harness.connect({ will: {} });
  await client.send("E0 07 00 05 11 00 00 00 3C");
  await client.expectDisconnect(0x82);
  await watcher.expectMessage("will", "gone");
  assertEquals((await harness.connect(stored())).connack!.sessionPresent, false);
});

Deno.test("[v5 MQTT-4.1.0-1] nothing is thrown away while the connection is open", async () => {
  await using harness = await Harness.start();
  const watcher = await harness.connect("watcher");
  await watcher.subscribe("will");
  for (const expiry of [0, 1]) {
    const client = await harness.connect(stored(expiry, { will: {} }));
    await client.subscribe("t", { qos: 2 });
    await harness.broker.publish("t", "open", { qos: 2 });
    const { packetId } = await client.expectMessage("t", "open");
    await client.sendPublish("other", "x", { qos: 2, packetId: 9 });
    await client.expect({ type: PacketType.PUBREC, packetId: 9 });
    await harness.advance(100_000_000);
    await harness.broker.publish("t", "still subscribed");
    await client.expectMessage("t", "still subscribed");
    await client.ack(PacketType.PUBREC, packetId!);
    await client.expect({ type: PacketType.PUBREL, packetId });
    await client.ack(PacketType.PUBREL, 9);
    await client.expect("70 02 00 09");
    await watcher.expectNothing();
    await client.cut();
    await watcher.expectMessage("will", "gone");
  }
});

Deno.test("[v5 NOTE-58] what belongs to the session goes on, what belongs to the connection does not", async () => {
  await using harness = await Harness.start();
  const first = await harness.connect(
    stored(60, { keepAlive: 10, properties: { sessionExpiryInterval: 60, topicAliasMaximum: 5 } }),
  );
  await first.subscribe("t", { qos: 1, identifier: 7 });
  await harness.broker.publish("t", "open", { qos: 1 });
  await first.expectMessage("t", "open");
  await first.sendPublish("other", "x", { qos: 2, packetId: 9, properties: { topicAlias: 1 } });
  await first.expect({ type: PacketType.PUBREC, packetId: 9 });
  await first.cut();
  await harness.broker.publish("t", "queued", { qos: 1 });
  const second = await harness.connect(stored());
  const properties = { subscriptionIdentifiers: [7] };
  await second.expectMessage("t", "open", { dup: true, properties });
  await second.expectMessage("t", "queued", { dup: false, properties });
  await second.send("62 02 00 09");
  await second.expect("70 02 00 09");
  await harness.clock.advance(100_000);
  await second.expectNothing(); // no Keep Alive, no alias
  await second.send("30 07 00 00 03 23 00 01 'x'");
  await second.expectDisconnect(0x82);
});
