import { assert, assertEquals } from "@std/assert";
import { type ConnectOptions, Harness, PacketType } from "../../helpers/harness.ts";
import { given } from "../../helpers/expected.ts";
import { login, refusing } from "./hooks.ts";
import { connectBytes, expectDisconnects, expectRefusals } from "./reactions.ts";

function stored(more: ConnectOptions = {}): ConnectOptions {
  return { clientId: "a", cleanStart: false, properties: { sessionExpiryInterval: 60 }, ...more };
}

Deno.test("[v5 MQTT-3.2.0-1] CONNACK comes before everything else", async () => {
  const slow = {
    id: "slow",
    onConnectAuthenticate: () => Promise.resolve(true),
    onAclCheck: () => Promise.resolve(true),
  };
  await using harness = await Harness.start({ hooks: [slow] });
  const first = await harness.connect(stored());
  await first.subscribe("t", { qos: 1 });
  await first.disconnect();
  for (const payload of ["1", "2"]) await harness.broker.publish("t", payload, { qos: 1 });
  const again = await harness.open();
  const connecting = again.send(connectBytes({ flags: "00", properties: "11 00 00 00 3C" }));
  await harness.broker.publish("t", "3", { qos: 1 });
  await connecting;
  await again.expect({ type: PacketType.CONNACK, sessionPresent: true, reasonCode: 0 });
  for (const payload of ["1", "2", "3"]) await again.expectMessage("t", payload);
});

Deno.test("[v5 MQTT-3.2.0-2] there is one CONNACK", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect();
  await client.publish("t", "x", { qos: 2 });
  await client.send(connectBytes());
  await client.expectDisconnect(0x82);
  assertEquals(client.received.filter(({ type }) => type === PacketType.CONNACK).length, 1);
});

Deno.test("[v5 MQTT-3.2.2-1] [v5 MQTT-3.2.2-3] the flags of CONNACK are 00 or 01", async () => {
  await using harness = await Harness.start();
  const first = await harness.open();
  await first.send(connectBytes({ flags: "00", properties: "11 00 00 00 3C" }));
  await first.expect("20 .. 00 00 *");
  const second = await harness.open();
  await second.send(connectBytes({ flags: "00", properties: "11 00 00 00 3C" }));
  await second.expect("20 .. 01 00 *");
});

Deno.test("[v5 MQTT-3.2.2-6] a refusal has no Session Present", async () => {
  await using harness = await Harness.start({ hooks: [login()] });
  const owner = await harness.connect(stored({ username: "u", password: "secret" }));
  await owner.disconnect();
  const wrong = await harness.open();
  await wrong.sendConnect(stored({ username: "u", password: "wrong", properties: { maximumPacketSize: 5 } }));
  await wrong.expect("20 03 00 86 00");
  await wrong.expectClosed();
});

Deno.test("[v5 MQTT-3.2.2-7] [v5 MQTT-4.13.2-1] the connection is closed behind a refusal", async () => {
  for (const reasonCode of [0x80, 0x87, 0x9f]) {
    await using harness = await Harness.start({ hooks: [refusing(reasonCode)], realTime: true });
    const client = await harness.open();
    const begun = performance.now();
    await client.send(connectBytes());
    await client.expectRefusal(reasonCode);
    assert(performance.now() - begun < 1_000);
  }
});

Deno.test("[v5 MQTT-3.2.2-8] [v5 NOTE-22] a code that CONNACK does not know is told as another one", async () => {
  for (const reasonCode of [0x8b, 0x8d, 0x8e, 0x8f, 0x91, 0x92, 0x93, 0x94, 0x96, 0x98, 0x9e, 0xa0, 0xa1, 0xa2, 0xff]) {
    await using harness = await Harness.start({ hooks: [refusing(reasonCode)] });
    const client = await harness.open();
    await client.send(connectBytes());
    await client.expect({ type: PacketType.CONNACK, reasonCode: 0x80 });
    await client.expectClosed();
  }
});

