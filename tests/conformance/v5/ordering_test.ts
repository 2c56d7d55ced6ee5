import { assertEquals } from "@std/assert";
import { Harness, PacketType, type RawClient } from "../../helpers/harness.ts";

const stored = { cleanStart: false, properties: { sessionExpiryInterval: 60 } };

/** Takes all messages and acknowledges them. */
async function takeAll(client: RawClient, count: number): Promise<string[]> {
  const payloads: string[] = [];
  while (payloads.length < count) {
    const { type, payload, qos, packetId } = await client.next();
    if (type === PacketType.PUBREL) await client.ack(PacketType.PUBCOMP, packetId!);
    if (type !== PacketType.PUBLISH) continue;
    payloads.push(new TextDecoder().decode(payload));
    if (qos! > 0) await client.ack(qos === 1 ? PacketType.PUBACK : PacketType.PUBREC, packetId!);
  }
  return payloads;
}

const NUMBERS = Array.from({ length: 1_000 }, (_, number) => `${number}`);

Deno.test("[v5 MQTT-4.6.0-5] [v5 MQTT-4.6.0-6] messages come in the order in which they were published", async () => {
  for (const qos of [0, 1, 2] as const) {
    await using harness = await Harness.start();
    const exact = await harness.connect({ clientId: "exact", properties: { receiveMaximum: 7 } });
    const wild = await harness.connect("wild"), publisher = await harness.connect("publisher");
    await exact.subscribe("t/1", { qos });
    await wild.subscribe("+/#", { qos });
    for (let at = 0; at < NUMBERS.length; at += 100) {
      for (const number of NUMBERS.slice(at, at + 100)) {
        await publisher.sendPublish("t/1", number, { qos, packetId: qos === 0 ? 0 : Number(number) + 1 });
      }
      if (qos === 0) continue;
      for (const number of NUMBERS.slice(at, at + 100)) {
        const packetId = Number(number) + 1;
        await publisher.expect({ type: qos === 1 ? PacketType.PUBACK : PacketType.PUBREC, packetId });
        if (qos === 2) await publisher.ack(PacketType.PUBREL, packetId);
      }
      for (const number of qos === 2 ? NUMBERS.slice(at, at + 100) : []) {
        await publisher.expect({ type: PacketType.PUBCOMP, packetId: Number(number) + 1 });
      }
    }
    assertEquals(await takeAll(exact, 1_000), NUMBERS);
    assertEquals(await takeAll(wild, 1_000), NUMBERS);
  }
});

Deno.test("[v5 MQTT-4.6.0-5] messages come in order from the queue as well, and live ones behind them", async () => {
  for (const qos of [1, 2] as const) {
    await using harness = await Harness.start();
    const before = await harness.connect(stored);
    await before.subscribe("t", { qos });
    await before.cut();
    for (const number of NUMBERS.slice(0, 500)) await harness.broker.publish("t", number, { qos });
    const client = await harness.connect({ ...stored, properties: { receiveMaximum: 3, sessionExpiryInterval: 60 } });
    const taking = takeAll(client, 1_000);
    for (const number of NUMBERS.slice(500)) await harness.broker.publish("t", number, { qos });
    assertEquals(await taking, NUMBERS);
  }
});

Deno.test("[v5 MQTT-4.6.0-5] an async hook does not change the order", async () => {
  const seen = { onAclCheck: 0, onPublish: 0 };
  const now = <T>(event: keyof typeof seen, every: number, value: T) =>
    ++seen[event] % every === 0 ? value : Promise.resolve(value);
  const hook = {
    id: "slow",
    onConnectAuthenticate: () => true,
    onAclCheck: () => now("onAclCheck", 3, true),
    onPublish: (_: unknown, packet: unknown) => now("onPublish", 2, packet),
  } as never;
  await using harness = await Harness.start({ hooks: [hook] });
  const client = await harness.connect(), publisher = await harness.connect("publisher");
  await client.subscribe("t", { qos: 1 });
  for (const number of NUMBERS.slice(0, 200)) await publisher.sendPublish("t", number, { qos: 1 });
  assertEquals(await takeAll(client, 200), NUMBERS.slice(0, 200));
  assertEquals(seen.onPublish, 200);
  for (let packetId = 1; packetId <= 200; packetId++) await publisher.expect({ type: PacketType.PUBACK, packetId });
});

Deno.test("[v5 MQTT-4.5.0-1] every client with a matching subscription gets the message, there or away", async () => {
  await using harness = await Harness.start();
  const filters = ["t/1", "t/+", "#", "+/1", "t/#", "t/1/#"];
  for (const qos of [1, 2] as const) {
    const here: RawClient[] = [];
    for (const filter of filters) {
      const client = await harness.connect(`here ${filter}`),
        away = await harness.connect({ ...stored, clientId: `away ${filter}` });
      await client.subscribe(filter, { qos });
      await away.subscribe(filter, { qos });
      await away.cut();
      here.push(client);
    }
    await harness.broker.publish("t/1", "x", { qos });
    for (const client of here) await client.expectMessage("t/1", "x", { qos });
    for (const filter of filters) {
      const away = await harness.connect({ ...stored, clientId: `away ${filter}` });
      await away.expectMessage("t/1", "x", { qos, dup: false });
      await away.disconnect(0, { sessionExpiryInterval: 0 });
    }
  }
});

Deno.test("[v5 MQTT-4.5.0-1] messages of QoS 0 are not kept for clients that are away", async () => {
  await using harness = await Harness.start();
  const away = await harness.connect(stored);
  await away.subscribe("t", { qos: 2 });
  await away.cut();
  await harness.broker.publish("t", "x", { qos: 0 });
  await (await harness.connect(stored)).expectNothing();
});
