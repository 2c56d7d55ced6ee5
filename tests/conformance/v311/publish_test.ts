import { assertEquals } from "@std/assert";
import { PacketType } from "../../helpers/harness.ts";
import { denying } from "../v5/hooks.ts";
import { expectCloses, start, stored, subscriber } from "./harness.ts";

const { PUBLISH } = PacketType;

Deno.test("[v311 MQTT-3.3.1-1] a message that is sent again has DUP 1", async () => {
  await using harness = await start();
  let client = await subscriber(harness, 2, stored);
  for (const qos of [1, 2] as const) await harness.broker.publish("t", "x", { qos });
  await client.expect("32 06 00 01 't' 00 01 'x'");
  await client.expect("34 06 00 01 't' 00 02 'x'");
  for (let time = 0; time < 2; time++) {
    await client.cut();
    client = await harness.connect(stored);
    await client.expect("3A 06 00 01 't' 00 01 'x'");
    await client.expect("3C 06 00 01 't' 00 02 'x'");
  }
});

Deno.test("[v311 MQTT-3.3.1-2] at QoS 0 DUP is 0", async () => {
  await using harness = await start();
  const client = await subscriber(harness, 0);
  const publisher = await harness.connect("publisher");
  await publisher.send("3A 06 00 01 't' 00 01 'x'", "30 04 00 01 't' 'x'", "3D 06 00 01 't' 00 02 'x'");
  for (let message = 0; message < 3; message++) await client.expect("30 04 00 01 't' 'x'");
  await expectCloses(harness, ["38 04 00 01 74 78", "39 04 00 01 74 78"]);
});

Deno.test("[v311 MQTT-3.3.1-3] DUP of the publisher says nothing about DUP of the delivery", async () => {
  await using harness = await start();
  const client = await subscriber(harness, 2);
  await (await harness.connect("publisher")).send("3A 06 00 01 't' 00 01 'x'", "3C 06 00 01 't' 00 02 'x'");
  await client.expect("32 06 00 01 't' 00 01 'x'");
  await client.expect("34 06 00 01 't' 00 02 'x'");
});

Deno.test("[v311 MQTT-3.3.1-4] there is no QoS 3", async () => {
  await using harness = await start();
  await expectCloses(harness, ["36", "37", "3E", "3F"].map((header) => `${header} 06 00 01 74 00 01 78`));
});

Deno.test("[v311 MQTT-3.3.1-5] [v311 MQTT-3.3.1-8] a retained message is kept with its QoS and comes with RETAIN 1", async () => {
  await using harness = await start();
  const publisher = await harness.connect("publisher");
  for (const qos of [0, 1, 2] as const) await publisher.publish(`t/${qos}`, "x", { qos, retain: true });
  for (const [granted, first] of [[0, ["31", "31", "31"]], [1, ["31", "33", "33"]], [2, ["31", "33", "35"]]] as const) {
    const client = await harness.connect({ clientId: `${granted}` });
    for (const qos of [0, 1, 2]) {
      await client.subscribe(`t/${qos}`, { qos: granted });
      const { bytes, dup } = await client.expectMessage(`t/${qos}`, "x", { retain: true });
      assertEquals([bytes[0].toString(16), dup], [first[qos], false]);
    }
  }
});

Deno.test("[v311 MQTT-3.3.1-6] a new subscription gets the last retained message of every matching topic", async () => {
  await using harness = await start();
  const publisher = await harness.connect("publisher");
  for (const [topic, payload] of [["a/1", "old"], ["a/1", "new"], ["a/2", "x"], ["a", "x"], ["b", "x"]]) {
    await publisher.publish(topic, payload, { qos: 1, retain: true });
  }
  for (
    const [filter, expected] of [["a/#", ["a x", "a/1 new", "a/2 x"]], ["a/+", ["a/1 new", "a/2 x"]], ["b", [
      "b x",
    ]]] as const
  ) {
    const client = await subscriber(harness, 0, { filter });
    const received: string[] = [];
    for (let left = expected.length; left > 0; left--) {
      const { topic, payload } = await client.expect({ type: PUBLISH, retain: true });
      received.push(`${topic} ${new TextDecoder().decode(payload)}`);
    }
    assertEquals(received.toSorted(), [...expected]);
    await client.expectNothing();
  }
});

