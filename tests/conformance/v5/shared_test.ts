import { assert, assertEquals } from "@std/assert";
import { type ConnectOptions, Harness, PacketType, type RawClient } from "../../helpers/harness.ts";
import { expectMalformed } from "./reactions.ts";

const { PUBACK, PUBREC, PUBLISH } = PacketType;

function member(clientId: string, expiry = 60): ConnectOptions {
  return { clientId, cleanStart: false, properties: { sessionExpiryInterval: expiry } };
}

/** Payloads that have arrived. */
async function payloads(client: RawClient): Promise<string[]> {
  await client.barrier();
  return client.received.filter(({ type }) => type === PUBLISH).map(({ payload }) => new TextDecoder().decode(payload));
}

Deno.test("[v5 MQTT-4.8.2-1] [v5 MQTT-4.8.2-2] the name of a share has one character or more, no slash and no wildcard", async () => {
  await using harness = await Harness.start();
  await expectMalformed(harness, ["$share//a", "$share/g", "$share/g/", "$share/g+/a", "$share/+/a", "$share/#/a"]);
  await expectMalformed(harness, ["$share/g#/a", "$share/", "$share/g/a#"]);
  assertEquals(harness.broker.info.subscriptions, 0);
  const client = await harness.connect();
  assertEquals(await client.subscribe("$share/g//f"), 0);
  await client.publish("f", "x");
  await client.expectNothing();
  await client.sendPublish("/f", "x");
  await client.expectMessage("/f", "x");
  assertEquals(await client.subscribe("$shared/g/a"), 0); // a filter like any other
  assertEquals(await client.subscribe("$share"), 0);
});

Deno.test("[v5 NOTE-30] each group gets one copy, and other subscriptions get their own", async () => {
  await using harness = await Harness.start();
  const members: RawClient[] = [];
  for (
    const [id, filter] of [["1", "$share/g/t/#"], ["2", "$share/g/t/#"], ["3", "$share/h/t/#"], ["4", "$share/h/t/#"], [
      "5",
      "$share/h/t/+",
    ]]
  ) {
    const client = await harness.connect(id);
    await client.subscribe(filter, { qos: 1 });
    members.push(client);
  }
  const both = await harness.connect("both");
  await both.subscribe("t/#");
  await both.subscribe("$share/solo/t/#");
  for (let number = 0; number < 10; number++) await harness.broker.publish("t/1", `${number}`, { qos: 1 });
  const all = await Promise.all(members.map(payloads));
  const numbers = Array.from({ length: 10 }, (_, number) => `${number}`);
  assertEquals([...all[0], ...all[1]].toSorted(), numbers);
  assertEquals([...all[2], ...all[3]].toSorted(), numbers);
  assertEquals(all[4], numbers);
  assert(all.every((some) => some.length >= 5)); // in turn
  assertEquals((await payloads(both)).toSorted(), [...numbers, ...numbers].toSorted());
});

Deno.test("[v5 MQTT-4.8.2-3] a copy has the QoS that its receiver was granted", async () => {
  await using harness = await Harness.start();
  const low = await harness.connect("low"), high = await harness.connect("high");
  await low.subscribe("$share/g/t", { qos: 0 });
  await high.subscribe("$share/g/t", { qos: 2 });
  for (let count = 0; count < 4; count++) await harness.broker.publish("t", "x", { qos: 2 });
  await low.barrier();
  await high.barrier();
  const qosOf = ({ received }: RawClient) => received.filter(({ type }) => type === PUBLISH).map(({ qos }) => qos);
  assertEquals([qosOf(low), qosOf(high)], [[0, 0], [2, 2]]);
});

Deno.test("[v5 MQTT-4.8.2-4] an interrupted delivery of QoS 2 is finished with its client", async () => {
  await using harness = await Harness.start();
  const first = await harness.connect(member("first"));
  await first.subscribe("$share/g/t", { qos: 2 });
  await harness.broker.publish("t", "x", { qos: 2 });
  const { packetId } = await first.expectMessage("t", "x", { qos: 2 });
  const second = await harness.connect(member("second"));
  await second.subscribe("$share/g/t", { qos: 2 });
  await first.cut();
  await second.expectNothing();
  const again = await harness.connect(member("first"));
  await again.expectMessage("t", "x", { dup: true, packetId });
  await second.expectNothing();
});

Deno.test("[v5 MQTT-4.8.2-5] a message of QoS 2 that a client may have seen goes to nobody else", async () => {
  await using harness = await Harness.start();
  for (const seen of ["PUBLISH", "PUBREC"]) {
    const first = await harness.connect(member("first", 1));
    await first.subscribe("$share/g/t", { qos: 2 });
    await harness.broker.publish("t", "x", { qos: 2 });
    const { packetId } = await first.expectMessage("t", "x");
    if (seen === "PUBREC") {
      await first.ack(PUBREC, packetId!);
      await first.expect({ type: PacketType.PUBREL });
    }
    const second = await harness.connect(member("second"));
    await second.subscribe("$share/g/t", { qos: 2 });
    await first.cut();
    await harness.advance(2_000);
    await second.expectNothing();
    await second.disconnect(0, { sessionExpiryInterval: 0 });
  }
});

