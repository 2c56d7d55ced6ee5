import { assert, assertEquals, assertThrows } from "@std/assert";
import { MqttError } from "../../src/packets/errors.ts";
import { AliasTotals } from "../../src/session/alias_totals.ts";
import { LITTLE, openPart } from "../../src/session/fair_part.ts";
import { InboundAliases } from "../../src/session/topic_aliases.ts";
import { KnownTopic } from "../../src/topics/known_topic.ts";

Deno.test("the last eighth is for clients with little, half of that for addresses with little", () => {
  const table: [client: number, address: number, part: number][] = [
    [0, 0, 1],
    [LITTLE, LITTLE, 1],
    [LITTLE, LITTLE + 1, 15 / 16],
    [LITTLE + 1, LITTLE + 1, 7 / 8],
    [LITTLE + 1, 0, 7 / 8],
  ];
  for (const [client, address, part] of table) assertEquals(openPart({ client, address }), part);
});

Deno.test("long Topic Aliases are refused before short ones", () => {
  const totals = new AliasTotals(1_000_000), small = new InboundAliases(9, totals);
  const hogs = Array.from({ length: 30 }, () => new InboundAliases(9, totals));
  const long = new KnownTopic("x".repeat(20_000));
  const error = assertThrows(() => hogs.forEach((hog) => hog.resolve(1, long)), MqttError);
  assertEquals([error.reasonCode, totals.bytes > 800_000, totals.bytes <= 875_000], [0x97, true, true]);
  for (let alias = 1; alias < 5; alias++) small.resolve(alias, new KnownTopic(`${alias}`.repeat(900)));
  assert(totals.bytes < 875_000 + LITTLE);
});