Deno.test("[v311 MQTT-3.3.1-7] a retained message of QoS 0 takes the place of the earlier one", async () => {
  await using harness = await start();
  const publisher = await harness.connect("publisher");
  await publisher.publish("t", "v1", { qos: 1, retain: true });
  await publisher.publish("t", "v2", { qos: 0, retain: true });
  const client = await subscriber(harness, 1);
  await client.expect("31 05 00 01 't' 'v2'");
  await client.expectNothing();
});

Deno.test("[v311 MQTT-3.3.1-9] messages for an established subscription have RETAIN 0", async () => {
  await using harness = await start();
  for (const [granted, first] of [[0, ["30", "30", "30"]], [1, ["30", "32", "32"]], [2, ["30", "32", "34"]]] as const) {
    const client = await subscriber(harness, granted);
    const publisher = await harness.connect("publisher");
    for (const qos of [0, 1, 2] as const) {
      await publisher.publish("t", "x", { qos, retain: true });
      await client.expect(`${first[qos]} *`);
    }
    await publisher.publish("t", "", { retain: true });
  }
});

Deno.test("[v311 MQTT-3.3.1-9] a queued message has RETAIN 0 as well", async () => {
  await using harness = await start();
  await (await subscriber(harness, 1, stored)).cut();
  await (await harness.connect("publisher")).publish("t", "x", { qos: 1, retain: true });
  await (await harness.connect(stored)).expectMessage("t", "x", { retain: false });
});

Deno.test("[v311 MQTT-3.3.1-10] [v311 MQTT-3.3.1-11] an empty retained message is delivered, removes the kept one and is not kept", async () => {
  await using harness = await start();
  const live = await subscriber(harness, 2), publisher = await harness.connect("publisher");
  for (
    const [sent, first] of [["31 03 00 01 't'", "30"], ["33 05 00 01 't' 00 01", "32"], ["35 05 00 01 't' 00 02", "34"]]
  ) {
    await harness.broker.publish("t", "kept", { retain: true });
    await live.expectMessage("t", "kept");
    await publisher.send(sent);
    await live.expect(`${first} *`);
    const later = await subscriber(harness, 1, { clientId: "later" });
    await later.expectNothing();
    assertEquals(harness.broker.info.retained, 0);
  }
});

Deno.test("[v311 MQTT-3.3.1-12] a message with RETAIN 0 leaves the retained one as it is", async () => {
  await using harness = await start();
  const publisher = await harness.connect("publisher");
  await publisher.publish("t", "v1", { retain: true });
  await publisher.publish("t", "v2");
  await publisher.publish("t", "");
  await publisher.publish("other", "v2", { qos: 1 });
  const client = await subscriber(harness, 0, { filter: "#" });
  await client.expect("31 05 00 01 't' 'v1'");
  await client.expectNothing();
});

Deno.test("[v311 MQTT-3.3.2-1] the topic comes first, is text and within its packet", async () => {
  await using harness = await start();
  const client = await subscriber(harness, 0, { filter: "\u00e4\u4e2d\u{1f600}" });
  await (await harness.connect("publisher")).publish("\u00e4\u4e2d\u{1f600}", "x");
  await client.expect("30 0C 00 09 C3 A4 E4 B8 AD F0 9F 98 80 'x'");
  await expectCloses(harness, ["30 04 00 03 't' 'x'", "30 02 00 01", "30 03 FF FF 't'", "30 03 00 01 FF", "30 01 00"]);
});