Deno.test("[v5 MQTT-3.2.2-9] a lower Maximum QoS is told, the highest one is not", async () => {
  for (const [maximumQos, told] of [[0, 0], [1, 1], [2, undefined]] as const) {
    await using harness = await Harness.start({ capabilities: { maximumQos } });
    assertEquals((await harness.connect()).connack!.properties!.maximumQoS, told);
  }
});

Deno.test("[v5 MQTT-3.2.2-10] subscriptions may ask for more than the Maximum QoS", async () => {
  for (const maximumQos of [0, 1, 2] as const) {
    await using harness = await Harness.start({ capabilities: { maximumQos } });
    const client = await harness.connect();
    for (const qos of [0, 1, 2] as const) assertEquals(await client.subscribe("t", { qos }), Math.min(qos, maximumQos));
  }
});

Deno.test("[v5 MQTT-3.2.2-11] a PUBLISH above the Maximum QoS ends the connection", async () => {
  await using none = await Harness.start({ capabilities: { maximumQos: 0 } });
  await expectDisconnects(none, 0x9b, ["32 07 00 01 't' 00 01 00 'x'", "34 07 00 01 't' 00 01 00 'x'"]);
  await using one = await Harness.start({ capabilities: { maximumQos: 1 } });
  await expectDisconnects(one, 0x9b, ["34 07 00 01 't' 00 01 00 'x'"]);
  const client = await one.connect();
  await client.publish("t", "x", { qos: 1 });
});

Deno.test("[v5 MQTT-3.2.2-12] a will above the Maximum QoS is refused", async () => {
  await using harness = await Harness.start({ capabilities: { maximumQos: 1 } });
  await expectRefusals(harness, 0x9b, [connectBytes({ flags: "16", payload: "00 01 'a' 00 00 01 'w' 00 00" })]);
  await harness.connect({ will: { qos: 1 } });
});

Deno.test("[v5 MQTT-3.2.2-13] [v5 MQTT-3.2.2-14] without retained messages RETAIN is refused", async () => {
  await using harness = await Harness.start({ capabilities: { retainAvailable: false } });
  assertEquals((await harness.connect()).connack!.properties!.retainAvailable, 0);
  await expectRefusals(harness, 0x9a, [connectBytes({ flags: "26", payload: "00 01 'a' 00 00 01 'w' 00 00" })]);
  await expectDisconnects(harness, 0x9a, [
    "31 05 00 01 't' 00 'x'",
    "33 07 00 01 't' 00 01 00 'x'",
    "31 04 00 01 't' 00",
  ]);
  const { connack } = await harness.connect({ clientId: "b", will: {} });
  assertEquals(connack!.reasonCode, 0);
});

Deno.test("[v5 MQTT-3.2.2-15] a packet above the Maximum Packet Size ends the connection", async () => {
  await using harness = await Harness.start({ capabilities: { maximumPacketSize: 200 } });
  const client = await harness.connect();
  assertEquals(client.connack!.properties!.maximumPacketSize, 200);
  await client.subscribe("t");
  await client.sendPublish("t", "x".repeat(200 - 7));
  assertEquals((await client.next()).bytes.length, 200);
  await client.sendPublish("t", "x".repeat(201 - 7));
  await client.expectDisconnect(0x95);
  const early = await harness.connect();
  await early.send("30 FF FF FF 7F"); // the length is enough
  await early.expectDisconnect(0x95);
  const large = await harness.open();
  await large.sendConnect({ username: "x".repeat(200) });
  await large.expectClosed();
});

Deno.test("[v5 MQTT-3.2.2-17] [v5 MQTT-3.3.2-9] an alias above the maximum ends the connection", async () => {
  await using harness = await Harness.start({ capabilities: { topicAliasMaximum: 10 } });
  assertEquals((await harness.connect()).connack!.properties!.topicAliasMaximum, 10);
  await expectDisconnects(harness, 0x94, ["30 08 00 01 't' 03 23 00 0B 'x'", "30 08 00 01 't' 03 23 FF FF 'x'"]);
});

