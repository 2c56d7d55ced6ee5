import { assertEquals } from "@std/assert";
import { packet } from "../v5/reactions.ts";
import { PacketType } from "../../helpers/harness.ts";
import { expectAnswers, expectCloses, start, stored, subscriber } from "./harness.ts";

const { PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP } = PacketType;

/** A packet of each type with its only flags and a body that belongs to it. */
const BODIES: readonly (readonly [header: number, body: string])[] = [
  [0x40, "00 01"],
  [0x50, "00 01"],
  [0x62, "00 01"],
  [0x70, "00 01"],
  [0x82, "00 01 00 01 'p' 00"],
  [0xa2, "00 01 00 01 'p'"],
  [0xc0, ""],
  [0xe0, ""],
];

Deno.test("[v311 MQTT-2.2.2-2] [v311 MQTT-3.6.1-1] [v311 MQTT-3.8.1-1] [v311 MQTT-3.10.1-1] [v311 MQTT-3.14.1-1] reserved flags have one value", async () => {
  await using harness = await start();
  await expectCloses(harness, ["C1 00", "41 02 00 01", "80 06 00 01 00 01 70 00", "60 02 00 01"]);
  await expectCloses(harness, ["A0 05 00 01 00 01 70", "E1 00"]);
  const wrong = BODIES.flatMap(([header, body]) =>
    Array.from({ length: 16 }, (_, flags) => header & 0xf0 | flags)
      .filter((first) => first !== header)
      .map((first) => packet(first, body))
  );
  await expectCloses(harness, wrong);
  const connects = Array.from({ length: 15 }, (_, flags) => packet(0x11 + flags, "00 04 'MQTT' 04 02 00 3C 00 01 'a'"));
  await expectAnswers(harness, connects, undefined);
});

Deno.test("[v311 MQTT-2.2.2-1] [v311 MQTT-3.6.1-1] [v311 NOTE-2] the packets of the server have the flags of their type", async () => {
  await using harness = await start();
  const client = await harness.connect({ clientId: "a", cleanStart: false });
  await client.subscribe("t", { qos: 2 });
  await client.send("31 04 00 01 't' 'x'", "33 06 00 01 't' 00 0B 'x'", "35 06 00 01 't' 00 0C 'x'");
  await harness.settle();
  await client.send("40 02 00 01", "50 02 00 02", "70 02 00 02", "62 02 00 0C", "C0 00", "A2 05 00 09 00 01 't'");
  await harness.settle();
  await client.send("82 06 00 0A 00 01 't' 00");
  await harness.settle();
  const headers = new Set(client.received.map(({ bytes }) => bytes[0]));
  for (const header of [0x20, 0x40, 0x50, 0x62, 0x70, 0x90, 0xb0, 0xd0, 0x30, 0x32, 0x34]) {
    assertEquals(headers.delete(header), true, header.toString(16));
  }
  assertEquals([...headers], [0x31]); // the retained message of the second SUBSCRIBE
});

Deno.test("[v311 MQTT-2.3.1-1] [v311 MQTT-4.8.0-1] Packet Identifier 0 is a protocol violation", async () => {
  await using harness = await start();
  await expectCloses(harness, [
    ...["82 06 00 00 00 01 70 00", "A2 05 00 00 00 01 70", "32 06 00 01 74 00 00 78", "34 06 00 01 74 00 00 78"],
    ...["40 02 00 00", "50 02 00 00", "62 02 00 00", "70 02 00 00"],
  ]);
});

Deno.test("[v311 MQTT-2.3.1-2] [v311 MQTT-2.3.1-4] open messages have different identifiers other than 0", async () => {
  await using harness = await start();
  const client = await subscriber(harness, 2);
  const ids = new Set<number>();
  for (let message = 0; message < 100; message++) {
    await harness.broker.publish("t", "x", { qos: message % 2 === 0 ? 1 : 2 });
    ids.add((await client.expect({ type: PUBLISH, dup: false })).packetId!);
  }
  assertEquals([ids.size, ids.has(0)], [100, false]);
});

Deno.test("[v311 MQTT-2.3.1-3] an identifier is kept by what is sent again", async () => {
  await using harness = await start();
  let client = await subscriber(harness, 2, stored);
  await harness.broker.publish("t", "first", { qos: 1 });
  await harness.broker.publish("t", "second", { qos: 2 });
  for (let time = 0; time < 3; time++) {
    await client.expectMessage("t", "first", { packetId: 1 });
    await client.expectMessage("t", "second", { packetId: 2 });
    await client.cut();
    client = await harness.connect(stored);
  }
});

