import { assertEquals } from "@std/assert";
import { Harness, PacketType } from "../../helpers/harness.ts";
import { expectDisconnects } from "./reactions.ts";

const stored = { cleanStart: false, properties: { sessionExpiryInterval: 60 } };

Deno.test("[v5 MQTT-3.3.1-1] a message that is sent again has DUP 1", async () => {
  await using harness = await Harness.start();
  for (const [qos, first, again] of [[1, "32", "3A"], [2, "34", "3C"]] as const) {
    const client = await harness.connect({ ...stored, clientId: `q${qos}` });
    await client.subscribe("t", { qos });
    await harness.broker.publish("t", "x", { qos });
    await client.expect(`${first} 07 00 01 't' 00 01 00 'x'`);
    await client.cut();
    const resumed = await harness.connect({ ...stored, clientId: `q${qos}` });
    await resumed.expect(`${again} 07 00 01 't' 00 01 00 'x'`);
    await resumed.expectNothing();
    await resumed.unsubscribe("t");
  }
});

Deno.test("[v5 MQTT-3.3.1-2] [v5 MQTT-4.3.1-1] at QoS 0 DUP is 0, and a message is sent once", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect(stored);
  await client.subscribe("t");
  for (const qos of [0, 1, 2] as const) {
    await client.sendPublish("t", "x", { qos, packetId: 5, dup: qos > 0 });
    await client.expect("30 05 00 01 't' 00 'x'");
    if (qos > 0) await client.next();
  }
  await client.cut();
  await (await harness.connect(stored)).expectNothing();
  await expectDisconnects(harness, 0x81, ["38 05 00 01 74 00 78", "39 05 00 01 74 00 78"]);
});

Deno.test("[v5 MQTT-3.3.1-3] DUP of the publisher says nothing about DUP of the delivery", async () => {
  await using harness = await Harness.start();
  const a = await harness.connect("a"), b = await harness.connect("b");
  await a.subscribe("t", { qos: 2 });
  await b.send("3A 07 00 01 74 00 01 00 78");
  await a.expect("32 07 00 01 't' .. .. 00 'x'");
  await b.send("3C 07 00 01 74 00 02 00 78");
  await a.expect("34 07 00 01 't' .. .. 00 'x'");
});

Deno.test("[v5 MQTT-3.3.1-4] QoS 3 is malformed", async () => {
  await using harness = await Harness.start();
  await expectDisconnects(harness, 0x81, ["36 07 00 01 74 00 01 00 78", "3E 07 00 01 74 00 01 00 78"]);
});

Deno.test("[v5 MQTT-3.3.1-5] the last retained message of a topic is kept, with its QoS and properties", async () => {
  await using harness = await Harness.start();
  const a = await harness.connect("a"), b = await harness.connect("b");
  await a.publish("t", "first", { qos: 2, retain: true, properties: { contentType: "old" } });
  await a.publish("t", "second", { qos: 1, retain: true, properties: { responseTopic: "r" } });
  await a.publish("t/other", "other", { retain: true });
  await b.subscribe("t", { qos: 2 });
  await b.expectMessage("t", "second", { retain: true, qos: 1, properties: { responseTopic: "r" } });
  await b.expectNothing();
});

Deno.test("[v5 MQTT-3.3.1-6] [v5 MQTT-3.3.1-7] an empty retained message is delivered and clears the topic", async () => {
  await using harness = await Harness.start();
  const a = await harness.connect("a"), b = await harness.connect("b"), c = await harness.connect("c");
  await a.publish("t", "x", { retain: true });
  await b.subscribe("t", { retainHandling: 2 });
  await a.send("31 04 00 01 't' 00");
  await b.expect("30 04 00 01 't' 00");
  await c.subscribe("t");
  await c.expectNothing();
  await a.send("31 04 00 01 't' 00");
  await b.expect("30 04 00 01 't' 00");
  assertEquals(harness.broker.info.retained, 0);
});

Deno.test("[v5 MQTT-3.3.1-8] a message with RETAIN 0 leaves the retained one as it is", async () => {
  await using harness = await Harness.start();
  const a = await harness.connect("a"), b = await harness.connect("b");
  await a.publish("t", "kept", { retain: true });
  for (const payload of ["other", ""]) {
    await a.publish("t", payload, { qos: 1 });
    await b.subscribe("t");
    await b.expectMessage("t", "kept", { retain: true });
    await b.unsubscribe("t");
  }
});

