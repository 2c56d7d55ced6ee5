import { assertEquals } from "@std/assert";
import { Harness, PacketType } from "../../helpers/harness.ts";
import { expectDisconnects, packet } from "./reactions.ts";

const stored = { cleanStart: false, properties: { sessionExpiryInterval: 60 } };

Deno.test("[v5 MQTT-3.10.1-1] UNSUBSCRIBE has the flags 0010", async () => {
  await using harness = await Harness.start();
  await expectDisconnects(harness, 0x81, ["A0 06 12 34 00 00 01 70", "AA 06 12 34 00 00 01 70"]);
});

Deno.test("[v5 MQTT-3.10.3-1] filters are text", async () => {
  await using harness = await Harness.start();
  await expectDisconnects(harness, 0x81, ["A2 06 12 34 00 00 01 FF"]);
});

Deno.test("[v5 MQTT-3.10.3-2] UNSUBSCRIBE has at least one filter", async () => {
  await using harness = await Harness.start();
  await expectDisconnects(harness, 0x82, ["A2 03 12 34 00"]);
});

Deno.test("[v5 MQTT-3.10.4-1] [v5 MQTT-3.11.3-2] a filter is compared character by character", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect();
  for (const filter of ["a/#", "a/b", "\u00e9", "$share/g/a/b"]) await client.subscribe(filter);
  for (const other of ["a/+", "A/b", "a/b/", "#", "e\u0301", "$share/h/a/b", "a/b "]) {
    assertEquals(await client.unsubscribe(other), 0x11);
  }
  assertEquals(await client.unsubscribe("a/#"), 0);
  assertEquals(await client.unsubscribe("$share/g/a/b"), 0);
  await client.sendPublish("a/b", "x");
  await client.expectMessage("a/b", "x");
  await client.publish("a/c", "x");
  await client.expectNothing();
});

Deno.test("[v5 MQTT-3.10.4-2] [v5 NOTE-52] from UNSUBACK on nothing comes", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect({ ...stored, properties: { sessionExpiryInterval: 60, receiveMaximum: 1 } });
  await client.subscribe("t", { qos: 1 });
  for (const payload of ["sent", "buffered"]) await harness.broker.publish("t", payload, { qos: 1 });
  const { packetId } = await client.expectMessage("t", "sent");
  await client.unsubscribe("t");
  await harness.broker.publish("t", "new", { qos: 1 });
  await client.expectNothing();
  await client.ack(PacketType.PUBACK, packetId!);
  const buffered = await client.expectMessage("t", "buffered"); // was on its way already
  await client.ack(PacketType.PUBACK, buffered.packetId!);
  await client.expectNothing();
  await client.cut();
  await harness.broker.publish("t", "while away", { qos: 1 });
  await (await harness.connect(stored)).expectNothing();
});

Deno.test("[v5 MQTT-3.10.4-3] deliveries that have begun are finished", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect(stored);
  await client.subscribe("t", { qos: 2 });
  for (const qos of [2, 1] as const) await harness.broker.publish("t", `${qos}`, { qos });
  const { packetId } = await client.expectMessage("t", "2");
  await client.expectMessage("t", "1");
  await client.unsubscribe("t");
  await client.ack(PacketType.PUBREC, packetId!);
  await client.expect({ type: PacketType.PUBREL, packetId });
  await client.ack(PacketType.PUBCOMP, packetId!);
  await client.cut();
  const again = await harness.connect(stored);
  await again.expectMessage("t", "1", { dup: true });
  await again.expectNothing();
});

Deno.test("[v5 MQTT-3.10.4-4] [v5 MQTT-3.10.4-5] every UNSUBSCRIBE is answered, also when there was nothing to remove", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect();
  await client.send("A2 06 12 34 00 00 01 70");
  await client.expect("B0 04 12 34 00 11");
  await client.send(packet(0xa2, `12 35 00 01 00 '${"/".repeat(256)}'`)); // more levels than a subscription may have
  await client.expect("B0 04 12 35 00 11");
});

Deno.test("[v5 MQTT-3.10.4-6] [v5 MQTT-3.11.3-1] several filters have one UNSUBACK with a code for each, in their order", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect();
  await client.subscribe("p");
  await client.subscribe("r");
  await client.send(packet(0xa2, "12 34 00 00 01 'p' 00 01 'q' 00 01 'r' 00 01 'p'"));
  await client.expect("B0 07 12 34 00 00 11 00 11");
  await client.expectNothing();
});
