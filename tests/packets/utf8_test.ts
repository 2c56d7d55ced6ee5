import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { MqttError } from "../../src/packets/errors.ts";
import { StringCache } from "../../src/packets/string_cache.ts";
import { decodeUtf8, isAscii, utf8Length, writeUtf8 } from "../../src/packets/utf8.ts";
import { text } from "./arbitraries.ts";
import { decodeBytes, framed, hex } from "./bytes.ts";

const GOOD: [name: string, bytes: string, text: string][] = [
  ["empty", "", ""],
  ["U+0001", "01", "\u0001"],
  ["U+007F", "7F", "\u007f"],
  ["first of two bytes", "C2 80", "\u0080"],
  ["last of two bytes", "DF BF", "\u07ff"],
  ["first of three bytes", "E0 A0 80", "\u0800"],
  ["below the surrogates", "ED 9F BF", "\ud7ff"],
  ["above the surrogates", "EE 80 80", "\ue000"],
  ["byte-order mark in front", "EF BB BF 'a'", "\ufeffa"],
  ["byte-order mark alone", "EF BB BF", "\ufeff"],
  ["byte-order mark inside", "'a' EF BB BF", "a\ufeff"],
  ["U+FFFD", "EF BF BD", "\ufffd"],
  ["U+FFFF", "EF BF BF", "\uffff"],
  ["first of four bytes", "F0 90 80 80", "\u{10000}"],
  ["U+1F600", "F0 9F 98 80", "\u{1f600}"],
  ["last of all", "F4 8F BF BF", "\u{10ffff}"],
];

const BAD: [name: string, bytes: string][] = [
  ["U+0000", "00"],
  ["U+0000 between letters", "'a' 00 'b'"],
  ["U+0000 behind a letter of two bytes", "C3 A4 00"],
  ["over-long U+0000", "C0 80"],
  ["over-long slash in two bytes", "C0 AF"],
  ["over-long slash in three bytes", "E0 80 AF"],
  ["over-long slash in four bytes", "F0 80 80 AF"],
  ["over-long U+007F", "C1 BF"],
  ["over-long U+07FF", "E0 9F BF"],
  ["over-long U+FFFF", "F0 8F BF BF"],
  ["first surrogate", "ED A0 80"],
  ["last surrogate", "ED BF BF"],
  ["pair of surrogates", "ED A0 BD ED B8 80"],
  ["U+110000", "F4 90 80 80"],
  ["F5", "F5 80 80 80"],
  ["five bytes", "F8 88 80 80 80"],
  ["FE", "FE"],
  ["FF", "FF"],
  ["continuation alone", "80"],
  ["two bytes cut short", "C3"],
  ["three bytes cut short", "E2 82"],
  ["four bytes cut short", "F0 9F 98"],
  ["letter in place of a continuation", "C3 'a'"],
  ["Latin-1", "'gr' F6 DF 'e'"],
];

/** A packet (MQTT 5) for each string field, around the bytes of a field. */
type Field = (text: Uint8Array) => Uint8Array;

function parts(...items: (string | Uint8Array)[]): Uint8Array {
  return Uint8Array.from(items.flatMap((item) => [...(typeof item === "string" ? hex(item) : item)]));
}

function field(bytes: Uint8Array): Uint8Array {
  return parts(Uint8Array.of(bytes.length >>> 8, bytes.length), bytes);
}

function properties(id: string, ...items: Uint8Array[]): Uint8Array {
  const content = parts(id, ...items);
  return parts(Uint8Array.of(content.length), content);
}

