import { assertEquals, assertThrows } from "@std/assert";
import { MqttError } from "../../src/packets/errors.ts";
import { InboundAliases, OutboundAliases } from "../../src/session/topic_aliases.ts";
import { KnownTopic } from "../../src/topics/known_topic.ts";

Deno.test("an alias stands for the topic that it was sent with last", () => {
  const aliases = new InboundAliases(3);
  const resolve = (alias: number, name: string) => aliases.resolve(alias, new KnownTopic(name)).name;
  assertEquals(resolve(1, "a"), "a");
  assertEquals(resolve(3, "c"), "c");
  assertEquals([resolve(1, ""), resolve(3, "")], ["a", "c"]);
  assertEquals(resolve(1, "b"), "b");
  assertEquals(resolve(1, ""), "b");
});

Deno.test("aliases outside of the maximum and without a topic are refused", () => {
  const table: [maximum: number, alias: number, topic: string, code: number][] = [
    [3, 0, "a", 0x94],
    [3, 4, "a", 0x94],
    [3, 65_535, "", 0x94],
    [0, 1, "a", 0x94],
    [3, 2, "", 0x82],
    [65_535, 65_535, "", 0x82],
  ];
  for (const [maximum, alias, topic, code] of table) {
    const error = assertThrows(() => new InboundAliases(maximum).resolve(alias, new KnownTopic(topic)), MqttError);
    assertEquals(error.reasonCode, code);
  }
});

Deno.test("an outbound alias is told once, and the one used longest ago gives way", () => {
  const aliases = new OutboundAliases(2);
  assertEquals(aliases.use("a"), { alias: 1, known: false });
  assertEquals(aliases.use("b"), { alias: 2, known: false });
  assertEquals(aliases.use("a"), { alias: 1, known: true });
  assertEquals(aliases.use("c"), { alias: 2, known: false }, "b was used before a");
  assertEquals(aliases.use("a"), { alias: 1, known: true });
  assertEquals(aliases.use("b"), { alias: 2, known: false });
  assertEquals(aliases.use("b"), { alias: 2, known: true });
});

Deno.test("the same as a client that remembers, for any order of topics", () => {
  for (const maximum of [1, 2, 7, 65_535]) {
    const aliases = new OutboundAliases(maximum), client = new Map<number, string>();
    let seed = maximum;
    for (let step = 0; step < 20_000; step++) {
      seed = seed * 48_271 % 0x7fffffff;
      const topic = `topic ${seed % 12}`, { alias, known } = aliases.use(topic);
      if (alias < 1 || alias > maximum) throw new Error(`alias ${alias} of ${maximum}`);
      if (!known) client.set(alias, topic);
      if (client.get(alias) !== topic) throw new Error(`the client reads ${client.get(alias)} for ${topic}`);
    }
  }
});
