import { assert, assertEquals } from "@std/assert";
import { Harness, PacketType } from "../../helpers/harness.ts";
import { connectBytes, expectCloses, expectDisconnects, expectRefusals } from "./reactions.ts";

Deno.test("[v5 MQTT-2.1.3-1] reserved flags have the one value of their packet type", async () => {
  await using harness = await Harness.start();
  await expectDisconnects(harness, 0x81, [
    "C1 00",
    "C8 00",
    ...["41", "42", "51", "60", "61", "63", "6A", "71", "72"].map((first) => `${first} 02 00 01`),
    ...["80", "83", "8A"].map((first) => `${first} 07 00 01 00 00 01 't' 00`),
    ...["A0", "A3", "AA"].map((first) => `${first} 06 00 01 00 00 01 't'`),
    "E1 00",
    "F1 00",
  ]);
  await expectRefusals(harness, 0x81, [connectBytes({ header: 0x11 }), connectBytes({ header: 0x18 })]);
});

Deno.test("[v5 MQTT-2.1.3-1] the packets of the server have the flags of their type", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect(); // its inbox checks the flags of all that it reads
  await client.send("82 07 00 01 00 00 01 't' 02");
  await client.expect("90 04 00 01 00 02");
  await client.send("34 07 00 01 't' 00 07 00 'x'");
  const message = await client.expect("34 07 00 01 't' 00 .. 00 'x'");
  await client.expect("50 02 00 07");
  await client.send("62 02 00 07");
  await client.expect("70 02 00 07");
  await client.ack(PacketType.PUBREC, message.packetId!);
  await client.expect(`62 02 00 0${message.packetId}`);
  await client.send("32 07 00 01 't' 00 08 00 'x'");
  await client.expectMessage("t", "x", { qos: 1 });
  await client.expect("40 02 00 08");
  await client.send("A2 06 00 02 00 00 01 't'");
  await client.expect("B0 04 00 02 00 00");
  await client.send("C0 00");
  await client.expect("D0 00");
  harness.broker.clients.disconnect("a");
  await client.expect("E0 *");
  await client.expectClosed();
});

Deno.test("[v5 MQTT-2.2.1-2] PUBLISH has no Packet Identifier at QoS 0", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect();
  await client.subscribe("t", { qos: 2 });
  await client.send("30 05 00 01 't' 00 'x'");
  await client.expect("30 05 00 01 74 00 78");
  await client.send("30 08 00 01 't' 02 01 01 'ab'"); // the byte behind the topic is the Property Length
  await client.expect("30 08 00 01 74 02 01 01 61 62");
});

Deno.test("[v5 MQTT-2.2.1-3] Packet Identifier 0 is a protocol error", async () => {
  await using harness = await Harness.start();
  await expectDisconnects(harness, 0x82, [
    "82 07 00 00 00 00 01 70 00",
    "A2 06 00 00 00 00 01 70",
    "32 07 00 01 74 00 00 00 78",
    "34 07 00 01 74 00 00 00 78",
    ...["40", "50", "62", "70"].map((first) => `${first} 02 00 00`),
  ]);
});

Deno.test("[v5 MQTT-2.2.1-4] [v5 MQTT-4.3.2-1] [v5 MQTT-4.3.3-1] open messages have different identifiers", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect({ properties: { receiveMaximum: 100 } });
  await client.subscribe("t/1", { qos: 1 });
  await client.subscribe("t/2", { qos: 2 });
  const ids = new Set<number>();
  for (let index = 0; index < 100; index++) {
    await harness.broker.publish(`t/${index % 2 + 1}`, "x", { qos: 2 });
    ids.add((await client.next()).packetId!);
  }
  assertEquals(ids.size, 100);
  assert(!ids.has(0));
});

