import { assertEquals } from "@std/assert";
import { Harness, PacketType } from "../../helpers/harness.ts";
import { denying } from "./hooks.ts";
import { expectDisconnects, packet } from "./reactions.ts";

const stored = { cleanStart: false, properties: { sessionExpiryInterval: 60 } };

Deno.test("[v5 MQTT-3.8.1-1] SUBSCRIBE has the flags 0010", async () => {
  await using harness = await Harness.start();
  await expectDisconnects(harness, 0x81, ["80 07 12 34 00 00 01 70 00", "8A 07 12 34 00 00 01 70 00"]);
});

Deno.test("[v5 MQTT-3.8.3-1] filters are text", async () => {
  await using harness = await Harness.start();
  await expectDisconnects(harness, 0x81, ["82 07 12 34 00 00 01 FF 00", "82 0A 12 34 00 00 04 'a/' C0 80 00"]);
});

Deno.test("[v5 MQTT-3.8.3-2] SUBSCRIBE has at least one filter", async () => {
  await using harness = await Harness.start();
  await expectDisconnects(harness, 0x82, ["82 03 12 34 00"]);
});

Deno.test("[v5 MQTT-3.8.3-3] with No Local a client does not get its own messages, from others it does", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect(stored), other = await harness.connect("other");
  await client.send("82 07 00 01 00 00 01 't' 05");
  await client.expect("90 04 00 01 00 01");
  for (const qos of [0, 1, 2] as const) await client.publish("t", "own", { qos, retain: true });
  await client.expectNothing();
  await other.publish("t", "foreign", { qos: 1 });
  await client.expectMessage("t", "foreign");
  await client.subscribe("t", { qos: 1, noLocal: true }); // its own retained message is no other than a live one
  await client.expectNothing();
});

Deno.test("[v5 MQTT-3.8.3-3] No Local still holds after a new connection", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect({ ...stored, properties: { sessionExpiryInterval: 60, receiveMaximum: 1 } });
  const other = await harness.connect("other");
  await client.subscribe("t", { qos: 1, noLocal: true });
  await other.publish("t", "foreign 1", { qos: 1 });
  await client.expectMessage("t", "foreign 1");
  await client.publish("t", "own", { qos: 1 });
  await other.publish("t", "foreign 2", { qos: 1 });
  const again = await harness.connect(stored);
  await again.expectMessage("t", "foreign 1", { dup: true });
  await again.expectMessage("t", "foreign 2");
  await again.publish("t", "own", { qos: 1 });
  await again.expectNothing();
});

Deno.test("[v5 MQTT-3.8.3-3] a message of its own comes through the overlapping subscriptions that want it", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect();
  await client.subscribe("t/#", { qos: 2, noLocal: true, identifier: 1 });
  await client.subscribe("t/+", { qos: 1, identifier: 2 });
  await client.sendPublish("t/1", "x", { qos: 2, packetId: 5 });
  await client.expectMessage("t/1", "x", { qos: 1, properties: { subscriptionIdentifiers: [2] } });
  await client.expect({ type: PacketType.PUBREC, packetId: 5 });
  await client.expectNothing();
});

Deno.test("[v5 MQTT-3.8.3-4] No Local is not for shared subscriptions", async () => {
  await using harness = await Harness.start();
  await expectDisconnects(harness, 0x82, ["82 10 12 34 00 00 0A 24 73 68 61 72 65 2F 70 2F 70 04"]);
  const both = packet(0x82, "00 01 00 00 01 't' 00 00 0A '$share/g/t' 04");
  await expectDisconnects(harness, 0x82, [both], stored);
  assertEquals(harness.broker.info.subscriptions, 0); // nothing of it counts
});

Deno.test("[v5 MQTT-3.8.3-5] reserved bits of the options are 0", async () => {
  await using harness = await Harness.start();
  await expectDisconnects(harness, 0x81, [
    "82 07 12 34 00 00 01 70 40",
    "82 07 12 34 00 00 01 70 80",
    "82 07 12 34 00 00 01 70 C0",
  ]);
});

Deno.test("[v5 NOTE-28] QoS 3 and Retain Handling 3 are protocol errors", async () => {
  await using harness = await Harness.start();
  await expectDisconnects(harness, 0x82, ["82 07 12 34 00 00 01 70 03", "82 07 12 34 00 00 01 70 30"]);
});

