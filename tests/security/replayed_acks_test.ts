import { assertEquals } from "@std/assert";
import { Harness, PacketType } from "../helpers/harness.ts";
import { expectServed } from "./attackers.ts";

const { PUBACK, PUBREC, PUBREL, PUBCOMP } = PacketType;

Deno.test("acknowledgements of what nobody sent are answered or ignored, as often as they come", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect("a");
  for (const packetId of [1, 2, 65_535]) {
    for (let round = 0; round < 3; round++) {
      await client.ack(PUBREL, packetId);
      await client.expect({ type: PUBCOMP, packetId, reasonCode: 0x92 });
      await client.ack(PUBREC, packetId);
      await client.expect({ type: PUBREL, packetId, reasonCode: 0x92 });
      await client.ack(PUBREC, packetId, 0x80);
      await client.ack(PUBACK, packetId);
      await client.ack(PUBCOMP, packetId);
      await client.expectNothing();
    }
  }
  await expectServed(harness);
});

Deno.test("every acknowledgement of an exchange may come twice, and counts once", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect({ clientId: "a", properties: { receiveMaximum: 2 } });
  await client.subscribe("t/#", { qos: 2 });
  const { broker } = harness;
  await broker.publish("t/1", "x", { qos: 1 });
  const one = (await client.expectMessage("t/1", "x")).packetId!;
  for (let round = 0; round < 3; round++) await client.ack(PUBACK, one);
  await client.expectNothing();
  await broker.publish("t/2", "x", { qos: 2 });
  const two = (await client.expectMessage("t/2", "x")).packetId!;
  for (let round = 0; round < 3; round++) {
    await client.ack(PUBREC, two);
    await client.expect({ type: PUBREL, packetId: two });
  }
  for (let round = 0; round < 3; round++) await client.ack(PUBCOMP, two);
  await client.barrier();
  assertEquals(broker.info.inflight, 0);
  await client.ack(PUBREC, two); // behind the end
  await client.expect({ type: PUBREL, packetId: two, reasonCode: 0x92 });
  for (let index = 0; index < 3; index++) await broker.publish("t/3", `${index}`, { qos: 1 });
  await client.expectMessage("t/3", "0");
  await client.expectMessage("t/3", "1");
  await client.expectNothing(); // the quota has not grown
  assertEquals(broker.info.inflight, 3);
});

Deno.test("an acknowledgement of the wrong kind changes nothing", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect("a");
  await client.subscribe("t", { qos: 2 });
  await harness.broker.publish("t", "1", { qos: 1 });
  await harness.broker.publish("t", "2", { qos: 2 });
  const one = (await client.next()).packetId!, two = (await client.next()).packetId!;
  await client.ack(PUBACK, two);
  await client.ack(PUBCOMP, two);
  await client.ack(PUBCOMP, one);
  await client.ack(PUBREC, one);
  await client.expect({ type: PUBREL, packetId: one, reasonCode: 0x92 });
  await client.expectNothing();
  assertEquals(harness.broker.info.inflight, 2);
});
