import { assertEquals } from "@std/assert";
import { PacketType } from "../../helpers/harness.ts";
import { MqttError } from "../../../src/packets/errors.ts";
import { denying } from "../v5/hooks.ts";
import { expectCloses, start, stored, subscriber } from "./harness.ts";

const { PUBLISH, PUBREL, SUBACK } = PacketType;

Deno.test("[v311 MQTT-3.8.3-2] a broker without wildcards refuses filters that have one", async () => {
  await using harness = await start({ capabilities: { wildcardSubAvailable: false } });
  const client = await harness.connect();
  await client.send("82 12 12 34 00 01 '#' 00 00 03 'a/b' 01 00 03 'a/+' 02");
  await client.expect("90 05 12 34 80 01 80");
  await harness.broker.publish("a/b", "x");
  await client.expectMessage("a/b", "x");
  await harness.broker.publish("a/c", "x");
  await client.expectNothing();
});

Deno.test("[v311 MQTT-3.8.3-2] a broker with wildcards grants them", async () => {
  await using harness = await start();
  const client = await harness.connect();
  await client.send("82 0C 12 34 00 01 '#' 00 00 03 'a/+' 02");
  await client.expect("90 04 12 34 00 02");
});

Deno.test("[v311 MQTT-3.8.3-3] SUBSCRIBE has at least one filter", async () => {
  await using harness = await start();
  await expectCloses(harness, ["82 02 00 01"]);
});

Deno.test("[v311 MQTT-3.8.3-4] QoS is 0, 1 or 2 and the other bits are 0", async () => {
  await using harness = await start();
  const wrong = Array.from({ length: 253 }, (_, index) => (index + 3).toString(16).padStart(2, "0"));
  await expectCloses(harness, wrong.map((options) => `82 06 00 01 00 01 70 ${options}`));
  await expectCloses(harness, ["82 0A 00 01 00 01 70 00 00 01 71 03"]);
});

Deno.test("[v311 MQTT-3.8.4-3] a filter that is there already is replaced, without a gap, and retained messages come again", async () => {
  await using harness = await start();
  const publisher = await harness.connect("publisher");
  await publisher.publish("t", "kept", { qos: 1, retain: true });
  const client = await harness.connect();
  for (const qos of [0, 1, 2, 0] as const) {
    assertEquals(await client.subscribe("t", { qos }), qos);
    const { packetId } = await client.expectMessage("t", "kept", { retain: true, qos: Math.min(qos, 1) });
    if (qos > 0) await client.ack(4, packetId!);
    await harness.broker.publish("t", "live", { qos: 2 });
    await client.expectMessage("t", "live", { retain: false, qos });
    await client.expectNothing();
  }
  await publisher.publish("t", "", { retain: true });
  await client.expectMessage("t", "");
  const packets = Array.from({ length: 50 }, (_, number) => ({
    ...{ type: PUBLISH, topic: "t", payload: new TextEncoder().encode(`${number}`) },
    ...{ qos: 0, retain: false, dup: false, packetId: 0 } as const,
  }));
  const renewals = [1, 0, 2, 0].map((qos) => client.send(`82 06 00 09 00 01 't' 0${qos}`));
  await Promise.all([publisher.send(...packets.slice(0, 25)), ...renewals, publisher.send(...packets.slice(25))]);
  await harness.settle();
  const received = client.received.slice(-54).filter(({ type }) => type === PUBLISH);
  assertEquals(received.map(({ payload }) => Number(new TextDecoder().decode(payload))), [...Array(50).keys()]);
});

Deno.test("[v311 MQTT-3.8.4-4] several filters count as several requests with one SUBACK", async () => {
  await using harness = await start();
  const client = await harness.connect();
  await client.send("82 0A 12 34 00 01 70 00 00 01 71 00");
  await client.expect("90 04 12 34 00 00");
  for (const topic of ["p", "q"]) {
    await harness.broker.publish(topic, "x");
    await client.expectMessage(topic, "x");
  }
  await client.send("82 0E 12 35 00 01 70 00 00 01 70 02 00 01 70 01");
  await client.expect("90 05 12 35 00 02 01");
  await harness.broker.publish("p", "x", { qos: 2 });
  await client.expectMessage("p", "x", { qos: 1 });
  await client.expectNothing();
});

