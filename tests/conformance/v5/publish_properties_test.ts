import { assertEquals } from "@std/assert";
import { Harness, PacketType } from "../../helpers/harness.ts";
import { expectDisconnects, packet } from "./reactions.ts";
import type { Properties } from "../../../src/packets/types.ts";

const stored = { cleanStart: false, properties: { sessionExpiryInterval: 60 } };

/** Every property that goes on with a message. */
const ALL: Properties = {
  ...{
    payloadFormatIndicator: 1,
    contentType: "json",
    responseTopic: "a/b",
    correlationData: Uint8Array.of(0, 255, 128, 1),
  },
  userProperties: [["z", "1"], ["a", "2"], ["z", "3"], ["", ""], ["z", "1"]],
};

/** A PUBLISH at QoS 0 to `t` with these properties and payload `x`. */
function publish(properties: string): Uint8Array {
  const { length } = packet(0, properties);
  return packet(0x30, `00 01 't' ${(length - 2).toString(16).padStart(2, "0")} ${properties} 'x'`);
}

Deno.test("[v5 MQTT-3.3.2-1] the topic is text and within its packet", async () => {
  await using harness = await Harness.start();
  await expectDisconnects(harness, 0x81, ["30 03 00 09 61", "30 01 00", "30 05 00 02 'a' FF 00", "32 04 00 05 't' 00"]);
});

Deno.test("[v5 MQTT-3.3.2-2] [v5 MQTT-4.7.0-1] a topic has no wildcards", async () => {
  await using harness = await Harness.start();
  const watcher = await harness.connect("watcher");
  await watcher.subscribe("#");
  await expectDisconnects(harness, 0x90, [
    "30 07 00 03 61 2F 23 00 78",
    packet(0x30, "00 01 '#' 00 'x'"),
    packet(0x30, "00 03 'a/+' 00 'x'"),
    packet(0x32, "00 03 'a+b' 00 01 00 'x'"),
    packet(0x30, "00 02 'a#' 03 23 00 01 'x'"),
  ]);
  await watcher.expectNothing();
});

Deno.test("[v5 MQTT-3.3.2-3] what is delivered matches the filter", async () => {
  await using harness = await Harness.start();
  const a = await harness.connect("a"), b = await harness.connect("b"), c = await harness.connect("c");
  await a.subscribe("a/+");
  await b.subscribe("$share/g/a/+");
  for (const topic of ["a", "a/b", "a/b/c", "b/a", "a/"]) await c.publish(topic, "x");
  for (const client of [a, b]) {
    await client.expectMessage("a/b", "x");
    await client.expectMessage("a/", "x");
    await client.expectNothing();
  }
});

Deno.test("[v5 MQTT-3.3.2-4] [v5 MQTT-3.3.2-15] [v5 MQTT-3.3.2-16] [v5 MQTT-3.3.2-17] [v5 MQTT-3.3.2-18] [v5 MQTT-3.3.2-20] properties go on unchanged: live, queued, sent again, retained, shared", async () => {
  await using harness = await Harness.start();
  const live = await harness.connect("live"), publisher = await harness.connect("publisher");
  const away = await harness.connect({ ...stored, clientId: "away" });
  for (const qos of [0, 1, 2] as const) {
    await live.subscribe("t", { qos, retainHandling: 2 });
    await publisher.publish("t", "x", { qos, retain: true, properties: ALL });
    const { packetId } = await live.expectMessage("t", "x", { qos, properties: ALL });
    if (qos > 0) await live.ack(qos === 1 ? PacketType.PUBACK : PacketType.PUBREC, packetId!, 0x80);
  }
  await away.subscribe("t", { qos: 1, retainHandling: 2 });
  await away.subscribe("$share/g/s", { qos: 1 });
  await away.cut();
  for (const topic of ["t", "s"]) await publisher.publish(topic, "x", { qos: 1, properties: ALL });
  for (const dup of [false, true]) {
    const back = await harness.connect({ ...stored, clientId: "away" });
    for (const topic of ["t", "s"]) await back.expectMessage(topic, "x", { dup, properties: ALL });
    await back.cut();
  }
  const late = await harness.connect("late");
  await late.subscribe("t");
  await late.expectMessage("t", "x", { retain: true, properties: ALL });
});

Deno.test("[v5 MQTT-3.3.2-4] [v5 MQTT-3.3.2-15] [v5 MQTT-3.3.2-16] [v5 MQTT-3.3.2-20] properties byte by byte", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect();
  await client.subscribe("t");
  const properties = [
    "01 01",
    "01 00",
    "08 00 03 'a/b'",
    "09 00 04 00 FF 80 01",
    "09 00 00",
    "03 00 04 'json'",
    "26 00 01 'n' 00 00",
  ];
  for (const bytes of properties) {
    await client.send(publish(bytes));
    const length = publish(bytes).length - 7;
    await client.expect(`30 .. 00 01 't' ${length.toString(16).padStart(2, "0")} ${bytes} 'x'`);
  }
});

