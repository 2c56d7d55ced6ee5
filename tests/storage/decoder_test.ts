import { assertEquals } from "@std/assert";
import { Decoder } from "../../hooks/storage/decoder.ts";
import { Encoder } from "../../hooks/storage/encoder.ts";

Deno.test("texts are read as they were written, also again and when they look alike as bytes", () => {
  const encoder = new Encoder(),
    texts = ["Ã¤", "ä", "a", "b", "", "\ufeffx", "x", "x".repeat(64), "x".repeat(65), "\u{1f4a1}"];
  for (let index = 0; index < 3_000; index++) texts.push(`client-${index}`);
  for (const text of [...texts, ...texts.toReversed(), ...texts]) {
    encoder.begin(3 * text.length + 2);
    encoder.text(text);
    assertEquals(new Decoder(encoder.end()).text(), text);
  }
});

Deno.test("bytes that are no text are read all the same, and never taken for another one", () => {
  for (const byte of [0xff, 0xfffd & 0xff, 0xe4, 0x80]) {
    const bytes = Uint8Array.of(0, 1, byte);
    assertEquals(new Decoder(bytes).text(), "\ufffd");
    assertEquals(new Decoder(bytes).text(), "\ufffd");
  }
});
