import { assertEquals } from "@std/assert";
import { Harness, PacketType, type RawClient } from "../../helpers/harness.ts";
import { denying } from "./hooks.ts";
import { expectDisconnects } from "./reactions.ts";

Deno.test("[v5 MQTT-3.3.4-1] each QoS has its own answer", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect();
  await client.send("30 05 00 01 't' 00 'x'");
  await client.expectNothing();
  await client.send("32 07 00 01 't' 00 01 00 'x'");
  await client.expect("40 03 00 01 10");
  await client.send("34 07 00 01 't' 00 02 00 'x'");
  await client.expect("50 03 00 02 10");
});

Deno.test("[v5 NOTE-45] a message that nobody gets is acknowledged with 0x10, any other with 0x00", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect();
  const codes = async () => [await client.publish("t", "x", { qos: 1 }), await client.publish("t", "x", { qos: 2 })];
  assertEquals(await codes(), [0x10, 0x10]);
  await (await harness.connect("other")).subscribe("t");
  assertEquals(await codes(), [0, 0]);
  await (await harness.connect("other")).subscribe("$share/g/t");
  assertEquals(await codes(), [0, 0]);
});

Deno.test("[v5 MQTT-3.3.4-2] [v5 MQTT-3.3.4-4] overlapping subscriptions: one copy at the highest QoS with all identifiers", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect();
  await client.subscribe("a/#", { qos: 0, identifier: 1 });
  await client.subscribe("a/b", { qos: 2, identifier: 2 });
  await client.subscribe("a/+", { qos: 1, identifier: 1 });
  await client.subscribe("+/b", { qos: 1 });
  await harness.broker.publish("a/b", "x", { qos: 2 });
  const { properties } = await client.expectMessage("a/b", "x", { qos: 2 });
  assertEquals(properties!.subscriptionIdentifiers!.toSorted(), [1, 1, 2]);
  await client.expectNothing();
});

Deno.test("[v5 MQTT-3.3.4-2] one copy for overlapping subscriptions has RETAIN as one of them wants it", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect(), other = await harness.connect("other");
  await client.subscribe("a/#", { retainAsPublished: true });
  await client.subscribe("a/b");
  await other.publish("a/b", "x", { retain: true });
  await client.expectMessage("a/b", "x", { retain: true });
  await client.expectNothing();
});

Deno.test("[v5 MQTT-3.3.4-3] the identifier of the subscription comes with the message", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect();
  await client.send("82 09 00 01 02 0B 05 00 01 't' 00");
  await client.expect("90 04 00 01 00 00");
  await client.sendPublish("t", "x");
  await client.expect("30 07 00 01 't' 02 0B 05 'x'");
  await client.send("82 07 00 01 00 00 01 'q' 00");
  await client.expect("90 04 00 01 00 00");
  await client.sendPublish("q", "x");
  await client.expect("30 05 00 01 'q' 00 'x'");
});

Deno.test("[v5 MQTT-3.3.4-5] a copy for a shared subscription has the identifier of that subscription", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect();
  await client.subscribe("t", { identifier: 1 });
  await client.subscribe("$share/g/t", { identifier: 2 });
  await client.sendPublish("t", "x");
  const copies = [await client.next(), await client.next()];
  assertEquals(copies.map(({ properties }) => properties!.subscriptionIdentifiers), [[1], [2]]);
  await client.expectNothing();
});

Deno.test("[v5 MQTT-3.3.4-3] retained and queued messages come with their identifiers", async () => {
  await using harness = await Harness.start();
  const stored = { cleanStart: false, properties: { sessionExpiryInterval: 60 } };
  const client = await harness.connect(stored);
  await client.publish("t/1", "kept", { qos: 1, retain: true });
  await client.subscribe("t/#", { qos: 1, identifier: 9 });
  const { packetId } = await client.expectMessage("t/1", "kept", { properties: { subscriptionIdentifiers: [9] } });
  await client.ack(PacketType.PUBACK, packetId!);
  await client.cut();
  await harness.broker.publish("t/2", "queued", { qos: 1 });
  const back = await harness.connect(stored);
  await back.expectMessage("t/2", "queued", { properties: { subscriptionIdentifiers: [9] } });
});

Deno.test("[v5 MQTT-3.3.4-6] a client sends no Subscription Identifier", async () => {
  await using harness = await Harness.start();
  const watcher = await harness.connect("watcher");
  await watcher.subscribe("#");
  await expectDisconnects(harness, 0x82, ["30 07 00 01 74 02 0B 01 78"]);
  await watcher.expectNothing();
});

Deno.test("[v5 MQTT-3.3.4-7] more open messages than the broker's Receive Maximum end the connection", async () => {
  await using harness = await Harness.start({ capabilities: { receiveMaximum: 2 } });
  const client = await harness.connect();
  assertEquals(client.connack!.properties!.receiveMaximum, 2);
  for (const packetId of [1, 2]) {
    await client.sendPublish("t", "x", { qos: 2, packetId });
    await client.expect({ type: PacketType.PUBREC, packetId });
  }
  await client.sendPublish("t", "x", { qos: 2, packetId: 3 });
  await client.expectDisconnect(0x93);
});