const START = "00 04 'MQTT' 05";
const FIELDS: Record<string, Field> = {
  "Client Identifier": (text) => framed(0x10, parts(START, "02 00 3C 00", field(text))),
  "Will Topic": (text) => framed(0x10, parts(START, "06 00 3C 00 00 01 'a' 00", field(text), "00 00")),
  "user name": (text) => framed(0x10, parts(START, "82 00 3C 00 00 01 'a'", field(text))),
  "Authentication Method": (text) => framed(0x10, parts(START, "02 00 3C", properties("15", field(text)), "00 01 'a'")),
  "Will Content Type": (text) =>
    framed(0x10, parts(START, "06 00 3C 00 00 01 'a'", properties("03", field(text)), "00 01 'w' 00 00")),
  "Assigned Client Identifier": (text) => framed(0x20, parts("00 00", properties("12", field(text)))),
  "Response Information": (text) => framed(0x20, parts("00 00", properties("1A", field(text)))),
  "Server Reference": (text) => framed(0x20, parts("00 00", properties("1C", field(text)))),
  "Topic Name": (text) => framed(0x30, parts(field(text), "00 'x'")),
  "Content Type": (text) => framed(0x30, parts("00 01 't'", properties("03", field(text)))),
  "Response Topic": (text) => framed(0x30, parts("00 01 't'", properties("08", parts(field(parts("'r'", text)))))),
  "User Property name": (text) => framed(0x30, parts("00 01 't'", properties("26", field(text), hex("00 00")))),
  "User Property value": (text) => framed(0x30, parts("00 01 't'", properties("26", hex("00 00"), field(text)))),
  "Reason String": (text) => framed(0x40, parts("00 01 00", properties("1F", field(text)))),
  "Topic Filter": (text) => framed(0x82, parts("00 01 00", field(text), "00")),
  "Topic Filter to remove": (text) => framed(0xa2, parts("00 01 00", field(text))),
};

for (const [name, make] of Object.entries(FIELDS)) {
  Deno.test(`[v5 MQTT-1.5.4-1] [v5 MQTT-1.5.4-2] [v5 MQTT-1.5.4-3] [v5 MQTT-1.5.7-1] ${name}: table of bytes`, () => {
    for (const [what, bytes, text] of GOOD) {
      const found = JSON.stringify(decodeBytes(make(hex(bytes)), 5));
      assert(found.includes(JSON.stringify(text).slice(1, -1)), what);
    }
    for (const [what, bytes] of BAD) {
      const error = assertThrows(() => decodeBytes(make(hex(bytes)), 5), MqttError, undefined, what);
      assertEquals(error.reasonCode, 0x81, what);
    }
  });
}

Deno.test("[v311 MQTT-1.5.3-1] [v311 MQTT-1.5.3-2] [v311 MQTT-1.5.3-3] Topic Name: table of bytes", () => {
  for (const [, bytes, text] of GOOD) {
    const packet = decodeBytes(framed(0x30, parts(field(hex(bytes)), "'x'")), 4);
    assert(packet.type === 3 && packet.topic === text);
  }
  for (const [what, bytes] of BAD) {
    const action = () => decodeBytes(framed(0x30, parts(field(hex(bytes)), "'x'")), 4);
    assertEquals(assertThrows(action, MqttError, undefined, what).reasonCode, 0x81);
  }
});

Deno.test("long strings are judged like short ones", () => {
  for (const length of [0, 7, 8, 9, 123, 124, 125, 127, 128, 129, 1000]) {
    const letters = "abcdefghij".repeat(100).slice(0, length);
    const prefix = new TextEncoder().encode(letters);
    for (const [, bytes, text] of GOOD) {
      const all = parts(prefix, bytes);
      assertEquals(decodeUtf8(all, 0, all.length), letters + text);
    }
    for (const [what, bytes] of BAD) {
      const all = parts(prefix, bytes, prefix);
      assertThrows(() => decodeUtf8(all, 0, all.length), MqttError, undefined, what);
    }
  }
});

Deno.test("the table of bytes, encoded", () => {
  for (const [what, bytes, text] of GOOD) {
    const target = new Uint8Array(20);
    const end = writeUtf8(text, target, 0);
    assertEquals(target.slice(0, end), hex(bytes), what);
    assertEquals(utf8Length(text), end, what);
  }
});

Deno.test("encoding and length of text", () => {
  fc.assert(fc.property(text, (value) => {
    const target = new Uint8Array(3 * value.length + 2);
    const end = writeUtf8(value, target, 1);
    assertEquals(target.slice(1, end), new TextEncoder().encode(value));
    assertEquals(utf8Length(value), end - 1);
    assertEquals(decodeUtf8(target, 1, end), value);
  }));
});

Deno.test("StringCache gives the same as decoding, hit or miss", () => {
  const cache = new StringCache((text) => text, 2);
  for (let round = 0; round < 3; round++) {
    for (const [, bytes, text] of GOOD) {
      const all = parts("'xx'", bytes, "'yy'");
      assertEquals(cache.decode(all, 2, all.length - 2), text);
      assertEquals(cache.decode(all, 2, all.length - 2), text);
    }
    for (const [what, bytes] of BAD) {
      assertThrows(() => cache.decode(hex(bytes), 0, hex(bytes).length), MqttError, undefined, what);
    }
  }
});