Deno.test("[v5 MQTT-3.3.2-5] a message that has expired is not delivered", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect(stored);
  await client.subscribe("t", { qos: 2 });
  await client.cut();
  for (const qos of [1, 2] as const) {
    await harness.broker.publish("t", `brief ${qos}`, { qos, properties: { messageExpiryInterval: 1 } });
    await harness.broker.publish("t", `long ${qos}`, { qos, properties: { messageExpiryInterval: 10 } });
  }
  await harness.advance(2_000);
  const back = await harness.connect(stored);
  await back.expectMessage("t", "long 1", { properties: { messageExpiryInterval: 8 } });
  await back.expectMessage("t", "long 2", { properties: { messageExpiryInterval: 8 } });
  await back.expectNothing();
  assertEquals(harness.broker.info.inflight, 2);
});

Deno.test("[v5 MQTT-3.3.2-5] a message expires while it waits for quota", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect({ properties: { receiveMaximum: 1 } });
  await client.subscribe("t", { qos: 1 });
  await harness.broker.publish("t", "1", { qos: 1 });
  await harness.broker.publish("t", "2", { qos: 1, properties: { messageExpiryInterval: 1 } });
  await harness.broker.publish("t", "3", { qos: 1 });
  const { packetId } = await client.expectMessage("t", "1");
  await harness.advance(1_000);
  await client.ack(PacketType.PUBACK, packetId!);
  await client.expectMessage("t", "3");
});

Deno.test("[v5 MQTT-3.3.2-5] the broker's own limit of lifetime counts as well", async () => {
  await using harness = await Harness.start({ capabilities: { maximumMessageExpiryInterval: 5 } });
  const client = await harness.connect(stored);
  await client.subscribe("t", { qos: 1 });
  await client.cut();
  await harness.broker.publish("t", "x", { qos: 1 });
  await harness.broker.publish("t", "x", { qos: 1, properties: { messageExpiryInterval: 100 } });
  await harness.advance(5_000);
  await (await harness.connect(stored)).expectNothing();
});

Deno.test("[v5 MQTT-3.3.2-6] the time spent in the broker is taken off the expiry interval", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect(stored);
  await client.subscribe("t", { qos: 1 });
  const properties = { messageExpiryInterval: 10, contentType: "c" };
  await harness.broker.publish("t", "now", { properties });
  await client.expectMessage("t", "now", { properties });
  await client.cut();
  await harness.broker.publish("t", "later", { qos: 1, retain: true, properties });
  await harness.advance(3_500);
  const back = await harness.connect(stored);
  await back.expectMessage("t", "later", { properties: { ...properties, messageExpiryInterval: 7 } });
  const other = await harness.connect("other");
  await harness.advance(1_000);
  await other.subscribe("t");
  await other.expectMessage("t", "later", { properties: { ...properties, messageExpiryInterval: 6 } });
});

Deno.test("[v5 NOTE-60] a message with expiry 0 is for those who are there", async () => {
  await using harness = await Harness.start();
  const here = await harness.connect("here"), away = await harness.connect({ ...stored, clientId: "away" });
  await here.subscribe("t", { qos: 1 });
  await away.subscribe("t", { qos: 1 });
  await away.cut();
  await harness.broker.publish("t", "x", { qos: 1, properties: { messageExpiryInterval: 0 } });
  await here.expectMessage("t", "x", { properties: { messageExpiryInterval: 0 } });
  await (await harness.connect({ ...stored, clientId: "away" })).expectNothing();
});

Deno.test("[v5 MQTT-3.3.2-13] [v5 MQTT-3.3.2-19] Response Topic and Content Type are text", async () => {
  await using harness = await Harness.start();
  await expectDisconnects(harness, 0x81, [
    publish("08 00 01 FF"),
    publish("08 00 02 'a' 00"),
    publish("03 00 01 FF"),
    publish("03 00 03 ED A0 80"),
  ]);
});

Deno.test("[v5 MQTT-3.3.2-14] the Response Topic is a topic", async () => {
  await using harness = await Harness.start();
  await expectDisconnects(harness, 0x82, [publish("08 00 01 23"), publish("08 00 03 'a/+'"), publish("08 00 00")]);
});