Deno.test("[v5 MQTT-3.2.2-18] without Topic Alias Maximum there are no aliases", async () => {
  await using harness = await Harness.start({ capabilities: { topicAliasMaximum: 0 } });
  assertEquals((await harness.connect()).connack!.properties!.topicAliasMaximum, undefined);
  await expectDisconnects(harness, 0x94, ["30 08 00 01 't' 03 23 00 01 'x'"]);
});

Deno.test("[v5 MQTT-3.2.2-19] [v5 MQTT-3.2.2-20] CONNACK explains itself as far as it fits", async () => {
  const explaining = {
    id: "explaining",
    onPacketEncode: (_: unknown, packet: { properties?: object }) => (
      { ...packet, properties: { ...packet.properties, userProperties: [["name", "value"]] } }
    ),
  } as never;
  await using harness = await Harness.start({ hooks: [refusing(0x87, "because of this"), explaining] });
  const reasonString = "because of this", userProperties = [["name", "value"]] as [string, string][];
  const fits = [[37, { reasonString, userProperties }], [36, { userProperties }], [19, { userProperties }], [18, {}], [
    5,
    {},
  ]] as const;
  for (const [maximumPacketSize, properties] of fits) {
    const client = await harness.open();
    await client.sendConnect({ properties: { maximumPacketSize } });
    const refusal = await client.expectRefusal(0x87);
    assertEquals(given(refusal.properties), given(properties as never));
    assert(refusal.bytes.length <= maximumPacketSize);
  }
  const none = await harness.open();
  await none.sendConnect({ properties: { maximumPacketSize: 4 } });
  await none.expectClosed();
});

Deno.test("[v5 NOTE-16] CONNACK holds what the broker has to say, each once", async () => {
  await using harness = await Harness.start({
    responseInformation: "r",
    capabilities: {
      ...{ maximumQos: 1, retainAvailable: false, wildcardSubAvailable: false, subIdAvailable: false },
      ...{ sharedSubAvailable: false, maximumKeepAlive: 10, maximumSessionExpiryInterval: 5, receiveMaximum: 7 },
      ...{ topicAliasMaximum: 3, maximumPacketSize: 1_000 },
    },
  });
  const properties = { requestResponseInformation: 1, sessionExpiryInterval: 10 };
  const { connack } = await harness.connect({ clientId: "", properties });
  const { assignedClientIdentifier, ...rest } = connack!.properties!;
  assert(assignedClientIdentifier !== undefined);
  assertEquals(rest, {
    ...{
      sessionExpiryInterval: 5,
      serverKeepAlive: 10,
      responseInformation: "r",
      receiveMaximum: 7,
      topicAliasMaximum: 3,
    },
    ...{ maximumQoS: 1, retainAvailable: 0, maximumPacketSize: 1_000, wildcardSubscriptionAvailable: 0 },
    ...{ subscriptionIdentifierAvailable: 0, sharedSubscriptionAvailable: 0 },
  });
});

Deno.test("[v5 NOTE-16] a broker that can do everything says little", async () => {
  await using harness = await Harness.start({ capabilities: { topicAliasMaximum: 0, receiveMaximum: 65_535 } });
  const { connack } = await harness.connect();
  assertEquals(Object.keys(given(connack!.properties)), ["maximumPacketSize"]);
});

Deno.test("[v5 NOTE-54] a hook sends clients to another server", async () => {
  for (const reasonCode of [0x9c, 0x9d]) {
    await using harness = await Harness.start({ hooks: [refusing(reasonCode, "moved", "other.example:1883")] });
    const client = await harness.open();
    await client.send(connectBytes());
    const { properties } = await client.expectRefusal(reasonCode);
    assertEquals(properties!.serverReference, "other.example:1883");
  }
  await using harness = await Harness.start();
  const client = await harness.connect();
  harness.broker.clients.disconnect("a", { reasonCode: 0x9c, serverReference: "other.example" });
  const { properties } = await client.expectDisconnect(0x9c);
  assertEquals(properties!.serverReference, "other.example");
});
