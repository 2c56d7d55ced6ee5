import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { MqttError } from "../../src/packets/errors.ts";
import { Reader } from "../../src/packets/reader.ts";
import { varintSize, Writer } from "../../src/packets/writer.ts";
import { text } from "./arbitraries.ts";
import { hex, toHex } from "./bytes.ts";

function reader(text: string): Reader {
  const bytes = hex(text);
  const padded = new Uint8Array(bytes.length + 20).fill(0x41); // what lies around must not be read
  padded.set(bytes, 10);
  return new Reader(padded, 10, 10 + bytes.length);
}

function malformed(action: () => unknown): void {
  assertEquals(assertThrows(action, MqttError).reasonCode, 0x81);
}

Deno.test("Reader reads each type", () => {
  const all = reader("FF 12 34 FF FF FF FE 80 01 00 02 C3 A4 00 01 00 'xyz'");
  assertEquals(all.u8(), 255);
  assertEquals(all.u16(), 0x1234);
  assertEquals(all.u32(), 0xfffffffe);
  assertEquals(all.varint(), 128);
  assertEquals(all.string(), "ä");
  assertEquals(all.binary(), Uint8Array.of(0));
  assertEquals(all.remaining, 3);
  malformed(() => all.finish());
  assertEquals(toHex(all.bytes(3)), "78 79 7A");
  all.finish();
});

Deno.test("Reader never reads past its end", () => {
  malformed(() => reader("").u8());
  malformed(() => reader("00").u16());
  malformed(() => reader("00 00 00").u32());
  malformed(() => reader("80").varint());
  malformed(() => reader("00").string());
  malformed(() => reader("00 02 'a'").string());
  malformed(() => reader("00 02 'a'").binary());
  malformed(() => reader("'abc'").bytes(4));
});

Deno.test("[v5 MQTT-1.5.5-1] variable byte integers at their limits", () => {
  const table: [number, string][] = [
    [0, "00"],
    [127, "7F"],
    [128, "80 01"],
    [16383, "FF 7F"],
    [16384, "80 80 01"],
    [2097151, "FF FF 7F"],
    [2097152, "80 80 80 01"],
    [268435455, "FF FF FF 7F"],
  ];
  for (const [value, text] of table) {
    const writer = new Writer(1);
    writer.varint(value);
    assertEquals(toHex(writer.buffer.subarray(0, writer.length)), text);
    assertEquals(varintSize(value), writer.length);
    assertEquals(reader(text).varint(), value);
  }
  for (const text of ["80 00", "FF 80 00", "80 80 80 00", "FF FF FF FF", "80 80 80 80 01"]) {
    malformed(() => reader(text).varint());
  }
  malformed(() => varintSize(268435456));
  malformed(() => varintSize(-1));
});

Deno.test("Writer refuses values that have no encoding and stays as it was", () => {
  const writer = new Writer(4);
  writer.u8(7);
  const attempts: (() => void)[] = [
    () => writer.u8(256),
    () => writer.u8(-1),
    () => writer.u8(1.5),
    () => writer.u16(65536),
    () => writer.u16(NaN),
    () => writer.u32(4294967296),
    () => writer.u32(-1),
    () => writer.varint(268435456),
    () => writer.string("a".repeat(65536)),
    () => writer.string("ä".repeat(32768)),
    () => writer.string("a\0b"),
    () => writer.string("\ud800"),
    () => writer.string("a\udc00b"),
    () => writer.binary(new Uint8Array(65536)),
  ];
  for (const attempt of attempts) {
    malformed(attempt);
    assertEquals(writer.length, 1);
  }
});

Deno.test("Writer accepts the longest string and binary data", () => {
  const writer = new Writer();
  writer.string("a".repeat(65535));
  writer.binary(new Uint8Array(65535));
  assertEquals(writer.length, 2 * 65537);
});

Deno.test("Writer grows and keeps what it has", () => {
  const writer = new Writer(1);
  for (let i = 0; i < 1000; i++) writer.u16(i);
  const all = new Reader(writer.buffer, 0, writer.length);
  for (let i = 0; i < 1000; i++) assertEquals(all.u16(), i);
  all.finish();
});

Deno.test("Writer.copy copies a part of a buffer and touches nothing behind it", () => {
  for (const length of [0, 1, 40, 41, 100]) {
    const source = Uint8Array.from({ length: 200 }, (_, index) => index + 1), writer = new Writer(512);
    writer.u8(7);
    writer.copy(source, 10, 10 + length);
    assertEquals([...writer.buffer.subarray(0, writer.length)], [7, ...source.subarray(10, 10 + length)]);
    assertEquals(writer.buffer[writer.length], 0);
  }
});

Deno.test("Writer.reserve makes room once", () => {
  const writer = new Writer(8);
  writer.reserve(1000);
  const { buffer } = writer;
  writer.bytes(new Uint8Array(1000));
  assert(writer.buffer === buffer);
});

Deno.test("Writer.reset keeps a small buffer and gives a large one back", () => {
  const writer = new Writer(16);
  writer.bytes(new Uint8Array(1000));
  const { buffer } = writer;
  writer.reset();
  assertEquals(writer.length, 0);
  assert(writer.buffer === buffer);
  writer.bytes(new Uint8Array(100_000));
  writer.reset();
  assertEquals(writer.buffer.length, 16);
  const large = new Writer(100_000);
  const first = large.buffer;
  large.reset();
  assert(large.buffer === first);
});

Deno.test("what Writer writes, Reader reads", () => {
  const fields = fc.record({
    u8: fc.nat(255),
    u16: fc.nat(65535),
    u32: fc.nat(4294967295),
    varint: fc.nat(268435455),
    text,
    data: fc.uint8Array(),
  });
  fc.assert(fc.property(fields, ({ u8, u16, u32, varint, text, data }) => {
    const writer = new Writer(1);
    writer.u8(u8);
    writer.u16(u16);
    writer.u32(u32);
    writer.varint(varint);
    writer.string(text);
    writer.binary(data);
    const all = new Reader(writer.buffer, 0, writer.length);
    assertEquals([all.u8(), all.u16(), all.u32(), all.varint(), all.string()], [u8, u16, u32, varint, text]);
    assertEquals([...all.binary()], [...data]);
    all.finish();
  }));
});
