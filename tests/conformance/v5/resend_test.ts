import { assertEquals } from "@std/assert";
import { type ConnectOptions, Harness, PacketType, type RawClient } from "../../helpers/harness.ts";

const { PUBACK, PUBREC, PUBREL, PUBLISH } = PacketType;
const stored: ConnectOptions = { cleanStart: false, properties: { sessionExpiryInterval: 60 } };

async function subscriber(harness: Harness, qos: 0 | 1 | 2): Promise<RawClient> {
  const client = await harness.connect(stored);
  await client.subscribe("t", { qos });
  return client;
}

Deno.test("[v5 MQTT-4.4.0-1] on a live connection nothing is sent again", async () => {
  await using harness = await Harness.start();
  const client = await subscriber(harness, 2);
  for (const qos of [1, 2] as const) await harness.broker.publish("t", `${qos}`, { qos });
  await client.expectMessage("t", "1");
  const { packetId } = await client.expectMessage("t", "2");
  await harness.advance(10_000_000);
  await client.expectNothing();
  await client.ack(PUBREC, packetId!);
  await client.expect({ type: PUBREL, packetId });
  await harness.advance(10_000_000);
  await client.expectNothing();
});

Deno.test("[v5 MQTT-4.4.0-2] an acknowledgement of 0x80 or above settles the message", async () => {
  await using harness = await Harness.start();
  const client = await subscriber(harness, 2);
  for (const [qos, type] of [[1, PUBACK], [2, PUBREC]] as const) {
    await harness.broker.publish("t", "x", { qos });
    const { packetId } = await client.expectMessage("t", "x");
    await client.ack(type, packetId!, 0x80);
  }
  await client.cut();
  await (await harness.connect(stored)).expectNothing();
});

Deno.test("[v5 MQTT-4.4.0-1] open exchanges come again in their old order, before anything new", async () => {
  await using harness = await Harness.start();
  let client = await subscriber(harness, 2);
  const payloads = Array.from({ length: 20 }, (_, number) => `${number}`);
  for (const payload of payloads) {
    await harness.broker.publish("t", payload, { qos: Number(payload) % 2 === 0 ? 1 : 2 });
  }
  for (const payload of payloads) await client.expectMessage("t", payload);
  for (const packetId of [20, 4, 2]) { // out of order
    await client.ack(PUBREC, packetId);
    await client.expect({ type: PUBREL, packetId });
  }
  for (const packetId of [19, 1]) await client.ack(PUBACK, packetId);
  for (let time = 0; time < 2; time++) {
    await client.cut();
    if (time === 0) await harness.broker.publish("t", "new", { qos: 1 });
    client = await harness.connect(stored);
    const again: string[] = [];
    for (let left = 19; left > 0; left--) {
      const { type, packetId, payload } = await client.next();
      again.push(type === PUBLISH ? new TextDecoder().decode(payload) : `release ${packetId}`);
    }
    const open = payloads.slice(1, 18).map((payload) =>
      ["1", "3"].includes(payload) ? `release ${Number(payload) + 1}` : payload
    );
    assertEquals(again, [...open, "release 20", "new"]);
    await client.expectNothing();
  }
});