Deno.test("[v311 MQTT-3.8.4-5] [v311 MQTT-3.9.3-1] [v311 MQTT-3.9.3-2] each code is the granted QoS or a failure, in the order of the filters", async () => {
  const capabilities = { maximumQos: 1, maximumTopicLevels: 2 } as const;
  await using harness = await start({ hooks: [denying("read")], capabilities });
  const client = await harness.connect();
  await client.send("82 0F 12 34 00 01 70 00 00 06 'denied' 00");
  await client.expect("90 04 12 34 00 80");
  await client.send("82 1F 12 35 00 06 'denied' 02 00 01 'a' 02 00 05 '1/2/3' 01 00 01 'b' 01 00 01 'c' 00");
  await client.expect("90 07 12 35 80 01 80 01 00");
});

Deno.test("[v311 MQTT-3.9.3-2] whatever the reason, the failure is 0x80", async () => {
  let code = 0x80;
  const hook = { ...denying(), onAclCheck: (_client: unknown, topic: string) => check(topic) };
  const check = (topic: string) => {
    if (topic === "no") throw new MqttError(code, "no");
    return true;
  };
  await using harness = await start({ hooks: [hook], capabilities: { maximumSubscriptionsPerClient: 1 } });
  const client = await harness.connect();
  for (code = 0x80; code <= 0xa2; code++) assertEquals(await client.subscribe("no"), 0x80);
  assertEquals(await client.subscribe("first"), 0);
  assertEquals(await client.subscribe("quota"), 0x80);
  assertEquals(await client.subscribe(`${"a/".repeat(200)}a`), 0x80);
  assertEquals(await client.subscribe(`$share/g/${"a/".repeat(200)}a`), 0x80);
});

Deno.test("[v311 MQTT-3.9.3-2] a hook that refuses the whole packet refuses every filter", async () => {
  const hook = {
    ...denying(),
    onSubscribe() {
      throw new MqttError(0x97, "no");
    },
  };
  await using harness = await start({ hooks: [hook as never] });
  const client = await harness.connect();
  await client.send("82 0A 12 34 00 01 70 00 00 01 71 00");
  await client.expect("90 04 12 34 80 80");
});

Deno.test("[v311 MQTT-3.8.4-6] a message comes at the lower of its QoS and the granted one", async () => {
  await using harness = await start();
  for (const granted of [0, 1, 2] as const) {
    const client = await subscriber(harness, granted);
    for (const qos of [0, 1, 2] as const) {
      await harness.broker.publish("t", "x", { qos });
      await client.expectMessage("t", "x", { qos: Math.min(qos, granted) });
    }
  }
});

Deno.test("[v311 NOTE-4] retained messages follow SUBACK, others may come before it", async () => {
  await using harness = await start();
  await harness.broker.publish("t", "kept", { retain: true });
  const client = await harness.connect();
  await client.send("82 06 00 01 00 01 't' 00", "30 04 00 01 't' 'x'");
  await client.expect("90 03 00 01 00");
  await client.expect("31 07 00 01 't' 'kept'");
  await client.expect("30 04 00 01 't' 'x'");
});

Deno.test("[v311 NOTE-7] $share is granted to 3.1.1 clients as well", async () => {
  await using harness = await start();
  const members = [await harness.connect("one"), await harness.connect("two")];
  await harness.broker.publish("a", "kept", { retain: true });
  for (const member of members) {
    await member.send("82 0F 00 01 00 0A '$share/g/a' 01");
    await member.expect("90 03 00 01 01");
  }
  for (let message = 0; message < 4; message++) {
    await harness.broker.publish("a", `${message}`, { qos: 1 });
    await members[message % 2].expectMessage("a", `${message}`, { qos: 1 });
  }
  for (const member of members) await member.expectNothing();
  await members[0].send("A2 0E 00 02 00 0A '$share/g/a'");
  await members[0].expect("B0 02 00 02");
  await harness.broker.publish("a", "x");
  await members[1].expectMessage("a", "x");
});

Deno.test("[v311 NOTE-7] without shared subscriptions the filter is refused", async () => {
  await using harness = await start({ capabilities: { sharedSubAvailable: false } });
  const client = await harness.connect();
  await client.send("82 0F 00 01 00 0A '$share/g/a' 01");
  await client.expect("90 03 00 01 80");
});

