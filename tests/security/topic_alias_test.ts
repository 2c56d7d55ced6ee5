import { assertEquals } from "@std/assert";
import type { Hook } from "../../src/hook/hook.ts";
import { Harness } from "../helpers/harness.ts";
import { expectMemory, expectServed } from "./attackers.ts";

Deno.test("65,535 aliases are not taken", async () => {
  await using harness = await Harness.start();
  for (const topicAlias of [33, 1_000, 65_535]) {
    const client = await harness.connect("a");
    assertEquals(client.connack!.properties!.topicAliasMaximum, 32);
    await client.sendPublish("t", "", { properties: { topicAlias } });
    await client.expectDisconnect(0x94);
  }
  await expectServed(harness);
});

Deno.test("aliases that are taken keep what they need and no more", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect("a");
  await expectMemory(20_000_000, async () => {
    for (let round = 0; round < 20; round++) {
      for (let topicAlias = 1; topicAlias <= 32; topicAlias++) {
        await client.publish(`${round}/${"x".repeat(30_000)}`, "", { properties: { topicAlias } });
      }
    }
  });
});

Deno.test("aliases of many clients end in 0x97, and clients that come are offered none", async () => {
  await using harness = await Harness.start({ capabilities: { maximumMemory: 400_000_000, topicAliasMaximum: 200 } });
  const topic = "x".repeat(60_000); // 200 of them take 24 MB, and there are 12 MB for all
  const greedy = await harness.connect("greedy"), other = await harness.connect("other");
  await other.publish("known", "", { properties: { topicAlias: 1 } });
  for (let topicAlias = 1; greedy.live && topicAlias <= 200; topicAlias++) {
    await greedy.sendPublish(`${topicAlias}/${topic}`, "", { properties: { topicAlias } });
    await harness.settle();
    if (topicAlias === 60) {
      const late = await harness.connect("late");
      assertEquals(late.connack!.properties?.topicAliasMaximum, undefined);
      await late.disconnect();
    }
  }
  await greedy.expectDisconnect(0x97);
  await other.publish("", "", { properties: { topicAlias: 1 } });
  assertEquals((await harness.connect("next")).connack!.properties!.topicAliasMaximum, 200);
  await expectServed(harness);
});

Deno.test("an alias is no way around the rights on its topic", async () => {
  const asked: string[] = [];
  let allowed = false;
  const acl: Hook = {
    id: "acl",
    onConnectAuthenticate: () => true,
    onAclCheck: (_client, topic, access) => (asked.push(`${access} ${topic}`), topic !== "secret" || allowed),
  };
  await using harness = await Harness.start({ hooks: [acl] });
  const heard: string[] = [];
  harness.broker.subscribe("#", (_client, packet) => void heard.push(packet.topic));
  const client = await harness.connect("a"), properties = { topicAlias: 1 };
  assertEquals(await client.publish("secret", "x", { qos: 1, properties }), 0x87);
  assertEquals(
    await client.publish("", "x", { qos: 1, properties }),
    0x87,
    "the alias is known, the right is not there",
  );
  allowed = true;
  assertEquals(await client.publish("", "x", { qos: 1, properties }), 0);
  allowed = false;
  assertEquals(await client.publish("", "x", { qos: 1, properties }), 0x87);
  assertEquals(heard, ["secret"]);
  assertEquals(asked, Array(4).fill("write secret"));
});

Deno.test("an alias is no way around the rules of topics, and ends with its connection", async () => {
  await using harness = await Harness.start();
  for (const topic of ["a/#", "+", "a".repeat(40_000) + "/+"]) {
    const client = await harness.connect("a");
    await client.sendPublish(topic, "", { properties: { topicAlias: 1 } });
    await client.expectDisconnect(0x90);
  }
  const first = await harness.connect("a");
  await first.publish("t", "", { properties: { topicAlias: 1 } });
  await first.disconnect();
  const second = await harness.connect({ clientId: "a", cleanStart: false });
  await second.sendPublish("", "", { properties: { topicAlias: 1 } });
  await second.expectDisconnect(0x82);
});