Deno.test("[v5 MQTT-3.3.4-7] PUBACK, PUBCOMP and a refusing PUBREC give the place back", async () => {
  await using harness = await Harness.start({ hooks: [denying("write")], capabilities: { receiveMaximum: 2 } });
  const client = await harness.connect();
  await client.sendPublish("t", "x", { qos: 2, packetId: 9 });
  await client.expect({ type: PacketType.PUBREC, packetId: 9 });
  for (let time = 0; time < 3; time++) {
    await client.publish("t", "x", { qos: 1 });
    await client.publish("t", "x", { qos: 2 });
    await client.publish("denied", "x", { qos: 1 });
    await client.publish("denied", "x", { qos: 2 });
  }
  await client.sendPublish("t", "x", { qos: 2, packetId: 9, dup: true }); // counts once
  await client.expect({ type: PacketType.PUBREC, packetId: 9 });
  await client.sendPublish("t", "x", { qos: 2, packetId: 10 });
  await client.expect({ type: PacketType.PUBREC, packetId: 10 });
  await client.sendPublish("t", "x", { qos: 1, packetId: 11 });
  await client.expectDisconnect(0x93);
});

async function subscribed(harness: Harness, receiveMaximum: number): Promise<RawClient> {
  const client = await harness.connect({ properties: { receiveMaximum } });
  await client.subscribe("t/1", { qos: 1 });
  await client.subscribe("t/2", { qos: 2 });
  await client.subscribe("t/0");
  return client;
}

Deno.test("[v5 MQTT-3.3.4-9] [v5 MQTT-4.9.0-1] [v5 MQTT-4.9.0-2] no more open messages than the client's Receive Maximum", async () => {
  await using harness = await Harness.start();
  for (const receiveMaximum of [1, 2]) {
    const client = await subscribed(harness, receiveMaximum);
    for (let number = 1; number <= 5; number++) await harness.broker.publish("t/1", `${number}`, { qos: 1 });
    const open: number[] = [];
    for (let number = 1; number <= 5; number++) {
      if (number > receiveMaximum) {
        await client.expectNothing();
        await client.ack(PacketType.PUBACK, open.shift()!);
      }
      open.push((await client.expectMessage("t/1", `${number}`)).packetId!);
    }
  }
});

Deno.test("[v5 MQTT-3.3.4-9] [v5 NOTE-48] at QoS 2 PUBCOMP gives the place back, or a refusing PUBREC", async () => {
  await using harness = await Harness.start();
  const client = await subscribed(harness, 1);
  for (const payload of ["1", "2", "3"]) await harness.broker.publish("t/2", payload, { qos: 2 });
  const first = (await client.expectMessage("t/2", "1")).packetId!;
  await client.ack(PacketType.PUBREC, first);
  await client.expect({ type: PacketType.PUBREL, packetId: first });
  await client.expectNothing();
  await client.ack(PacketType.PUBCOMP, first);
  const second = (await client.expectMessage("t/2", "2")).packetId!;
  await client.expectNothing();
  await client.ack(PacketType.PUBREC, second, 0x87);
  await client.expectMessage("t/2", "3");
  await client.expectNothing();
});

Deno.test("[v5 NOTE-48] acknowledgements that nobody waits for give no place", async () => {
  await using harness = await Harness.start();
  const client = await subscribed(harness, 2);
  for (const bytes of ["40 02 00 63", "70 02 00 63", "50 03 00 63 80", "40 02 00 63"]) await client.send(bytes);
  for (const payload of ["1", "2", "3"]) await harness.broker.publish("t/1", payload, { qos: 1 });
  const { packetId } = await client.expectMessage("t/1", "1");
  await client.expectMessage("t/1", "2");
  await client.expectNothing();
  await client.ack(PacketType.PUBACK, packetId!);
  await client.ack(PacketType.PUBACK, packetId!);
  await client.expectMessage("t/1", "3");
  await client.expectNothing();
});

Deno.test("[v5 NOTE-48] a new connection begins with a whole quota, and resent exchanges count", async () => {
  await using harness = await Harness.start();
  const stored = (receiveMaximum: number) => ({
    cleanStart: false,
    properties: { sessionExpiryInterval: 60, receiveMaximum },
  });
  const first = await harness.connect(stored(3));
  await first.subscribe("t", { qos: 2 });
  for (const payload of ["1", "2", "3", "4", "5"]) await harness.broker.publish("t", payload, { qos: 2 });
  const ids: number[] = [];
  for (const payload of ["1", "2", "3"]) ids.push((await first.expectMessage("t", payload)).packetId!);
  await first.ack(PacketType.PUBREC, ids[0]);
  await first.expect({ type: PacketType.PUBREL, packetId: ids[0] });
  await first.cut();
  const second = await harness.connect(stored(2)); // its inbox counts what is open
  await second.expect({ type: PacketType.PUBREL, packetId: ids[0] });
  await second.expectMessage("t", "2", { dup: true });
  await second.expectNothing();
  await second.ack(PacketType.PUBCOMP, ids[0]);
  await second.expectMessage("t", "3", { dup: true });
  await second.expectNothing();
  await second.ack(PacketType.PUBREC, ids[1], 0x80);
  await second.expectMessage("t", "4", { dup: false });
  await second.expectNothing();
});