Deno.test("[v5 NOTE-5] a Subscription Identifier is 1 or more, once, and for all filters of its packet", async () => {
  await using harness = await Harness.start();
  await expectDisconnects(harness, 0x82, [
    "82 09 00 01 02 0B 00 00 01 70 00",
    "82 0B 00 01 04 0B 01 0B 02 00 01 70 00",
  ]);
  const client = await harness.connect();
  await client.send(packet(0x82, "00 01 02 0B 05 00 01 'p' 00 00 01 'q' 00"));
  await client.expect("90 05 00 01 00 00 00");
  for (const topic of ["p", "q"]) {
    await client.sendPublish(topic, "x");
    await client.expectMessage(topic, "x", { properties: { subscriptionIdentifiers: [5] } });
  }
  await client.subscribe("p");
  await client.sendPublish("p", "x");
  await client.expectMessage("p", "x", { properties: {} });
});

Deno.test("[v5 NOTE-4] [v5 NOTE-19] properties that do not belong into SUBSCRIBE and UNSUBSCRIBE are malformed", async () => {
  await using harness = await Harness.start();
  await expectDisconnects(harness, 0x81, [
    "82 0A 00 01 03 23 00 01 00 01 70 00",
    packet(0x82, "00 01 04 1F 00 01 'r' 00 01 'p' 00"),
    packet(0x82, "00 01 02 7F 01 00 01 'p' 00"),
    packet(0xa2, "00 01 02 0B 01 00 01 'p'"),
    packet(0xa2, "00 01 04 1F 00 01 'r' 00 01 'p'"),
  ]);
  const client = await harness.connect();
  const twice = "0E 26 00 01 'n' 00 01 'v' 26 00 01 'n' 00 01 'v'";
  await client.send(packet(0x82, `00 01 ${twice} 00 01 'p' 00`), packet(0xa2, `00 02 ${twice} 00 01 'p'`));
  await client.expect("90 04 00 01 00 00");
  await client.expect("B0 04 00 02 00 00");
});

Deno.test("[v5 MQTT-3.8.4-1] [v5 NOTE-56] every SUBSCRIBE is answered, and a refusal leaves the connection open", async () => {
  await using harness = await Harness.start({ hooks: [denying("read")], capabilities: { maximumTopicLevels: 2 } });
  const client = await harness.connect();
  await client.send(packet(0x82, "00 07 00 00 06 'denied' 00 00 08 'denied/#' 02 00 05 '1/2/3' 00"));
  await client.expect("90 06 00 07 00 87 87 8F");
  await client.send("C0 00");
  await client.expect("D0 00");
});

Deno.test("[v5 MQTT-3.8.4-3] a filter that is there already is replaced, with all its options", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect(), other = await harness.connect("other");
  await client.subscribe("t", { qos: 0, identifier: 1, noLocal: true, retainAsPublished: true });
  await client.subscribe("t", { qos: 1, identifier: 2 });
  await other.publish("t", "x", { qos: 1, retain: true });
  await client.expectMessage("t", "x", { qos: 1, retain: false, properties: { subscriptionIdentifiers: [2] } });
  await client.sendPublish("t", "own");
  await client.expectMessage("t", "own");
  await client.expectNothing();
  assertEquals(harness.broker.info.subscriptions, 1);
});

Deno.test("[v5 MQTT-3.8.4-4] nothing is lost while a subscription is replaced, and retained messages come again", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect(), other = await harness.connect("other");
  await other.publish("t", "kept", { qos: 1, retain: true });
  await client.subscribe("t", { qos: 1, retainHandling: 2 });
  const wanted: string[] = [];
  for (let number = 0; number < 50; number++) {
    wanted.push(`${number}`);
    await Promise.all([
      harness.broker.publish("t", `${number}`, { qos: 1 }),
      client.send(packet(0x82, `00 01 00 00 01 't' 01`)),
    ]);
  }
  await harness.settle();
  const messages = client.received.filter(({ type }) => type === PacketType.PUBLISH);
  const payloads = messages.map(({ payload }) => new TextDecoder().decode(payload));
  assertEquals(payloads.filter((payload) => payload !== "kept"), wanted);
  assertEquals(payloads.filter((payload) => payload === "kept").length, 50);
});

