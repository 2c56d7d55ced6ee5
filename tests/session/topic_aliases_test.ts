import { assertEquals, assertThrows } from "@std/assert";
import { MqttError } from "../../src/packets/errors.ts";
import { AliasTotals } from "../../src/session/alias_totals.ts";
import { InboundAliases, OutboundAliases } from "../../src/session/topic_aliases.ts";
import { KnownTopic } from "../../src/topics/known_topic.ts";

Deno.test("an alias stands for the topic that it was sent with last", () => {
  const aliases = new InboundAliases(3, new AliasTotals(Infinity));
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
    const aliases = new InboundAliases(maximum, new AliasTotals(Infinity));
    const error = assertThrows(() => aliases.resolve(alias, new KnownTopic(topic)), MqttError);
    assertEquals(error.reasonCode, code);
  }
});

Deno.test("aliases of all clients have a limit, and none are offered from half of it on", () => {
  const totals = new AliasTotals(1_000), aliases = new InboundAliases(9, totals);
  aliases.resolve(1, new KnownTopic("x".repeat(185))); // 128 bytes, and two for each character
  assertEquals([totals.bytes, totals.areOffered, new InboundAliases(9, totals).maximum], [498, true, 9]);
  aliases.resolve(1, new KnownTopic("x".repeat(185)));
  assertEquals(totals.bytes, 498, "the same one again");
  aliases.resolve(1, new KnownTopic("y".repeat(186)));
  const late = new InboundAliases(9, totals);
  assertEquals([totals.bytes, totals.areOffered, late.maximum], [500, false, 0]);
  assertEquals(assertThrows(() => late.resolve(1, new KnownTopic("a")), MqttError).reasonCode, 0x94);
  const error = assertThrows(() => aliases.resolve(2, new KnownTopic("x".repeat(187))), MqttError);
  assertEquals([error.reasonCode, totals.bytes], [0x97, 500]);
  assertEquals(
    assertThrows(() => aliases.resolve(2, new KnownTopic("")), MqttError).reasonCode,
    0x82,
    "it was not set",
  );
  aliases.resolve(2, new KnownTopic("x".repeat(186)));
  assertEquals(totals.bytes, 1_000);
  aliases.resolve(1, new KnownTopic("x")); // a shorter one gives back
  assertEquals(totals.bytes, 630);
  aliases.end();
  assertEquals([totals.bytes, totals.areOffered], [0, true]);
  assertEquals(assertThrows(() => aliases.resolve(1, new KnownTopic("a")), MqttError).reasonCode, 0x94);
  assertEquals(totals.bytes, 0);
});

Deno.test("an outbound alias is told once, and the one used longest ago gives way", () => {
  const aliases = new OutboundAliases(2, new AliasTotals(Infinity));
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
    const aliases = new OutboundAliases(maximum, new AliasTotals(Infinity)), client = new Map<number, string>();
    let seed = maximum;
    for (let step = 0; step < 20_000; step++) {
      seed = seed * 48_271 % 0x7fffffff;
      const topic = `topic ${seed % 12}`, { alias, known } = aliases.use(topic)!;
      if (alias < 1 || alias > maximum) throw new Error(`alias ${alias} of ${maximum}`);
      if (!known) client.set(alias, topic);
      if (client.get(alias) !== topic) throw new Error(`the client reads ${client.get(alias)} for ${topic}`);
    }
  }
});