Deno.test("[v5 MQTT-3.3.4-10] [v5 MQTT-4.9.0-2] [v5 MQTT-4.9.0-3] a used-up quota holds back nothing but messages of QoS 1 and 2", async () => {
  await using harness = await Harness.start();
  const client = await subscribed(harness, 1);
  for (const payload of ["1", "2"]) await harness.broker.publish("t/1", payload, { qos: 1 });
  const { packetId } = await client.expectMessage("t/1", "1");
  await client.send("C0 00");
  await client.expect("D0 00");
  await client.subscribe("q", { qos: 2 });
  await client.unsubscribe("q");
  await client.publish("q", "x", { qos: 1 });
  await client.publish("q", "x", { qos: 2 });
  await client.publish("t/0", "at most once", { qos: 0 }).catch(() => {});
  await client.expectMessage("t/0", "at most once");
  await client.expectNothing();
  await client.ack(PacketType.PUBACK, packetId!);
  await client.expectMessage("t/1", "2");
});

Deno.test("[v5 NOTE-46] [v5 NOTE-61] a denied message is refused before it is taken over, and goes nowhere", async () => {
  await using harness = await Harness.start({ hooks: [denying("write")] });
  const watcher = await harness.connect("watcher"), client = await harness.connect();
  await watcher.subscribe("#");
  await client.send("32 0D 00 07 'denied/' 00 01 00 'x'");
  await client.expect("40 .. 00 01 87 *");
  await client.send("35 0D 00 07 'denied/' 00 02 00 'x'");
  await client.expect("50 .. 00 02 87 *");
  await client.send("62 02 00 02");
  await client.expect("70 03 00 02 92");
  await client.publish("denied/", "x", { qos: 0, retain: true });
  await watcher.expectNothing();
  assertEquals(harness.broker.info.retained, 0);
  await client.sendPublish("allowed", "x", { qos: 2, packetId: 2 });
  await client.expect("50 02 00 02");
  await harness.broker.removeHook("denying"); // from now on nothing is allowed
  await client.send("62 02 00 02");
  await client.expect("70 02 00 02");
});

Deno.test("[v5 NOTE-46] a publisher may be told no more than that something went wrong", async () => {
  await using harness = await Harness.start({
    hooks: [denying("write", "read")],
    compatibilities: { obscureNotAuthorized: true },
  });
  const client = await harness.connect();
  assertEquals(await client.publish("denied", "x", { qos: 1 }), 0x80);
  assertEquals(await client.publish("denied", "x", { qos: 2 }), 0x80);
  assertEquals(await client.subscribe("denied"), 0x80);
});

Deno.test("[v5 NOTE-42] clients do not publish below $SYS, other topics with a dollar sign are for rules", async () => {
  await using harness = await Harness.start({ hooks: [denying()] });
  const watcher = await harness.connect("watcher"), client = await harness.connect();
  await watcher.subscribe("$SYS/#");
  await watcher.subscribe("$other/#");
  assertEquals(await client.publish("$SYS/x", "x", { qos: 1 }), 0x87);
  assertEquals(await client.publish("$SYS/x", "x", { qos: 2 }), 0x87);
  await client.publish("$SYS/x", "x");
  await watcher.expectNothing();
  await client.publish("$other/x", "x");
  await watcher.expectMessage("$other/x", "x");
  await using closed = await Harness.start();
  assertEquals(await (await closed.connect()).publish("$other/x", "x", { qos: 1 }), 0x87);
});

Deno.test("[v5 NOTE-57] messages lose their properties on the way to an older client, and have none on the way back", async () => {
  await using harness = await Harness.start();
  const old = await harness.connect({ clientId: "old", protocolVersion: 4 }), client = await harness.connect();
  await old.subscribe("t", { qos: 2 });
  const properties = {
    contentType: "text",
    userProperties: [["n", "v"]] as [string, string][],
    messageExpiryInterval: 9,
  };
  for (const qos of [0, 1, 2] as const) {
    await client.publish("t", "x", { qos, retain: true, properties });
    await old.expect(qos === 0 ? "30 04 00 01 't' 'x'" : `3${qos * 2} 06 00 01 't' .. .. 'x'`);
  }
  await client.subscribe("q", { qos: 2 });
  await old.send("30 04 00 01 'q' 'x'");
  await client.expect("30 05 00 01 'q' 00 'x'");
  await old.send("32 06 00 01 'q' 00 01 'x'");
  await client.expect("32 07 00 01 'q' .. .. 00 'x'");
});
