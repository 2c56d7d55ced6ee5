import { assert, assertEquals, assertThrows } from "@std/assert";
import { MqttError } from "../../src/packets/errors.ts";
import {
  filterCovers,
  type FilterLimits,
  NO_FILTER_LIMITS,
  parseTopicFilter,
  topicMatchesFilter,
} from "../../src/topics/topic_filter.ts";
import { filters, matchesWithParent, sequences } from "./brute_force.ts";

const WORDS = ["", "a", "b", "$x"];

function codeOf(filter: string, limits: Partial<FilterLimits> = {}): number {
  const all = { ...NO_FILTER_LIMITS, ...limits };
  return assertThrows(() => parseTopicFilter(filter, all), MqttError, undefined, filter).reasonCode;
}

Deno.test("parseTopicFilter takes filters without share as they are", () => {
  for (const filter of ["a", "/", "a/b", "a//", "$SYS/x", "$share", "$shared/a", "$SHARE/g/a", " "]) {
    assertEquals(parseTopicFilter(filter), { full: filter, filter, shareName: undefined, hasWildcard: false });
  }
});

Deno.test("[v5 MQTT-4.7.1-1] [v311 MQTT-4.7.1-2] # is a filter's last level or nowhere", () => {
  for (const filter of ["#", "/#", "a/#", "a//#", "+/#", "$SYS/#"]) assert(parseTopicFilter(filter).hasWildcard);
  for (const filter of ["a#", "##", "#a", "#/", "#/a", "a/#/b", "a/#b", "a/b#", "+#", "#+", "a/##"]) {
    assertEquals(codeOf(filter), 0x81, filter);
  }
});

Deno.test("[v5 MQTT-4.7.1-2] [v311 MQTT-4.7.1-3] + fills a whole level", () => {
  for (const filter of ["+", "/+", "+/", "a/+", "+/b", "a/+/b", "+/+", "+/tennis/#"]) {
    assert(parseTopicFilter(filter).hasWildcard, filter);
  }
  for (const filter of ["a+", "+a", "++", "a/+b", "a/b+", "a/b+/c", "a/++/c", "sport+"]) {
    assertEquals(codeOf(filter), 0x81, filter);
  }
});

Deno.test("[v5 MQTT-4.8.2-1] a share needs a name of at least one character", () => {
  for (const filter of ["$share//a", "$share//", "$share/"]) assertEquals(codeOf(filter), 0x81, filter);
});

Deno.test("[v5 MQTT-4.8.2-2] a share name has no wildcard or separator and a filter follows it", () => {
  for (
    const filter of ["$share/g", "$share/g/", "$share/g+/a", "$share/+/a", "$share/#/a", "$share/g#/a", "$share/#"]
  ) assertEquals(codeOf(filter), 0x81, filter);
  for (
    const [full, shareName, filter, hasWildcard] of [
      ["$share/g/a", "g", "a", false],
      ["$share/g//f", "g", "/f", false],
      ["$share/g//", "g", "/", false],
      ["$share/$g/$SYS/#", "$g", "$SYS/#", true],
      ["$share/g/#", "g", "#", true],
      ["$share/__proto__/constructor", "__proto__", "constructor", false],
      ["$share/g/$share/h/a", "g", "$share/h/a", false],
    ] as const
  ) assertEquals(parseTopicFilter(full), { full, filter, shareName, hasWildcard });
});

Deno.test("parseTopicFilter checks the inner filter of a share like any other", () => {
  for (const inner of ["a#", "a+", "#/a", "a/#/b", "+b"]) assertEquals(codeOf(`$share/g/${inner}`), 0x81, inner);
});

Deno.test("[v5 MQTT-4.7.3-1] [v5 MQTT-4.7.3-2] parseTopicFilter refuses an empty filter and U+0000", () => {
  assertEquals(codeOf(""), 0x81);
  for (const filter of ["\0", "a/\0", "\0/#", "$share/\0/a", "$share/g/\0"]) assertEquals(codeOf(filter), 0x81);
});

Deno.test("parseTopicFilter limits the levels of the inner filter, those that are +, and the bytes of all", () => {
  const limits = { maximumTopicLevels: 3, maximumSingleLevelWildcards: 1 };
  for (const filter of ["a/+/#", "//", "$share/g///", "$share/g/a/b/+"]) parseTopicFilter(filter, limits);
  for (const filter of ["///", "$share/g////", "a/b/c/#", "+/+", "+/a/+", "$share/g/+/+/#"]) {
    assertEquals(codeOf(filter, limits), 0x8f, filter);
  }
  assertEquals(codeOf("a/b/#", { maximumTopicLevels: 2 }), 0x8f);
  assertEquals(codeOf("+", { maximumSingleLevelWildcards: 0 }), 0x8f);
  assertEquals(codeOf("////#/a", limits), 0x81, "its form comes first");
  parseTopicFilter(`${"+/".repeat(32_767)}#`);
  parseTopicFilter("a".repeat(65_535));
  assertEquals(codeOf("a".repeat(65_536)), 0x81);
});