Deno.test("[v311 MQTT-2.3.1-3] [v311 MQTT-2.3.1-4] identifiers begin again behind 65,535, those in use are passed over", async () => {
  await using harness = await start();
  const client = await subscriber(harness, 2);
  for (const qos of [1, 2] as const) await harness.broker.publish("t", "x", { qos });
  await client.expect({ type: PUBLISH, packetId: 1 });
  await client.expect({ type: PUBLISH, packetId: 2 });
  await client.ack(PUBREC, 2); // waits for PUBCOMP from now on
  await client.expect({ type: PUBREL, packetId: 2 });
  let last = 2;
  const take = async () => {
    const { packetId } = await client.next();
    if (packetId !== last % 65_535 + 1 && packetId !== 3) throw new Error(`${packetId} follows ${last}`);
    last = packetId!;
    return packetId!;
  };
  for (let round = 0; round < 257; round++) {
    const ids: number[] = [];
    for (let index = 0; index < 255; index++) await harness.broker.publish("t", "x", { qos: 1 });
    while (ids.length < 255) ids.push(await take());
    await client.send(...ids.map((packetId) => ({ type: PUBACK, packetId, reasonCode: 0 })));
  }
  assertEquals(last, 2 + 257 * 255 - 65_533);
  await client.send("40 02 00 01", "70 02 00 02");
  await client.expectNothing();
  assertEquals(harness.broker.info.inflight, 0);
});

Deno.test("[v311 MQTT-2.3.1-5] PUBLISH has no identifier at QoS 0", async () => {
  await using harness = await start();
  const client = await subscriber(harness, 0);
  await (await harness.connect("publisher")).send("30 07 00 01 't' 00 01 'xy'", "30 03 00 01 't'");
  await client.expect("30 07 00 01 't' 00 01 'xy'");
  await client.expect("30 03 00 01 't'");
  await (await harness.connect("other")).publish("t", "z", { qos: 2 });
  await client.expect("30 04 00 01 't' 'z'");
});

Deno.test("[v311 MQTT-2.3.1-6] acknowledgements repeat the identifier", async () => {
  await using harness = await start();
  const client = await subscriber(harness, 2);
  const publisher = await harness.connect("publisher");
  await publisher.send("32 06 00 01 74 12 34 78");
  await publisher.expect("40 02 12 34");
  await publisher.send("34 06 00 01 74 FF FF 78");
  await publisher.expect("50 02 FF FF");
  await publisher.send("62 02 FF FF");
  await publisher.expect("70 02 FF FF");
  await client.expectMessage("t", "x", { packetId: 1 });
  await client.expectMessage("t", "x", { packetId: 2 });
  await client.send("50 02 00 02");
  await client.expect("62 02 00 02");
});

Deno.test("[v311 MQTT-2.3.1-7] [v311 MQTT-3.8.4-1] [v311 MQTT-3.8.4-2] [v311 MQTT-3.10.4-4] SUBACK and UNSUBACK repeat the identifier", async () => {
  await using harness = await start();
  const client = await harness.connect();
  for (const id of ["12 34", "00 01", "FF FF", "80 00"]) {
    await client.send(`82 06 ${id} 00 01 70 00`);
    await client.expect(`90 03 ${id} 00`);
    await client.send(`A2 05 ${id} 00 01 70`);
    await client.expect(`B0 02 ${id}`);
  }
});

Deno.test("[v311 NOTE-5] packet types that no client sends, missing bytes and bytes too many", async () => {
  await using harness = await start();
  await expectCloses(harness, [
    ...["20 02 00 00", "90 03 00 01 00", "B0 02 00 01", "D0 00", "F0 00", "F0 02 18 00", "00 00"],
    ...[
      "C0 01 00",
      "E0 01 00",
      "E0 02 00 00",
      "40 03 00 01 00",
      "50 04 00 01 00 00",
      "62 03 00 01 92",
      "70 03 00 01 00",
    ],
    ...["40 00", "40 01 01", "50 01 00", "62 00", "70 01 01", "30 00", "30 01 00", "30 02 00 01", "32 03 00 01 't'"],
    ...["32 04 00 01 't' 00", "82 00", "82 01 00", "82 05 00 01 00 01 70", "82 04 00 01 00 09", "A2 01 01"],
    ...["A2 03 00 01 00", "A2 04 00 01 00 01", "82 07 00 01 00 01 70 00 00", "A2 06 00 01 00 01 70 00"],
  ]);
  await expectAnswers(harness, ["00 00", "20 02 00 00", "F0 00", "F0 02 18 00"], undefined);
});

Deno.test("[v311 NOTE-5] a Remaining Length has at most four bytes, and no more than it needs", async () => {
  await using harness = await start();
  await expectCloses(harness, ["30 FF FF FF FF 01", "C0 80 80 80 80 00", "C0 80 00", "30 83 00 00 01 't'"]);
});

Deno.test("[v311 MQTT-2.3.1-6] acknowledgements of identifiers that nobody knows are answered or ignored", async () => {
  await using harness = await start();
  const client = await harness.connect();
  await client.send("40 02 00 07", "70 02 00 07");
  await client.expectNothing();
  await client.send("62 02 00 07", "50 02 00 07");
  await client.expect({ type: PUBCOMP, packetId: 7 });
  await client.expect({ type: PUBREL, packetId: 7 });
});