Deno.test("[v5 MQTT-2.2.1-4] [v5 MQTT-4.3.3-1] behind 65,535 identifiers start again and pass over those in use", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect();
  await client.subscribe("t", { qos: 2 });
  const send = async () => {
    await harness.broker.publish("t", "x", { qos: 2 });
    return (await client.next()).packetId!;
  };
  const first = await send(), second = await send();
  await client.ack(PacketType.PUBREC, second); // waits for PUBCOMP from now on
  await client.expect({ type: PacketType.PUBREL, packetId: second });
  const seen = new Set<number>();
  for (let left = 65_533; left > 0; left -= 257) {
    const ids: number[] = [], count = Math.min(left, 257);
    for (let sent = 0; sent < count; sent++) await harness.broker.publish("t", "x", { qos: 2 });
    while (ids.length < count) ids.push((await client.next()).packetId!);
    for (const id of ids) seen.add(id);
    await client.send(...ids.map((packetId) => ({ type: PacketType.PUBREC, packetId, reasonCode: 0x80 })));
  }
  assertEquals(seen.size, 65_533);
  assertEquals(await send(), 3); // 1 and 2 are still in use
  assert(!seen.has(first) && !seen.has(second) && !seen.has(0));
});

Deno.test("[v5 MQTT-2.2.1-5] [v5 MQTT-4.3.2-4] [v5 MQTT-4.3.3-8] acknowledgements repeat the identifier", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect();
  await client.send("32 07 00 01 74 12 34 00 78");
  await client.expect("40 03 12 34 10");
  await client.send("34 07 00 01 74 12 35 00 78");
  await client.expect("50 03 12 35 10");
  await client.send("62 02 12 35");
  await client.expect("70 02 12 35");
});

Deno.test("[v5 MQTT-2.2.1-6] [v5 MQTT-3.8.4-2] SUBACK and UNSUBACK repeat the identifier", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect();
  await client.send("82 07 12 34 00 00 01 70 00");
  await client.expect("90 04 12 34 00 00");
  await client.send("A2 06 FF FF 00 00 01 70");
  await client.expect("B0 04 FF FF 00 00");
});

Deno.test("[v5 MQTT-2.2.2-1] an empty set of properties has a Property Length of 0", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect();
  assert(client.connack!.bytes.length >= 5);
  await client.send("82 07 00 01 00 00 01 't' 00");
  await client.expect("90 04 00 01 00 00");
  await client.sendPublish("t", "");
  await client.expect("30 04 00 01 74 00");
  await expectRefusals(harness, 0x81, ["10 0A 00 04 'MQTT' 05 02 00 3C"]);
});

Deno.test("[v5 NOTE-50] packet types that no client sends", async () => {
  await using harness = await Harness.start();
  await expectDisconnects(harness, 0x81, ["00 00", "01 00", "00 02 00 01"]);
  await expectDisconnects(harness, 0x82, ["20 03 00 00 00", "90 04 00 01 00 00", "B0 04 00 01 00 00", "D0 00"]);
});

Deno.test("[v5 NOTE-51] bytes left over, fields cut short, and properties beyond the end are malformed", async () => {
  await using harness = await Harness.start();
  await expectDisconnects(harness, 0x81, [
    "C0 01 00",
    "82 08 12 34 00 00 01 70 00 00",
    "82 06 12 34 00 00 01 70",
    "82 02 12 34",
    "A2 07 12 34 00 00 01 70 00",
    "40 04 00 01 00 05",
    "40 05 00 01 00 00 00",
    "40 01 00",
    "E0 03 00 00 00",
    "30 00",
    "30 03 00 01 't'",
    "32 04 00 01 't' 01",
  ]);
  await expectCloses(harness, ["00 00", "10 00", "10 04 00 04 'MQ'"]);
});

Deno.test("[v5 NOTE-24] acknowledgements, DISCONNECT and AUTH may be short", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect({ properties: { sessionExpiryInterval: 60 } });
  await client.subscribe("t", { qos: 2 });
  for (const ack of ["40 02 00 01", "40 03 00 02 00", "40 04 00 03 00 00"]) {
    await harness.broker.publish("t", "x", { qos: 1 });
    await client.expectMessage("t", "x", { qos: 1 });
    await client.send(ack);
  }
  for (const [rec, comp] of [["50 02 00 04", "70 02 00 04"], ["50 03 00 05 00", "70 04 00 05 00 00"]]) {
    await harness.broker.publish("t", "x", { qos: 2 });
    await client.expectMessage("t", "x", { qos: 2 });
    await client.send(rec);
    await client.expect({ type: PacketType.PUBREL });
    await client.send(comp);
  }
  await client.expectNothing();
  assertEquals(harness.broker.info.inflight, 0);
  for (const bytes of ["E0 00", "E0 01 04", "E0 02 00 00"]) {
    const other = await harness.connect("b");
    await other.send(bytes);
    await other.expectClosed();
  }
});