Deno.test("[v311 MQTT-3.3.2-2] [v311 MQTT-4.7.1-1] a topic has no wildcards", async () => {
  await using harness = await start();
  const client = await subscriber(harness, 0, { filter: "#" });
  await expectCloses(harness, [
    ...["30 06 00 03 61 2F 23 78", "30 06 00 03 'a/+' 'x'", "30 04 00 01 '#' 'x'", "30 04 00 01 '+' 'x'"],
    ...["31 05 00 02 'a#' 'x'", "32 07 00 02 '+a' 00 01 'x'"],
  ]);
  for (let left = 6; left > 0; left--) await client.expectMessage("will", "gone");
  await client.expectNothing();
});

Deno.test("[v311 MQTT-3.3.2-3] what is delivered matches the filter", async () => {
  await using harness = await start();
  const client = await subscriber(harness, 0, { filter: "a/+" });
  for (const topic of ["a", "a/b/c", "b/b", "/a/b", "A/b"]) await harness.broker.publish(topic, "no");
  for (const topic of ["a/b", "a/", "a/$c"]) {
    await harness.broker.publish(topic, "yes");
    await client.expectMessage(topic, "yes");
  }
  await client.expectNothing();
});

Deno.test("[v311 MQTT-3.3.4-1] each QoS has its own answer", async () => {
  await using harness = await start();
  for (const version of [4, 3] as const) {
    const client = await harness.connect({ protocolVersion: version });
    await client.send("30 04 00 01 't' 'x'");
    await client.expectNothing();
    await client.send("32 06 00 01 't' 00 01 'x'");
    await client.expect("40 02 00 01");
    await client.send("34 06 00 01 't' 00 02 'x'");
    await client.expect("50 02 00 02");
    await client.expectNothing();
  }
});

Deno.test("[v311 MQTT-3.3.5-1] overlapping subscriptions: one copy at the highest QoS", async () => {
  await using harness = await start();
  const client = await harness.connect();
  await client.subscribe("a/b", { qos: 2 });
  await client.subscribe("a/#", { qos: 0 });
  await client.subscribe("+/b", { qos: 1 });
  for (const qos of [2, 1, 0] as const) {
    await harness.broker.publish("a/b", "x", { qos });
    await client.expectMessage("a/b", "x", { qos });
  }
  await client.expectNothing();
});

Deno.test("[v311 MQTT-3.3.5-2] a denied message is acknowledged as usual and goes nowhere", async () => {
  await using harness = await start({ hooks: [denying("write")] });
  const witness = await subscriber(harness, 0, { filter: "#" });
  const client = await harness.connect();
  await client.send("32 0B 00 06 'denied' 00 01 'x'", "34 0B 00 06 'denied' 00 02 'x'", "31 09 00 06 'denied' 'x'");
  await client.expect("40 02 00 01");
  await client.expect("50 02 00 02");
  await client.send("62 02 00 02");
  await client.expect("70 02 00 02");
  await client.expectNothing();
  await witness.expectNothing();
  const later = await subscriber(harness, 0, { clientId: "later", filter: "denied" });
  await later.expectNothing();
});

Deno.test("[v311 MQTT-3.3.5-2] neither may a client write below $SYS", async () => {
  await using harness = await start();
  const witness = await subscriber(harness, 0, { filter: "$SYS/#" });
  const client = await harness.connect();
  await client.send("32 0B 00 06 '$SYS/a' 00 01 'x'");
  await client.expect("40 02 00 01");
  await witness.expectNothing();
});

Deno.test("[v311 MQTT-3.3.5-2] features that the broker does not have end the connection", async () => {
  await using harness = await start({ capabilities: { maximumQos: 0, retainAvailable: false } });
  await expectCloses(harness, ["32 06 00 01 't' 00 01 'x'", "34 06 00 01 't' 00 01 'x'", "31 04 00 01 't' 'x'"]);
});