Deno.test("[v5 MQTT-3.3.1-9] Retain Handling 0 sends retained messages with every SUBSCRIBE", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect();
  await client.publish("t", "x", { retain: true });
  for (let time = 0; time < 2; time++) {
    await client.send("82 07 00 01 00 00 01 't' 00");
    await client.expect("90 04 00 01 00 00");
    await client.expect("31 05 00 01 't' 00 'x'");
  }
});

Deno.test("[v5 MQTT-3.3.1-10] Retain Handling 1 sends them when the subscription is new", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect(stored);
  await client.publish("t", "x", { retain: true });
  await client.send("82 07 00 01 00 00 01 't' 10");
  await client.expect("90 04 00 01 00 00");
  await client.expect("31 05 00 01 't' 00 'x'");
  assertEquals(await client.subscribe("t", { retainHandling: 1, qos: 1 }), 1);
  await client.expectNothing();
  await client.cut();
  const resumed = await harness.connect(stored);
  await resumed.subscribe("t", { retainHandling: 1 });
  await resumed.expectNothing();
  await resumed.unsubscribe("t");
  await resumed.subscribe("t", { retainHandling: 1 });
  await resumed.expectMessage("t", "x", { retain: true });
});

Deno.test("[v5 MQTT-3.3.1-11] Retain Handling 2 sends none", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect();
  await client.publish("t", "kept", { retain: true });
  await client.send("82 07 00 01 00 00 01 't' 20");
  await client.expect("90 04 00 01 00 00");
  await client.expectNothing();
  await client.sendPublish("t", "live");
  await client.expectMessage("t", "live");
});

Deno.test("[v5 MQTT-3.3.1-12] [v5 MQTT-3.3.1-13] RETAIN of a live message is as Retain As Published says", async () => {
  await using harness = await Harness.start();
  const a = await harness.connect("a"), b = await harness.connect("b"), c = await harness.connect("c");
  for (const qos of [0, 1, 2] as const) {
    await a.send(`82 07 00 01 00 00 01 't' 2${qos}`);
    await a.expect(`90 04 00 01 00 0${qos}`);
    await b.send(`82 07 00 01 00 00 01 't' 2${(qos + 8).toString(16)}`);
    await b.expect(`90 04 00 01 00 0${qos}`);
    for (const retain of [true, false]) {
      await c.publish("t", "x", { qos, retain });
      await a.expectMessage("t", "x", { qos, retain: false });
      await b.expectMessage("t", "x", { qos, retain });
    }
  }
});

Deno.test("[v5 NOTE-44] a retained message has RETAIN 1 and the lower QoS, whatever Retain As Published says", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect();
  for (const stored of [0, 1, 2] as const) {
    await client.publish("t", "x", { qos: stored, retain: true });
    for (const granted of [0, 1, 2] as const) {
      for (const retainAsPublished of [true, false]) {
        await client.subscribe("t", { qos: granted, retainAsPublished });
        const { bytes, packetId } = await client.expectMessage("t", "x", { dup: false });
        assertEquals(bytes[0], 0x31 | Math.min(stored, granted) << 1);
        if (packetId !== 0) {
          await client.ack(bytes[0] === 0x33 ? PacketType.PUBACK : PacketType.PUBREC, packetId!, 0x80);
        }
      }
    }
    await client.unsubscribe("t");
  }
});

Deno.test("[v5 NOTE-43] retained messages outlive their publisher and expire", async () => {
  await using harness = await Harness.start();
  const publisher = await harness.connect("publisher"), client = await harness.connect("client");
  await publisher.publish("stays", "x", { retain: true });
  await publisher.publish("goes", "x", { retain: true, properties: { messageExpiryInterval: 2 } });
  await publisher.disconnect();
  await harness.advance(1_000);
  await client.subscribe("goes");
  await client.expectMessage("goes", "x", { properties: { messageExpiryInterval: 1 } });
  await harness.advance(1_000);
  await client.subscribe("goes");
  await client.expectNothing();
  assertEquals(harness.broker.info.retained, 1);
  await harness.advance(1_000_000_000);
  await client.subscribe("stays");
  await client.expectMessage("stays", "x");
});

Deno.test("[v5 MQTT-3.3.1-5] a retained message that is replaced does not expire with the old one", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect();
  await client.publish("t", "old", { retain: true, properties: { messageExpiryInterval: 1 } });
  await client.publish("t", "new", { retain: true });
  await harness.advance(5_000);
  await client.subscribe("t");
  await client.expectMessage("t", "new", { properties: {} });
});
