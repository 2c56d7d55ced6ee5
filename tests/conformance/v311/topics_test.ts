import { expectCloses, start, subscriber } from "./harness.ts";
import { packet } from "../v5/reactions.ts";

/** SUBSCRIBE and UNSUBSCRIBE for each filter. */
function requests(filters: readonly string[]): Uint8Array[] {
  const texts = filters.map((filter) => `00 ${filter.length.toString(16).padStart(2, "0")} '${filter}'`);
  return texts.flatMap((text) => [packet(0x82, `00 01 ${text} 00`), packet(0xa2, `00 01 ${text}`)]);
}

Deno.test("[v311 MQTT-4.7.1-1] the topic of a will has no wildcards", async () => {
  await using harness = await start();
  for (const topic of ["#", "a/#", "+", "a/+/b", "a#"]) {
    const client = await harness.open();
    await client.sendConnect({ will: { topic } });
    await client.expectClosed();
  }
});

Deno.test("[v311 MQTT-4.7.1-2] # stands alone at the end and matches its parent", async () => {
  await using harness = await start();
  await expectCloses(harness, requests(["a#", "a/b#", "#/a", "a/#/b", "##", "a/##", "#a", "+#"]));
  const client = await harness.connect();
  await client.subscribe("a/#");
  for (const topic of ["a", "a/", "a/b", "a/b/c/d"]) {
    await harness.broker.publish(topic, "x");
    await client.expectMessage(topic, "x");
  }
  for (const topic of ["ab", "b/a", "/a", "/"]) await harness.broker.publish(topic, "x");
  await client.expectNothing();
  const all = await subscriber(harness, 0, { clientId: "all", filter: "#" });
  for (const topic of ["a", "/", "//a"]) {
    await harness.broker.publish(topic, "x");
    await all.expectMessage(topic, "x");
  }
});

Deno.test("[v311 MQTT-4.7.1-3] + is a whole level", async () => {
  await using harness = await start();
  await expectCloses(harness, requests(["a+", "+a", "a/b+", "a/+b", "++", "+/a+"]));
  const client = await harness.connect();
  await client.subscribe("+");
  await client.subscribe("a/+/c");
  await client.subscribe("/+");
  for (const topic of ["a", "a/b/c", "a//c", "/x", "/"]) {
    await harness.broker.publish(topic, "x");
    await client.expectMessage(topic, "x");
  }
  for (const topic of ["a/b", "a/b/b/c", "a/c", "x/", "//"]) await harness.broker.publish(topic, "x");
  await client.expectNothing();
});

Deno.test("[v311 MQTT-4.7.2-1] wildcards at the start do not match topics with a dollar sign", async () => {
  await using harness = await start({ sysTopicResendInterval: 1 });
  const client = await harness.connect();
  await client.send("82 14 00 01 00 01 '#' 00 00 03 '+/#' 00 00 05 '+/a/#' 00");
  await client.expect("90 05 00 01 00 00 00");
  await harness.advance(3_000);
  await harness.broker.publish("$SYS/a/b", "x", { retain: true });
  await harness.broker.publish("$other/a", "x", { retain: true });
  await client.expectNothing();
  await client.subscribe("$SYS/a/#");
  await client.expectMessage("$SYS/a/b", "x");
  await client.subscribe("$other/+");
  await client.expectMessage("$other/a", "x");
  await client.subscribe("#");
  await client.expectNothing();
});

Deno.test("[v311 MQTT-4.7.3-1] topics and filters have at least one character", async () => {
  await using harness = await start();
  await expectCloses(harness, [
    ...["30 03 00 00 78", "31 03 00 00 78", "32 05 00 00 00 01 78", "82 05 00 01 00 00 00"],
    ...["82 09 00 01 00 01 't' 00 00 00 00", "A2 04 00 01 00 00"],
    ...requests(["$share/g/", "$share/g", "$share//a"]),
  ]);
  const space = await subscriber(harness, 0, { filter: " " });
  await harness.broker.publish(" ", "x");
  await space.expectMessage(" ", "x");
});

Deno.test("[v311 MQTT-4.7.3-3] topics and filters may have 65,535 bytes", async () => {
  await using harness = await start();
  const topic = `t/${"x".repeat(65_533)}`, encoded = `FF FF '${topic}'`;
  const client = await harness.connect();
  await client.send(packet(0x82, `00 01 ${encoded} 00`));
  await client.expect("90 03 00 01 00");
  await client.send(packet(0x32, `${encoded} 00 02 'x'`));
  await client.expectMessage(topic, "x");
  await client.expect("40 02 00 02");
  await client.send(packet(0xa2, `00 03 ${encoded}`));
  await client.expect("B0 02 00 03");
});

Deno.test("[v311 MQTT-4.7.3-4] nothing is normalised", async () => {
  await using harness = await start();
  const topics = ["a/b", "A/b", "/a/b", "a//b", "a/b/", "a /b", "a/b ", "a/./b", "\u00e9", "e\u0301", "%61/b", "a\\b"];
  const clients = await Promise.all(topics.map((filter) => subscriber(harness, 0, { clientId: filter, filter })));
  const publisher = await harness.connect("publisher");
  for (const topic of topics) await publisher.publish(topic, topic, { retain: true });
  for (const [index, client] of clients.entries()) {
    await client.expectMessage(topics[index], topics[index]);
    await client.expectNothing();
    await client.subscribe(topics[index]);
    await client.expectMessage(topics[index], topics[index], { retain: true });
    await client.expectNothing();
  }
});