Deno.test("topicMatchesFilter follows the examples of the standard", () => {
  for (
    const [filter, yes, no] of [
      ["sport/tennis/player1/#", [
        "sport/tennis/player1",
        "sport/tennis/player1/ranking",
        "sport/tennis/player1/score/wimbledon",
      ], ["sport/tennis/player12", "sport/tennis"]],
      ["sport/#", ["sport", "sport/", "sport/a/b"], ["sports", "Sport"]],
      ["sport/tennis/+", ["sport/tennis/player1", "sport/tennis/"], ["sport/tennis/player1/ranking", "sport/tennis"]],
      ["sport/+", ["sport/"], ["sport"]],
      ["+/+", ["/finance"], ["finance", "a/b/c"]],
      ["/+", ["/finance", "/"], ["finance"]],
      ["+", ["finance"], ["/finance"]],
      ["+/tennis/#", ["sport/tennis", "/tennis/x"], ["tennis", "a/b/tennis"]],
    ] as const
  ) {
    for (const topic of yes) assert(topicMatchesFilter(topic, filter), `${filter} ${topic}`);
    for (const topic of no) assert(!topicMatchesFilter(topic, filter), `${filter} ${topic}`);
  }
});

Deno.test("[v5 MQTT-4.7.2-1] [v311 MQTT-4.7.2-1] leading wildcards hide topics that start with a dollar sign", () => {
  for (const filter of ["#", "+", "+/#", "+/monitor/Clients"]) {
    assert(!topicMatchesFilter("$SYS/monitor/Clients", filter), filter);
  }
  for (const filter of ["$SYS/#", "$SYS/monitor/+", "$SYS/+/Clients"]) {
    assert(topicMatchesFilter("$SYS/monitor/Clients", filter), filter);
  }
  assert(topicMatchesFilter("a/$SYS", "a/+"));
  assert(topicMatchesFilter("/$SYS", "+/#"));
});

Deno.test("[v5 MQTT-4.7.3-4] [v311 MQTT-4.7.3-4] names that look alike are not the same", () => {
  const names = ["a/b", "A/b", "/a/b", "a/b/", "a//b", "a/b ", "\u00e4", "a\u0308", "\ufeffa/b", "a\\b"];
  for (const topic of names) {
    for (const filter of names) assertEquals(topicMatchesFilter(topic, filter), topic === filter, `${topic} ${filter}`);
  }
});

Deno.test("topicMatchesFilter agrees with brute force over a small world", () => {
  const topics = sequences(WORDS, 4);
  for (const filter of filters(WORDS, 4)) {
    for (const topic of topics) {
      assertEquals(topicMatchesFilter(topic, filter), matchesWithParent(topic, filter), `${topic} ${filter}`);
    }
  }
});

Deno.test("filterCovers: a rule grants nothing beyond itself", () => {
  for (
    const [granting, requested, covered] of [
      ["a/+", "a/#", false],
      ["a", "a/b", false],
      ["a", "a/#", false],
      ["a/+", "a/b", true],
      ["a/+", "a/+", true],
      ["a/+", "a", false],
      ["a/#", "a", true],
      ["a/#", "a/+/c", true],
      ["a/+/#", "a/#", false],
      ["#", "+/#", true],
      ["+/#", "#", true],
      ["+", "#", false],
      ["#", "$SYS/#", false],
      ["+/#", "$SYS/#", false],
      ["$SYS/#", "$SYS/#", true],
      ["$SYS/#", "$SYS", true],
      ["$SYS/#", "#", false],
      ["#", "#", true],
      ["a/b", "a/+", false],
      ["+", "a+", true],
      ["ab", "a", false],
      ["a", "ab", false],
    ] as const
  ) assertEquals(filterCovers(granting, requested), covered, `${granting} ${requested}`);
});

Deno.test("filterCovers agrees with brute force over a small world", () => {
  // "z" stands for all the words that no filter names; one level more than the filters have stands for all depths.
  const topics = sequences([...WORDS, "z"], 4);
  const all = filters(WORDS, 3);
  const sets = all.map((filter) => new Set(topics.filter((topic) => matchesWithParent(topic, filter))));
  for (let granting = 0; granting < all.length; granting++) {
    for (let requested = 0; requested < all.length; requested++) {
      const expected = sets[requested].isSubsetOf(sets[granting]);
      // The parent of "/#" would be the empty topic, which cannot exist; answering no to "/+/#" is on the safe side.
      if (expected && all[requested] === "/#" && ["/+/#", "+/+/#"].includes(all[granting])) continue;
      assertEquals(filterCovers(all[granting], all[requested]), expected, `${all[granting]} ${all[requested]}`);
    }
  }
});

Deno.test("matching and covering get along with 65,535 levels", () => {
  const deep = "/".repeat(65_534);
  assert(topicMatchesFilter(deep, "#"));
  assert(topicMatchesFilter(deep, `${"+/".repeat(65_534)}+`));
  assert(!topicMatchesFilter(deep, `${"+/".repeat(65_533)}+`));
  assert(filterCovers(`${"+/".repeat(65_534)}#`, deep));
  assert(!filterCovers(deep, `${"+/".repeat(65_534)}+`));
});
