import { assert, assertEquals } from "@std/assert";
import { Harness, PacketType } from "../helpers/harness.ts";
import { expectMemory, expectServed } from "./attackers.ts";

Deno.test("a client that never sends PUBREL comes as far as Receive Maximum", async () => {
  await using harness = await Harness.start({ capabilities: { receiveMaximum: 20 } });
  const client = await harness.connect("a");
  assertEquals(client.connack!.properties!.receiveMaximum, 20);
  for (let packetId = 1; packetId <= 21; packetId++) await client.sendPublish("t", "", { qos: 2, packetId });
  for (let packetId = 1; packetId <= 20; packetId++) await client.expect({ type: PacketType.PUBREC, packetId });
  await client.expectDisconnect(0x93);
  await expectServed(harness);
});

Deno.test("a duplicate is delivered once and takes one place", async () => {
  await using harness = await Harness.start({ capabilities: { receiveMaximum: 2 } });
  let heard = 0;
  harness.broker.subscribe("t", () => void heard++);
  const client = await harness.connect("a");
  for (let round = 0; round < 100; round++) {
    await client.sendPublish("t", "x", { qos: 2, packetId: 7, dup: round > 0 });
    await client.expect({ type: PacketType.PUBREC, packetId: 7 });
  }
  assertEquals(heard, 1);
  await client.ack(PacketType.PUBREL, 7);
  await client.expect({ type: PacketType.PUBCOMP, packetId: 7, reasonCode: 0 });
  await client.sendPublish("t", "x", { qos: 2, packetId: 7 });
  await client.expect({ type: PacketType.PUBREC, packetId: 7 });
  assertEquals(heard, 2);
});

Deno.test("MQTT 3.1.1 has no Receive Maximum: all its Packet Identifiers cost little", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect({ clientId: "a", protocolVersion: 4 });
  await expectMemory(80_000_000, async () => {
    for (let packetId = 1; packetId <= 65_535; packetId += 5) {
      const packets = Array.from(
        { length: 5 },
        (_, index) => Uint8Array.of(0x34, 5, 0, 1, 116, packetId + index >> 8, packetId + index),
      );
      await client.send(...packets);
    }
    await client.barrier();
  });
  const { session } = harness.broker.clients.get("a")!;
  assertEquals(session!.awaitingPubrelMessages, 65_535);
  await client.cut();
  assertEquals(harness.broker.clients.size, 0);
  await expectServed(harness);
});

Deno.test("a subscriber is never sent more than its Receive Maximum, whatever it acknowledges", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect({ clientId: "a", properties: { receiveMaximum: 3 } });
  await client.subscribe("t", { qos: 2 });
  for (let index = 0; index < 10; index++) await harness.broker.publish("t", `${index}`, { qos: 2 });
  const ids: number[] = [];
  for (let index = 0; index < 3; index++) ids.push((await client.expectMessage("t", `${index}`)).packetId!);
  await client.expectNothing();
  for (const type of [PacketType.PUBACK, PacketType.PUBCOMP]) { // for a QoS 2 message that is not released
    for (const id of [...ids, 0x7fff]) await client.ack(type, id);
  }
  await client.expectNothing();
  for (let round = 0; round < 5; round++) await client.ack(PacketType.PUBREC, ids[0]);
  for (let round = 0; round < 5; round++) await client.expect({ type: PacketType.PUBREL, packetId: ids[0] });
  await client.expectNothing();
  for (let round = 0; round < 5; round++) await client.ack(PacketType.PUBCOMP, ids[0]);
  await client.expectMessage("t", "3");
  await client.expectNothing();
  assert(harness.broker.info.inflight === 9);
});
