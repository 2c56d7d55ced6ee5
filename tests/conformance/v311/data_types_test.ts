import { assertEquals } from "@std/assert";
import { hex } from "../../packets/bytes.ts";
import { packet } from "../v5/reactions.ts";
import { connectBytes, expectAnswers, expectCloses, start, subscriber } from "./harness.ts";

/** Bytes that are no text: surrogates, overlong forms, above U+10FFFF, cut short, no lead byte. */
const ILL_FORMED = [
  ...["ED A0 80", "ED BF BF", "ED A0 80 ED B0 80", "C0 80", "C1 BF", "E0 9F BF", "F0 8F BF BF", "F4 90 80 80"],
  ...["F8 88 80 80 80", "C2", "E2 82", "F0 9F 98", "80", "FF", "FE"],
];

/** A string with its length. */
function text(bytes: string): string {
  const { length } = hex(bytes);
  return `${(length >> 8).toString(16).padStart(2, "0")} ${(length & 255).toString(16).padStart(2, "0")} ${bytes}`;
}

/** Each text in every packet of a client that has one, CONNECT left out. */
function inPackets(bytes: string): Uint8Array[] {
  return [
    packet(0x30, `${text(bytes)} 'x'`),
    packet(0x32, `${text(bytes)} 00 01 'x'`),
    packet(0x82, `00 01 ${text(bytes)} 00`),
    packet(0x82, `00 01 00 01 'p' 00 ${text(bytes)} 00`),
    packet(0xa2, `00 01 ${text(bytes)}`),
  ];
}

/** Each text in every field of a CONNECT. */
function inConnects(bytes: string): Uint8Array[] {
  return [
    connectBytes("02", text(bytes)),
    connectBytes("06", `00 01 'a' ${text(bytes)} 00 00`),
    connectBytes("82", `00 01 'a' ${text(bytes)}`),
    connectBytes("02", "00 01 'a'", `${text(bytes)} 04`),
  ];
}

Deno.test("[v311 MQTT-1.5.3-1] [v311 MQTT-3.8.3-1] [v311 MQTT-3.10.3-1] text is well-formed UTF-8", async () => {
  await using harness = await start();
  await expectCloses(harness, ["30 06 00 03 ED A0 80 78", "82 06 00 01 00 01 FF 00", "A2 05 00 01 00 01 FF"]);
  await expectCloses(harness, ILL_FORMED.flatMap(inPackets));
});

Deno.test("[v311 MQTT-1.5.3-1] [v311 MQTT-3.1.3-4] [v311 MQTT-3.1.3-10] [v311 MQTT-3.1.3-11] text of CONNECT is well-formed UTF-8", async () => {
  await using harness = await start();
  await expectAnswers(harness, ILL_FORMED.flatMap(inConnects), undefined);
});

Deno.test("[v311 MQTT-1.5.3-2] [v311 MQTT-4.7.3-2] text does not hold U+0000", async () => {
  await using harness = await start();
  await expectCloses(harness, ["30 06 00 03 61 00 62 78", ...["00", "'a' 00", "00 'a'"].flatMap(inPackets)]);
  await expectAnswers(harness, ["00", "'a' 00 'b'"].flatMap(inConnects), undefined);
});

Deno.test("[v311 MQTT-1.5.3-3] U+FEFF is a character as any other", async () => {
  await using harness = await start();
  const all = await subscriber(harness, 0, { clientId: "all", filter: "#" });
  const other = await subscriber(harness, 0, { clientId: "other", filter: "a" });
  const publisher = await harness.connect("publisher");
  await publisher.send("30 07 00 04 EF BB BF 61 78");
  await all.expect("30 07 00 04 EF BB BF 61 78");
  await other.expectNothing();
  for (const first of ["\ufeffsame", "same"]) await harness.connect(first);
  assertEquals(harness.broker.info.clientsConnected, 5);
});

Deno.test("[v311 MQTT-3.1.3-11] password and will message are binary", async () => {
  await using harness = await start();
  const witness = await subscriber(harness, 0, { filter: "w" });
  const client = await harness.open();
  await client.send(connectBytes("C6", "00 01 'a' 00 01 'w' 00 03 FF 00 ED 00 01 'u' 00 02 00 FF"));
  await client.expect("20 02 00 00");
  await client.cut();
  await witness.expect("30 06 00 01 'w' FF 00 ED");
});