Deno.test("StringCache decodes a string once, until others take its places", () => {
  const { decode } = TextDecoder.prototype;
  let decoded = 0;
  TextDecoder.prototype.decode = function (...args: Parameters<typeof decode>): string {
    decoded++;
    return decode.apply(this, args);
  };
  try {
    const encoder = new TextEncoder();
    const cache = new StringCache((text) => text, 2);
    const count = (text: string): number => {
      decoded = 0;
      const bytes = encoder.encode(text);
      assertEquals(cache.decode(bytes, 0, bytes.length), text);
      return decoded;
    };
    assertEquals([count("ä"), count("ä"), count("ö"), count("ö"), count("ö")], [1, 0, 1, 0, 0]);
    for (let i = 0; i < 40; i++) assertEquals(count(`ü${i}`), 1);
    assertEquals([count("ä"), count("ö")], [1, 1]);
    const longest = "ä".repeat(62);
    assertEquals([count(longest), count(longest)], [1, 0]);
    assertEquals([count(`${longest}!`), count(`${longest}!`)], [1, 1]);
  } finally {
    TextDecoder.prototype.decode = decode;
  }
});

Deno.test("StringCache keeps strings of one place apart", () => {
  const cache = new StringCache((text) => text, 2); // two places: all strings collide
  const encoder = new TextEncoder();
  const texts = Array.from({ length: 500 }, (_, i) => `topic/${i % 20}/${i % 7 === 0 ? "ä" : "a"}/${i % 3}`);
  for (const text of texts) {
    const bytes = encoder.encode(text);
    assertEquals(cache.decode(bytes, 0, bytes.length), text);
  }
});

Deno.test("StringCache does not depend on the buffer after the call", () => {
  const cache = new StringCache((text) => text);
  const bytes = hex("'a/b'");
  assertEquals(cache.decode(bytes, 0, 3), "a/b");
  bytes[2] = 0x63;
  assertEquals(cache.decode(bytes, 0, 3), "a/c");
  bytes[2] = 0x62;
  assertEquals(cache.decode(bytes, 0, 3), "a/b");
});

Deno.test("StringCache finds a string again whatever stands behind it", () => {
  for (let length = 1; length <= 124; length++) {
    const made: string[] = [], cache = new StringCache((text) => made.push(text));
    for (const behind of ["''", "'x'", "'yyyy'", "FF FE FD FC"]) {
      const bytes = parts("'x'", ..."a".repeat(length).split("").map((letter) => `'${letter}'`), behind);
      cache.decode(bytes, 1, 1 + length);
    }
    assertEquals(made, ["a".repeat(length)]);
  }
});

Deno.test("StringCache with strings of all lengths", () => {
  const cache = new StringCache((text) => text, 8);
  for (let length = 0; length < 300; length++) {
    const text = "topic/ä/".repeat(50).slice(0, length);
    const bytes = new TextEncoder().encode(text);
    for (let i = 0; i < 2; i++) assertEquals(cache.decode(bytes, 0, bytes.length), text);
    for (let i = 1; i < bytes.length; i++) { // the same bytes but one
      const other = Uint8Array.from(bytes);
      if (other[i] >= 0x80) continue;
      other[i] ^= 1;
      assertEquals(cache.decode(other, 0, other.length), new TextDecoder().decode(other));
    }
  }
});

Deno.test("bytes are an ASCII text when each of them is its letter", () => {
  const is = (text: string, bytes: string) => isAscii(text, hex(`EE ${bytes} EE`), 1, hex(bytes).length + 1);
  assert(is("", "") && is("a", "'a'") && is("a/b", "'a/b'") && is("\u007f", "7F"));
  assert(!is("a/b", "'a/c'") && !is("a/b", "'a/'") && !is("a/", "'a/b'") && !is("b", "'a'"));
  assert(!is("\u00e4", "C3 A4") && !is("\u00c3\u00a4", "C3 A4") && !is("\u0161", "61"));
  for (let byte = 0; byte <= 0xff; byte++) {
    assertEquals(is(String.fromCharCode(byte), byte.toString(16).padStart(2, "0")), byte < 0x80, `byte ${byte}`);
  }
});