Deno.test("[v311 NOTE-7] messages of MQTT 5 clients expire for 3.1.1 clients too, and lose their properties", async () => {
  await using harness = await start();
  await (await subscriber(harness, 1, stored)).cut();
  const publisher = await harness.connect({ clientId: "publisher", protocolVersion: 5 });
  for (const messageExpiryInterval of [1, 100]) {
    await publisher.publish("t", `${messageExpiryInterval}`, { qos: 1, properties: { messageExpiryInterval } });
  }
  await harness.advance(50_000);
  const client = await harness.connect(stored);
  await client.expect("32 08 00 01 't' 00 01 '100'");
  await client.expectNothing();
});

Deno.test("[v311 MQTT-3.10.3-2] UNSUBSCRIBE has at least one filter", async () => {
  await using harness = await start();
  await expectCloses(harness, ["A2 02 00 01"]);
});

Deno.test("[v311 MQTT-3.10.4-1] a filter is compared character by character", async () => {
  await using harness = await start();
  const client = await subscriber(harness, 0, { filter: "a/b" });
  for (const filter of ["a/+", "a/#", "#", "A/b", "a/b/", "/a/b", "a//b", "$share/g/a/b"]) {
    await client.unsubscribe(filter);
  }
  await harness.broker.publish("a/b", "x");
  await client.expectMessage("a/b", "x");
  await client.subscribe("a/+");
  await client.unsubscribe("a/+");
  await harness.broker.publish("a/b", "x");
  await client.expectMessage("a/b", "x");
  await client.expectNothing();
});

Deno.test("[v311 MQTT-3.10.4-2] from UNSUBACK on nothing comes", async () => {
  await using harness = await start();
  const client = await subscriber(harness, 2, stored);
  await client.unsubscribe("t");
  for (const qos of [0, 1, 2] as const) await harness.broker.publish("t", "x", { qos });
  await client.expectNothing();
  await client.cut();
  await harness.broker.publish("t", "x", { qos: 2 });
  await (await harness.connect(stored)).expectNothing();
});

Deno.test("[v311 MQTT-3.10.4-3] deliveries that have begun are finished", async () => {
  await using harness = await start();
  const client = await subscriber(harness, 2, stored);
  for (const qos of [1, 2] as const) await harness.broker.publish("t", "x", { qos });
  await client.expectMessage("t", "x");
  const { packetId } = await client.expectMessage("t", "x");
  await client.unsubscribe("t");
  await client.ack(5, packetId!);
  await client.expect({ type: PUBREL, packetId });
  await client.cut();
  const again = await harness.connect(stored);
  await again.expect("3A 06 00 01 't' 00 01 'x'");
  await again.expect("62 02 00 02");
  await again.send("70 02 00 02", "40 02 00 01");
  await again.expectNothing();
  assertEquals(harness.broker.info.inflight, 0);
});

Deno.test("[v311 MQTT-3.10.4-4] [v311 MQTT-3.10.4-5] every UNSUBSCRIBE is answered, also when nothing was removed", async () => {
  await using harness = await start();
  const client = await harness.connect();
  await client.subscribe("p");
  for (let time = 0; time < 2; time++) {
    await client.send("A2 05 12 34 00 01 70");
    await client.expect("B0 02 12 34");
  }
  await client.send("A2 06 12 35 00 02 '/#'");
  await client.expect("B0 02 12 35");
});

Deno.test("[v311 MQTT-3.10.4-6] several filters count as several requests with one UNSUBACK", async () => {
  await using harness = await start();
  const client = await harness.connect();
  for (const filter of ["p", "q", "r"]) await client.subscribe(filter);
  await client.send("A2 08 12 34 00 01 'p' 00 01 'q'");
  await client.expect("B0 02 12 34");
  for (const topic of ["p", "q"]) await harness.broker.publish(topic, "x");
  await client.expectNothing();
  await harness.broker.publish("r", "x");
  await client.expectMessage("r", "x");
});

Deno.test("[v311 MQTT-3.8.4-1] every SUBSCRIBE is answered", async () => {
  await using harness = await start();
  const client = await harness.connect();
  await client.send(...Array.from({ length: 20 }, (_, index) => Uint8Array.of(0x82, 6, 0, index + 1, 0, 1, 0x74, 0)));
  for (let packetId = 1; packetId <= 20; packetId++) await client.expect({ type: SUBACK, packetId });
});
