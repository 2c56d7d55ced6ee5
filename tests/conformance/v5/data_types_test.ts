import { assertEquals } from "@std/assert";
import { Harness, PacketType } from "../../helpers/harness.ts";
import { connectBytes, expectDisconnects, expectRefusals, packet } from "./reactions.ts";

const ILL_FORMED = ["ED A0 80", "ED BF BF", "C0 80", "E0 80 80", "F0 80 80 80", "E2 82 'x'", "F5 80 80 80", "80", "FE"];

Deno.test("[v5 MQTT-1.5.4-1] text that is not well-formed UTF-8 is malformed in a topic", async () => {
  await using harness = await Harness.start();
  const topics = ILL_FORMED.map((bytes) => packet(0x30, `${lengthOf(bytes)} ${bytes} 00 'x'`));
  await expectDisconnects(harness, 0x81, [...topics, "30 06 00 02 E2 82 00 'x'"]);
  await expectDisconnects(harness, 0x81, ["30 07 00 03 ED A0 80 00 78"]);
});

Deno.test("[v5 MQTT-1.5.4-1] text that is not well-formed UTF-8 is malformed in CONNECT, filters and properties", async () => {
  await using harness = await Harness.start();
  await expectRefusals(harness, 0x81, [
    "10 10 00 04 4D 51 54 54 05 02 00 3C 00 00 03 ED A0 80",
    ...ILL_FORMED.map((bytes) => connectBytes({ payload: `${lengthOf(bytes)} ${bytes}` })),
  ]);
  await expectDisconnects(harness, 0x81, [
    ...ILL_FORMED.map((bytes) => packet(0x82, `00 01 00 ${lengthOf(bytes)} ${bytes} 00`)),
    ...ILL_FORMED.map((bytes) => packet(0xa2, `00 01 00 ${lengthOf(bytes)} ${bytes}`)),
    "E0 06 00 04 1F 00 01 FF",
  ]);
});

Deno.test("[v5 MQTT-1.5.4-2] U+0000 is malformed in every text", async () => {
  await using harness = await Harness.start();
  await expectDisconnects(harness, 0x81, [
    "30 07 00 03 61 00 62 00 78",
    "82 09 00 01 00 00 03 'a' 00 'b' 00",
    "A2 08 00 01 00 00 03 'a' 00 'b'",
    "30 0A 00 01 't' 05 03 00 02 'a' 00 'x'",
    "E0 06 00 04 1F 00 01 00",
  ]);
  await expectRefusals(harness, 0x81, [
    connectBytes({ payload: "00 02 'a' 00" }),
    connectBytes({ flags: "82", payload: "00 01 'a' 00 01 00" }),
    connectBytes({ properties: "26 00 01 'n' 00 01 00" }),
    connectBytes({ properties: "15 00 01 00" }),
  ]);
});

Deno.test("[v5 MQTT-1.5.4-3] U+FEFF is a character as any other", async () => {
  await using harness = await Harness.start();
  const all = await harness.connect("all"), plain = await harness.connect("plain"), b = await harness.connect("b");
  await all.subscribe("#");
  await plain.subscribe("a");
  await b.send("30 08 00 04 EF BB BF 61 00 78");
  await all.expect("30 08 00 04 EF BB BF 61 00 78");
  await plain.expectNothing();
});

Deno.test("[v5 MQTT-1.5.5-1] an integer of variable length is sent in its shortest form", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect("a"); // its inbox checks the form of all that it reads
  for (const identifier of [127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455]) {
    await client.subscribe("t", { identifier });
    await client.sendPublish("t", "x");
    await client.expectMessage("t", "x", { properties: { subscriptionIdentifiers: [identifier] } });
  }
  await client.subscribe("t");
  for (const size of [123, 124, 16_379, 16_380, 400_000]) {
    await client.sendPublish("t", "x".repeat(size));
    await client.expectMessage("t", "x".repeat(size));
    await client.sendPublish("t", "", { properties: { contentType: "x".repeat(Math.min(size, 65_535)) } });
    await client.expect({ type: PacketType.PUBLISH, topic: "t" });
  }
});

Deno.test("[v5 MQTT-1.5.5-1] an integer that is longer than it has to be is malformed", async () => {
  await using harness = await Harness.start();
  await expectDisconnects(harness, 0x81, [
    "C0 80 00",
    "30 84 80 00 00 01 't' 00",
    "30 FF FF FF FF 7F",
    "30 FF FF FF FF 80",
    "30 06 00 01 't' 80 00 'x'",
    "82 0A 00 01 03 0B 81 00 00 01 't' 00",
    "82 0D 00 01 06 0B 80 80 80 80 01 00 01 't' 00",
  ]);
});

Deno.test("[v5 MQTT-1.5.7-1] name and value of a User Property are text", async () => {
  await using harness = await Harness.start();
  await expectDisconnects(harness, 0x81, [
    "30 0C 00 01 74 07 26 00 01 61 00 01 FF 78",
    "30 0C 00 01 74 07 26 00 01 FF 00 01 61 78",
    "82 0E 00 01 07 26 00 01 'n' 00 01 00 00 01 't' 00",
  ]);
  await expectRefusals(harness, 0x81, [connectBytes({ properties: "26 00 01 'n' 00 01 FF" })]);
});

Deno.test("[v5 NOTE-41] control characters and noncharacters are taken as they are, everywhere", async () => {
  await using harness = await Harness.start();
  const odd = "\u0001\u001f\u007f\u009f\ufffe\uffff";
  const client = await harness.connect({ clientId: odd, username: odd });
  assertEquals(await client.subscribe(`a/${odd}`), 0);
  await client.sendPublish(`a/${odd}`, "x", { properties: { contentType: odd } });
  await client.expectMessage(`a/${odd}`, "x", { properties: { contentType: odd } });
});

function lengthOf(bytes: string): string {
  const length = bytes.split(" ").length;
  return `00 ${length.toString(16).padStart(2, "0")}`;
}
