import { assertEquals, assertThrows } from "@std/assert";
import { MqttError } from "../../src/packets/errors.ts";
import { exceedsEncodedLimit, levelEnd, validateTopicName } from "../../src/topics/topic_name.ts";

function codeOf(name: string, maximumLevels?: number): number {
  return assertThrows(() => validateTopicName(name, maximumLevels), MqttError).reasonCode;
}

Deno.test("validateTopicName accepts every name without wildcard and U+0000", () => {
  for (
    const name of [
      "a",
      "/",
      "//",
      " ",
      "a b",
      "a/",
      "/a",
      "a//b",
      "$SYS/x",
      "$share/g/x",
      "sport/tennis/player1",
      "\u0001",
      "\ufeff",
      "ä/ö",
      "💡/1",
      "__proto__",
      "constructor/prototype",
    ]
  ) validateTopicName(name);
});

Deno.test("validateTopicName refuses an empty name with 0x82", () => assertEquals(codeOf(""), 0x82));

Deno.test("validateTopicName refuses wildcards anywhere with 0x90", () => {
  for (const name of ["+", "#", "a+", "+a", "a#b", "a/+", "a/#", "a/b+c/d"]) assertEquals(codeOf(name), 0x90, name);
});

Deno.test("validateTopicName refuses U+0000 anywhere with 0x81", () => {
  for (const name of ["\0", "a\0", "\0/a", "a/\0/b"]) assertEquals(codeOf(name), 0x81);
});

Deno.test("validateTopicName limits the levels with 0x90", () => {
  validateTopicName("/".repeat(127));
  assertEquals(codeOf("/".repeat(128)), 0x90);
  validateTopicName("a/b", 2);
  assertEquals(codeOf("a/b/c", 2), 0x90);
  validateTopicName("/".repeat(65_534), 65_535);
  assertEquals(codeOf("/".repeat(65_535)), 0x90);
});

Deno.test("validateTopicName limits the length to 65,535 bytes with 0x90", () => {
  validateTopicName("a".repeat(65_535));
  assertEquals(codeOf("a".repeat(65_536)), 0x90);
  validateTopicName("ä".repeat(32_767));
  assertEquals(codeOf("ä".repeat(32_768)), 0x90);
  validateTopicName("€".repeat(21_845));
  assertEquals(codeOf("€".repeat(21_846)), 0x90);
  validateTopicName("💡".repeat(16_383));
  assertEquals(codeOf("💡".repeat(16_384)), 0x90);
});

Deno.test("exceedsEncodedLimit agrees with the encoder around the limit", () => {
  const encoder = new TextEncoder();
  const edges = ["\x7f", "\x80", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\uffff", "\u{10000}", "\u{10ffff}"];
  for (const unit of ["a", "ä", "€", "💡", "a€", "ä💡", ...edges]) {
    const count = Math.floor(65_535 / encoder.encode(unit).length);
    for (const repeat of [count - 1, count, count + 1]) {
      const text = unit.repeat(repeat);
      assertEquals(exceedsEncodedLimit(text), encoder.encode(text).length > 65_535, `${unit} ${repeat}`);
    }
  }
});

Deno.test("levelEnd stops at the separator or the end", () => {
  assertEquals([0, 1, 2, 3].map((from) => levelEnd("a/b", from)), [1, 1, 3, 3]);
});
