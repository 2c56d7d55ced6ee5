import { assertEquals } from "@std/assert";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import type { Capabilities } from "../../src/broker/core/options.ts";
import { Harness, PacketType, type RawClient } from "../helpers/harness.ts";

const stored = { clientId: "a", cleanStart: false, properties: { sessionExpiryInterval: 60 } };

/** Queues `1` to `5` for a client that is away and tells what it gets, and how often a hook was told of a loss. */
async function queued(capabilities: Partial<Capabilities>): Promise<{ got: string[]; dropped: number }> {
  let dropped = 0;
  const count = { id: "count", onQosDropped: () => void dropped++ };
  await using harness = await Harness.start({ hooks: [allowAll(), count], capabilities });
  const client = await harness.connect(stored);
  await client.subscribe("t", { qos: 1 });
  await client.cut();
  for (let number = 1; number <= 5; number++) await harness.broker.publish("t", `${number}`, { qos: 1 });
  const { inflight, inflightDropped } = harness.broker.info;
  const back = await harness.connect(stored);
  await back.barrier();
  const got = back.received.filter(({ type }) => type === PacketType.PUBLISH).map(({ payload }) =>
    new TextDecoder().decode(payload)
  );
  assertEquals([inflight, inflightDropped], [got.length, dropped]);
  return { got, dropped };
}

Deno.test("a queue that is full takes no new message, or gives up the oldest ones", async () => {
  assertEquals(await queued({}), { got: ["1", "2", "3", "4", "5"], dropped: 0 });
  assertEquals(await queued({ maximumQueuedMessages: 2 }), { got: ["1", "2"], dropped: 3 });
  assertEquals(await queued({ maximumQueuedMessages: 2, queueOverflow: "drop_oldest" }), {
    got: ["4", "5"],
    dropped: 3,
  });
  assertEquals(await queued({ maximumQueuedMessages: 0, queueOverflow: "drop_oldest" }), { got: [], dropped: 5 });
});

Deno.test("bytes of one queue and of all queues are limited as messages are", async () => {
  const two = 2 * (384 + 2 + 1 + 128); // a message, its topic, its payload and its place in the queue
  assertEquals(await queued({ maximumQueuedBytes: two }), { got: ["1", "2"], dropped: 3 });
  assertEquals(await queued({ maximumTotalQueuedBytes: two }), { got: ["1", "2"], dropped: 3 });
  assertEquals(await queued({ maximumQueuedBytes: two, queueOverflow: "drop_oldest" }), {
    got: ["4", "5"],
    dropped: 3,
  });
});

async function stalled(harness: Harness): Promise<RawClient> {
  const client = await harness.connect({ ...stored, properties: { sessionExpiryInterval: 60, receiveMaximum: 1 } });
  await client.subscribe("t", { qos: 1 });
  return client;
}

for (const filter of ["t", "$share/group/t"]) {
  Deno.test(`where all queues together are full no message is refused for who has ${filter} at QoS 0`, async () => {
    await using harness = await Harness.start({ capabilities: { maximumTotalQueuedBytes: 1 } });
    const publisher = await harness.connect("p"), publish = (topic: string) => publisher.publish(topic, "", { qos: 1 });
    const client = await harness.connect(stored);
    await client.subscribe("full", { qos: 1 });
    await client.subscribe(filter, { qos: 0 });
    await client.cut();
    assertEquals([await publish("full"), await publish("full"), await publish("t")], [0, 0x97, 0]);
  });
}

Deno.test("a client whose queue overflows may be disconnected; its session stays", async () => {
  await using harness = await Harness.start({
    capabilities: { maximumQueuedMessages: 2, queueOverflow: "disconnect", maximumAcknowledgementDelay: 0 },
  });
  const client = await stalled(harness);
  for (let number = 1; number <= 4; number++) await harness.broker.publish("t", `${number}`, { qos: 1 });
  await client.expectMessage("t", "1");
  await client.expectDisconnect(0x97);
  const back = await harness.connect(stored);
  for (const [payload, dup] of [["1", true], ["2", false], ["3", false]] as const) {
    await back.expectMessage("t", payload, { dup });
  }
  await back.expectNothing();
});

Deno.test("what leaves a queue makes room in it", async () => {
  await using harness = await Harness.start({
    capabilities: { maximumQueuedMessages: 1, maximumAcknowledgementDelay: 0 },
  });
  const client = await stalled(harness);
  for (let number = 1; number <= 10; number++) {
    await harness.broker.publish("t", `${number}`, { qos: 1 });
    await harness.broker.publish("t", "queued", { qos: 1 });
    await harness.broker.publish("t", "too much", { qos: 1 });
    for (const payload of [`${number}`, "queued"]) {
      const { packetId } = await client.expectMessage("t", payload);
      await client.ack(PacketType.PUBACK, packetId!);
    }
    await client.expectNothing();
  }
  assertEquals(harness.broker.info.inflightDropped, 10);
});
