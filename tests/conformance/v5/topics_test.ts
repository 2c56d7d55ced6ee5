import { assertEquals } from "@std/assert";
import { Harness } from "../../helpers/harness.ts";
import { expectDisconnects, expectMalformed, packet } from "./reactions.ts";

/** Subscribes to a filter and tells which of the topics arrive. */
async function matched(filter: string, topics: readonly string[]): Promise<string[]> {
  await using harness = await Harness.start();
  const client = await harness.connect();
  assertEquals(await client.subscribe(filter), 0);
  for (const topic of topics) await harness.broker.publish(topic, "x");
  await client.barrier();
  return client.received.filter(({ type }) => type === 3).map(({ topic }) => topic!);
}

Deno.test("[v5 MQTT-4.7.1-1] # stands alone at the end, and matches its parent", async () => {
  await using harness = await Harness.start();
  await expectMalformed(harness, ["a#", "a/#/b", "##", "#/", "a/b#", "#a", "+#", "a/#/"]);
  assertEquals(harness.broker.info.subscriptions, 0);
  const topics = ["a", "a/", "a/b", "a/b/c", "b", "ab", "/a"];
  assertEquals(await matched("a/#", topics), ["a", "a/", "a/b", "a/b/c"]);
  assertEquals(await matched("#", topics), topics);
});

Deno.test("[v5 MQTT-4.7.1-2] + is a whole level", async () => {
  await using harness = await Harness.start();
  await expectMalformed(harness, ["a+", "+a/b", "a/+b", "a/b+/c", "++", "a/+#"]);
  assertEquals(harness.broker.info.subscriptions, 0);
  const topics = ["a", "a/b", "a/x/b", "a//b", "/", "", "a/b/c"].filter((topic) => topic !== "");
  assertEquals(await matched("+", topics), ["a"]);
  assertEquals(await matched("a/+/b", topics), ["a/x/b", "a//b"]);
  assertEquals(await matched("+/+", topics), ["a/b", "/"]);
  assertEquals(await matched("+/#", topics), topics);
});

Deno.test("[v5 MQTT-4.7.2-1] wildcards at the start do not match topics with a dollar sign", async () => {
  const topics = ["$SYS/x", "$x/x", "$", "a/$x", "a"];
  assertEquals(await matched("#", topics), ["a/$x", "a"]);
  assertEquals(await matched("+/x", topics), []);
  assertEquals(await matched("+/$x", topics), ["a/$x"]);
  assertEquals(await matched("$SYS/#", topics), ["$SYS/x"]);
  assertEquals(await matched("$x/+", topics), ["$x/x"]);
  assertEquals(await matched("$share/g/#", topics), ["a/$x", "a"]);
  assertEquals(await matched("$share/g/$SYS/#", topics), ["$SYS/x"]);
});

Deno.test("[v5 MQTT-4.7.2-1] neither do retained messages and those of the broker itself", async () => {
  await using harness = await Harness.start({ sysTopicResendInterval: 1 });
  const client = await harness.connect();
  await client.subscribe("#");
  await harness.broker.publish("$x/x", "x", { retain: true });
  await harness.advance(5_000);
  await client.subscribe("#");
  await client.subscribe("+/broker/version");
  await client.expectNothing();
  await client.subscribe("$SYS/broker/version");
  const { topic, retain } = await client.next();
  assertEquals([topic, retain], ["$SYS/broker/version", true]);
});

Deno.test("[v5 MQTT-4.7.3-1] a filter has at least one character", async () => {
  await using harness = await Harness.start();
  await expectDisconnects(harness, 0x81, ["82 06 12 34 00 00 00 00", "A2 05 12 34 00 00 00"]);
  await expectMalformed(harness, ["", "$share/g/"]);
  assertEquals(harness.broker.info.subscriptions, 0);
});

Deno.test("[v5 MQTT-4.7.3-2] neither topics nor filters hold U+0000", async () => {
  await using harness = await Harness.start();
  await expectDisconnects(harness, 0x81, [
    packet(0x30, "00 01 00 00 'x'"),
    packet(0x82, "00 01 00 00 02 'a' 00 00"),
    packet(0x82, "00 01 00 00 0A '$share/' 00 '/t' 00"),
    packet(0xa2, "00 01 00 00 01 00"),
  ]);
});

Deno.test("[v5 MQTT-4.7.3-3] topics and filters may have 65,535 bytes", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect();
  const topic = "x".repeat(65_535);
  assertEquals(await client.subscribe(topic), 0);
  await client.sendPublish(topic, "y", { qos: 1, packetId: 1 });
  await client.expectMessage(topic, "y");
  await client.expect("40 02 00 01");
});

Deno.test("[v5 MQTT-4.7.3-4] nothing is normalised", async () => {
  const topics = ["a/b", "A/b", "/a/b", "a/b/", "a//b", "a/b ", " a/b", "\u00e9", "e\u0301", "a/B", "\u212b", "\u00c5"];
  for (const topic of topics) assertEquals(await matched(topic, topics), [topic]);
});

Deno.test("[v5 MQTT-4.7.3-4] retained topics are not normalised either", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect();
  const topics = ["a", "A", "/a", "a/", "\u00e9", "e\u0301"];
  for (const topic of topics) await harness.broker.publish(topic, topic, { retain: true });
  for (const topic of topics) {
    await client.subscribe(topic);
    await client.expectMessage(topic, topic);
  }
  await client.expectNothing();
});

Deno.test("[v5 MQTT-4.7.3-1] more levels than allowed: a topic ends the connection, a filter is refused", async () => {
  await using harness = await Harness.start({ capabilities: { maximumTopicLevels: 3 } });
  const client = await harness.connect();
  assertEquals(await client.subscribe("a/b/c"), 0);
  assertEquals(await client.subscribe("a/b/c/d"), 0x8f);
  await client.publish("a/b", "x", { qos: 1 });
  await client.sendPublish("a/b/c/d", "x");
  await client.expectDisconnect(0x90);
});