Deno.test("[v5 NOTE-32] a message of QoS 1 goes to another member when the session of its receiver ends", async () => {
  await using harness = await Harness.start();
  for (const expiry of [0, 5]) {
    const first = await harness.connect(member("first", expiry)), second = await harness.connect("second");
    await first.subscribe("$share/g/t", { qos: 2 });
    await harness.broker.publish("t", "open", { qos: 1 });
    await first.expectMessage("t", "open");
    await second.subscribe("$share/g/t", { qos: 2 });
    await first.cut();
    if (expiry > 0) await second.expectNothing();
    await harness.advance(expiry * 1000);
    await second.expectMessage("t", "open", { qos: 1, dup: false });
    await second.disconnect();
  }
});

Deno.test("[v5 NOTE-32] what still waits for a member goes to another one when its session ends", async () => {
  await using harness = await Harness.start();
  const first = await harness.connect({ clientId: "first", properties: { receiveMaximum: 1 } });
  await first.subscribe("$share/g/t", { qos: 2 });
  for (const payload of ["sent", "waiting 1", "waiting 2"]) await harness.broker.publish("t", payload, { qos: 2 });
  await first.expectMessage("t", "sent");
  const second = await harness.connect("second");
  await second.subscribe("$share/g/t", { qos: 2 });
  await first.cut();
  await second.expectMessage("t", "waiting 1");
  await second.expectMessage("t", "waiting 2");
  await second.expectNothing();
});

Deno.test("[v5 MQTT-4.8.2-6] a refusal discards the message for everybody", async () => {
  await using harness = await Harness.start();
  const first = await harness.connect(member("first", 0));
  await first.subscribe("$share/g/t", { qos: 2 });
  for (const qos of [1, 2] as const) {
    await harness.broker.publish("t", `${qos}`, { qos });
    const { packetId } = await first.expectMessage("t", `${qos}`);
    await first.ack(qos === 1 ? PUBACK : PUBREC, packetId!, 0x80);
  }
  const second = await harness.connect("second");
  await second.subscribe("$share/g/t", { qos: 2 });
  await first.cut();
  await second.expectNothing();
});

Deno.test("[v5 NOTE-29] shared subscriptions get no retained messages", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect();
  await client.publish("t", "x", { retain: true });
  for (const retainHandling of [0, 1, 2] as const) {
    assertEquals(await client.subscribe("$share/g/t", { retainHandling }), 0);
    await client.expectNothing();
  }
});

Deno.test("[v5 NOTE-31] a share is joined once and left once", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect(), other = await harness.connect("other");
  for (let time = 0; time < 2; time++) await client.subscribe("$share/g/t");
  await other.subscribe("$share/g/t");
  for (let number = 0; number < 6; number++) await harness.broker.publish("t", `${number}`);
  assertEquals([(await payloads(client)).length, (await payloads(other)).length], [3, 3]);
  assertEquals(harness.broker.info.subscriptions, 2);
  await other.cut();
  assertEquals(harness.broker.info.subscriptions, 1);
});

Deno.test("[v5 NOTE-31] UNSUBSCRIBE names the whole filter of the share, and the last one leaves nothing behind", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect(member("a"));
  for (let time = 0; time < 2; time++) await client.subscribe("$share/g/t", { qos: 1 });
  assertEquals([
    await client.unsubscribe("t"),
    await client.unsubscribe("$share/g/t"),
    await client.unsubscribe("$share/g/t"),
  ], [0x11, 0, 0x11]);
  await harness.broker.publish("t", "x", { qos: 1 });
  await client.expectNothing();
  await client.subscribe("$share/g/t", { qos: 1 });
  await client.cut();
  await harness.broker.publish("t", "x", { qos: 1 });
  assertEquals(harness.broker.info.inflight, 1);
  await harness.advance(60_000);
  assertEquals([harness.broker.info.inflight, harness.broker.info.subscriptions], [0, 0]);
  const late = await harness.connect("late");
  await late.subscribe("$share/g/t", { qos: 1 });
  await late.expectNothing();
});

Deno.test("[v5 NOTE-33] a copy has the identifier of its receiver, also when it is sent again", async () => {
  await using harness = await Harness.start();
  const first = await harness.connect(member("first")), second = await harness.connect(member("second"));
  await first.subscribe("$share/g/t", { qos: 1, identifier: 1 });
  await second.subscribe("$share/g/t", { qos: 1, identifier: 2 });
  for (let count = 0; count < 4; count++) await harness.broker.publish("t", "x", { qos: 1 });
  for (const [client, identifier] of [[first, 1], [second, 2]] as const) {
    const properties = { subscriptionIdentifiers: [identifier] };
    for (let count = 0; count < 2; count++) await client.expectMessage("t", "x", { properties });
    await client.cut();
    const again = await harness.connect(member(identifier === 1 ? "first" : "second"));
    for (let count = 0; count < 2; count++) await again.expectMessage("t", "x", { dup: true, properties });
  }
});

Deno.test("[v5 NOTE-30] members that are away get nothing while another one is there", async () => {
  await using harness = await Harness.start();
  const away = await harness.connect(member("away")), here = await harness.connect("here");
  await away.subscribe("$share/g/t", { qos: 1 });
  await here.subscribe("$share/g/t", { qos: 1 });
  await away.cut();
  for (const payload of ["1", "2", "3"]) await harness.broker.publish("t", payload, { qos: 1 });
  for (const payload of ["1", "2", "3"]) {
    const { packetId } = await here.expectMessage("t", payload);
    await here.ack(PUBACK, packetId!);
  }
  await here.disconnect();
  await harness.broker.publish("t", "for the queue", { qos: 1 });
  await (await harness.connect(member("away"))).expectMessage("t", "for the queue");
});