Deno.test("[v5 MQTT-3.3.2-7] aliases end with the connection, in both directions", async () => {
  await using harness = await Harness.start();
  const connect = { ...stored, properties: { sessionExpiryInterval: 60, topicAliasMaximum: 5 } };
  const first = await harness.connect(connect);
  await first.subscribe("t", { qos: 1 });
  await first.send("30 08 00 01 't' 03 23 00 01 'x'");
  const { properties } = await first.expectMessage("t", "x");
  await harness.broker.publish("t", "y", { qos: 1 });
  const again = await first.expectMessage("t", "y");
  assertEquals([properties!.topicAlias, again.properties!.topicAlias, again.bytes[3]], [1, 1, 0]);
  await first.cut();
  const second = await harness.connect(connect);
  const { bytes } = await second.expectMessage("t", "y", { dup: true });
  assertEquals(bytes[3], 1); // the topic is there
  await second.send("30 07 00 00 03 23 00 01 'x'");
  await second.expectDisconnect(0x82);
});

Deno.test("[v5 MQTT-3.3.2-8] alias 0 is invalid", async () => {
  await using harness = await Harness.start();
  await expectDisconnects(harness, 0x94, ["30 08 00 01 74 03 23 00 00 78", "30 07 00 00 03 23 00 00 78"]);
});

Deno.test("[v5 MQTT-3.3.2-12] every alias up to the maximum is accepted", async () => {
  for (const topicAliasMaximum of [1, 10, 65_535]) {
    await using harness = await Harness.start({ capabilities: { topicAliasMaximum } });
    const client = await harness.connect();
    await client.subscribe("#");
    for (const topicAlias of new Set([1, Math.ceil(topicAliasMaximum / 2), topicAliasMaximum])) {
      for (const topic of [`t/${topicAlias}`, "", ""]) {
        await client.sendPublish(topic, "x", { properties: { topicAlias } });
        await client.expectMessage(`t/${topicAlias}`, "x", { properties: {} });
      }
    }
  }
});

Deno.test("[v5 NOTE-26] an alias has a topic before it is used, and may get another one", async () => {
  await using harness = await Harness.start();
  await expectDisconnects(harness, 0x82, ["30 07 00 00 03 23 00 05 78"]);
  const client = await harness.connect({ properties: { topicAliasMaximum: 1 } });
  await client.subscribe("a");
  await client.subscribe("b");
  for (const [topic, payload] of [["a", "1"], ["b", "2"], ["", "3"]]) {
    await client.sendPublish(topic, payload, { properties: { topicAlias: 1 } });
  }
  for (const [topic, payload] of [["a", "1"], ["b", "2"], ["b", "3"]]) await client.expectMessage(topic, payload);
});

Deno.test("[v5 NOTE-25] [v5 MQTT-4.7.3-1] an empty topic without alias is a protocol error", async () => {
  await using harness = await Harness.start();
  await expectDisconnects(harness, 0x82, ["30 04 00 00 00 78", "32 06 00 00 00 01 00 78"]);
});

Deno.test("[v5 NOTE-17] properties that do not belong into PUBLISH are malformed", async () => {
  await using harness = await Harness.start();
  const others = [
    "11 00 00 00 01",
    "15 00 01 'm'",
    "18 00 00 00 01",
    "1F 00 01 'r'",
    "21 00 01",
    "24 01",
    "7F 00",
    "00 00",
  ];
  await expectDisconnects(harness, 0x81, others.map(publish));
  await expectDisconnects(harness, 0x81, ["30 07 00 01 't' 05 02 00 00 01"]);
});

Deno.test("[v5 NOTE-9] the Payload Format Indicator is 0 or 1, and 1 is verified", async () => {
  await using harness = await Harness.start();
  const watcher = await harness.connect("watcher");
  await watcher.subscribe("t");
  await expectDisconnects(harness, 0x82, [publish("01 02")]);
  await expectDisconnects(harness, 0x99, ["30 07 00 01 't' 02 01 01 FF"]);
  const client = await harness.connect();
  await client.send("32 09 00 01 't' 00 01 02 01 01 FF");
  await client.expect("40 .. 00 01 99 *");
  await client.send("34 09 00 01 't' 00 02 02 01 01 FF");
  await client.expect("50 .. 00 02 99 *");
  await watcher.expectNothing();
  await client.publish("t", "\u00e9", { qos: 1, properties: { payloadFormatIndicator: 1 } });
  await watcher.expectMessage("t", "\u00e9");
  const mortal = await harness.open();
  await mortal.sendConnect({ will: { payload: Uint8Array.of(255), properties: { payloadFormatIndicator: 1 } } });
  await mortal.expectRefusal(0x99);
});

Deno.test("[v5 NOTE-9] payloads are not verified when the option says so", async () => {
  await using harness = await Harness.start({ capabilities: { validatePayloadFormat: false } });
  const client = await harness.connect();
  await client.subscribe("t");
  await client.send("30 07 00 01 't' 02 01 01 FF");
  await client.expect("30 07 00 01 't' 02 01 01 FF");
});