Deno.test("[v5 MQTT-3.8.4-5] [v5 MQTT-3.8.4-6] several filters have one SUBACK with a code for each", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect();
  await client.send("82 0B 12 34 00 00 01 70 00 00 01 71 00");
  await client.expect("90 05 12 34 00 00 00");
  await client.send(packet(0x82, "12 35 00 00 01 'p' 00 00 01 'p' 01 00 01 'p' 02 00 01 'q' 00"));
  await client.expect("90 07 12 35 00 00 01 02 00");
  await client.expectNothing();
  await client.sendPublish("p", "x", { qos: 2, packetId: 9 });
  await client.expectMessage("p", "x", { qos: 2 });
});

Deno.test("[v5 MQTT-3.8.4-7] [v5 MQTT-3.9.3-1] [v5 MQTT-3.9.3-2] each code is the granted QoS or a failure, in the order of the filters", async () => {
  await using harness = await Harness.start({
    hooks: [denying("read")],
    capabilities: { maximumSubscriptionsPerClient: 3, maximumTopicLevels: 2 },
  });
  const client = await harness.connect();
  await client.send(packet(0x82, "00 01 00 00 01 'a' 00 00 06 'denied' 01 00 01 'c' 02"));
  await client.expect("90 06 00 01 00 00 87 02");
  await client.send(packet(0x82, "00 02 00 00 01 'b' 01 00 01 'd' 01 00 05 '1/2/3' 01 00 01 'a' 02"));
  const { type, packetId, reasonCodes } = await client.next();
  assertEquals([type, packetId, reasonCodes], [9, 2, [1, 0x97, 0x8f, 2]]);
});

Deno.test("[v5 MQTT-3.8.4-7] a hook may change what is asked for, and refuse it", async () => {
  const hook = {
    ...denying(),
    onSubscribe: (_: unknown, asked: { subscriptions: object[] }) => ({
      ...asked,
      subscriptions: asked.subscriptions.map((one) => ({ ...one, qos: 0 })),
    }),
    onAclCheck: (_: unknown, topic: string) => topic === "slow" ? Promise.resolve(false) : true,
  } as never;
  await using harness = await Harness.start({ hooks: [hook] });
  const client = await harness.connect();
  await client.send(packet(0x82, "00 01 00 00 01 'a' 02 00 04 'slow' 02 00 01 'b' 01"));
  await client.expect("90 06 00 01 00 00 87 00");
});

Deno.test("[v5 MQTT-3.8.4-8] a message comes at the lower of its QoS and the granted one", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect();
  for (const granted of [0, 1, 2] as const) {
    assertEquals(await client.subscribe("t", { qos: granted }), granted);
    for (const qos of [0, 1, 2] as const) {
      await harness.broker.publish("t", "x", { qos });
      await client.expectMessage("t", "x", { qos: Math.min(qos, granted) });
    }
  }
});

Deno.test("[v5 NOTE-27] features that the broker does not have end the connection", async () => {
  const cases = [
    [{ wildcardSubAvailable: false }, "wildcardSubscriptionAvailable", 0xa2, "00 01 00 00 03 'a/#' 00"],
    [{ subIdAvailable: false }, "subscriptionIdentifierAvailable", 0xa1, "00 01 02 0B 01 00 01 'a' 00"],
    [{ sharedSubAvailable: false }, "sharedSubscriptionAvailable", 0x9e, "00 01 00 00 0A '$share/g/t' 00"],
  ] as const;
  for (const [capabilities, property, reasonCode, subscribe] of cases) {
    await using harness = await Harness.start({ capabilities });
    const client = await harness.connect();
    assertEquals(client.connack!.properties![property], 0);
    assertEquals(await client.subscribe("plain"), 0);
    await expectDisconnects(harness, reasonCode, [packet(0x82, subscribe)]);
    await using able = await Harness.start();
    const other = await able.connect();
    assertEquals(other.connack!.properties![property], undefined);
    await other.send(packet(0x82, subscribe));
    await other.expect("90 04 00 01 00 00");
  }
});

Deno.test("[v5 NOTE-34] retained messages follow SUBACK", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect();
  await client.publish("t", "x", { retain: true });
  await client.send(packet(0x82, "00 01 00 00 01 't' 00 00 01 '#' 00"));
  await client.expect("90 05 00 01 00 00 00");
  await client.expectMessage("t", "x", { retain: true });
  await client.expectMessage("t", "x", { retain: true });
});
