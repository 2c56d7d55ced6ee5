/** Memory that was read into is used again, but never while somebody still needs what came in it. */
import { assertEquals } from "@std/assert";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import type { Hook } from "../../src/hook/hook.ts";
import { encodePacket } from "../../src/packets/codec.ts";
import type { InflightRecord } from "../../src/session/inflight.ts";
import type { MessageView } from "../../src/session/message_view.ts";
import type { QoS } from "../../src/packets/types.ts";
import { Harness, PacketType, type RawClient } from "../helpers/harness.ts";

const { PUBLISH, PUBACK, PUBREC } = PacketType;
const persistent = { sessionExpiryInterval: 1_000 };

function textOf(payload: Uint8Array): string {
  const text = new TextDecoder().decode(payload);
  return text === text[0].repeat(text.length) ? `${text[0]} ${text.length}` : "not what was sent";
}

/** Messages of 3,000 equal letters, another letter for each. */
function messages(
  count: number,
  options: { qos: QoS; topic: string; firstId?: number; size?: number },
): Uint8Array[] {
  const { qos, topic, firstId = 1, size = 3_000 } = options;
  return Array.from({ length: count }, (_, index) =>
    encodePacket({
      ...{ type: PUBLISH, topic, payload: new Uint8Array(size).fill(97 + index % 26) },
      ...{ qos, packetId: qos === 0 ? 0 : firstId + index, retain: false, dup: false },
    }, 5)!);
}

function letters(count: number, size = 3_000): string[] {
  return Array.from({ length: count }, (_, index) => `${String.fromCharCode(97 + index % 26)} ${size}`);
}

/** Fills all memory that is free with something else; nobody listens. */
async function flood(client: RawClient): Promise<void> {
  const packet = encodePacket({
    ...{ type: PUBLISH, topic: "flood", payload: new Uint8Array(300).fill(33), qos: 0, packetId: 0 },
    ...{ retain: false, dup: false },
  }, 5)!;
  for (let time = 0; time < 8; time++) {
    await client.send(...Array.from({ length: 900 }, () => packet));
    await client.barrier();
  }
}

/** A publisher whose reads are large, so that they use memory of the pool. */
async function publisherOf(harness: Harness): Promise<RawClient> {
  const publisher = await harness.connect("p");
  await flood(publisher);
  return publisher;
}

/** The messages that a client is sent, acknowledged one after the other. */
async function receive(client: RawClient, count: number): Promise<string[]> {
  const received: string[] = [];
  while (received.length < count) {
    const { type, payload, qos, packetId } = await client.next();
    if (type !== PUBLISH) continue;
    received.push(textOf(payload!));
    if (qos! > 0) await client.ack(qos === 1 ? PUBACK : PUBREC, packetId!, qos === 1 ? 0 : 0x80);
  }
  return received;
}

const kinds: Record<string, { receiveMaximum?: number; away?: boolean }> = {
  "are sent and not acknowledged": {},
  "are above the quota": { receiveMaximum: 2 },
  "come while the subscriber is away": { away: true },
};

for (const [name, { receiveMaximum = 65_535, away = false }] of Object.entries(kinds)) {
  for (const qos of [1, 2] as const) {
    Deno.test(`messages at QoS ${qos} that ${name} stay what they are`, async () => {
      for (const count of [1, 3, 60, 200]) {
        await using harness = await Harness.start();
        const publisher = await publisherOf(harness);
        const options = { clientId: "s", cleanStart: false, properties: { ...persistent, receiveMaximum } };
        const before = await harness.connect(options);
        await before.subscribe("t", { qos });
        if (away) await before.cut();
        await publisher.send(...messages(count, { qos, topic: "t" }));
        await flood(publisher);
        const client = await harness.connect(options); // takes the session over, so that all comes again
        assertEquals(await receive(client, count), letters(count), `${count} messages`);
      }
    });
  }
}

for (const count of [1, 60]) {
  for (const qos of [0, 1] as const) {
    for (const event of ["onPublish", "onPublished", "inline"] as const) {
      Deno.test(`${count} payloads at QoS ${qos} that are kept (${event}) stay what they are`, async () => {
        const kept: Uint8Array[] = [];
        const keep = ({ topic, payload }: { topic: string; payload: Uint8Array }) =>
          void (topic === "t" && kept.push(payload));
        const hook: Hook = {
          id: "keeping",
          [event]: (_: unknown, given: { topic: string; payload: Uint8Array }) => keep(given),
        };
        await using harness = await Harness.start({ hooks: event === "inline" ? [allowAll()] : [allowAll(), hook] });
        if (event === "inline") harness.broker.subscribe("t", (_, message) => keep(message));
        const publisher = await publisherOf(harness);
        await publisher.send(...messages(count, { qos, topic: "t" }));
        await flood(publisher);
        assertEquals(kept.map(textOf), letters(count));
      });
    }
  }
}

const followed: Record<string, { receives?: boolean; maximumPacketSize?: number }> = {
  onQosPublish: { receives: true },
  onQosComplete: { receives: true },
  onPublishDropped: { maximumPacketSize: 100 },
};

for (const [event, { receives = false, maximumPacketSize }] of Object.entries(followed)) {
  Deno.test(`messages on their way that a hook looks at later (${event}) are what they were`, async () => {
    const kept: MessageView[] = [];
    const keep = (_: unknown, given: MessageView | InflightRecord) => {
      const message = "direction" in given ? given.message : given;
      if (message?.topic === "t") kept.push(message);
    };
    await using harness = await Harness.start({ hooks: [allowAll(), { id: "keeping", [event]: keep }] });
    const subscriber = await harness.connect({ clientId: "s", properties: { maximumPacketSize } });
    await subscriber.subscribe("t", { qos: 1 });
    const publisher = await publisherOf(harness);
    await publisher.send(...messages(60, { qos: 1, topic: "t" }));
    if (receives) await receive(subscriber, 60);
    await subscriber.barrier();
    await flood(publisher);
    assertEquals(kept.map(({ payload }) => textOf(payload)), letters(60));
  });
}

Deno.test("a message goes to one client at a lower QoS, and is retained as it came", async () => {
  await using harness = await Harness.start();
  const publisher = await publisherOf(harness), subscriber = await harness.connect("s");
  await subscriber.subscribe("t", { qos: 1 });
  const payload = new TextEncoder().encode("text"),
    options = { qos: 2, packetId: 7, retain: true, dup: false } as const;
  await publisher.send(encodePacket({ type: PUBLISH, topic: "t", payload, ...options }, 5)!);
  await subscriber.expectMessage("t", "text", { qos: 1, retain: false });
  const later = await harness.connect("l");
  await later.subscribe("t", { qos: 2 });
  await later.expectMessage("t", "text", { qos: 2, retain: true });
});

for (const size of [400, 3_000]) {
  Deno.test(`payloads of ${size} bytes that an async hook keeps, and what it makes of them, stay what they are`, async () => {
    const kept: Uint8Array[] = [];
    const hook: Hook = {
      id: "keeping",
      onPublish: async (_, packet) => {
        await Promise.resolve();
        if (packet.topic === "t") kept.push(packet.payload);
        return packet.topic === "t" && kept.length % 2 === 0 ? { ...packet, topic: "even", qos: 1 } : undefined;
      },
    };
    await using harness = await Harness.start({ hooks: [allowAll(), hook] });
    const subscriber = await harness.connect({ clientId: "s", cleanStart: false, properties: persistent });
    await subscriber.subscribe("even", { qos: 1 });
    await subscriber.cut();
    const publisher = await publisherOf(harness);
    await publisher.send(...messages(600, { qos: 0, topic: "t", size }));
    await flood(publisher);
    const all = letters(600, size), again = await harness.connect({ clientId: "s", cleanStart: false });
    assertEquals(kept.map(textOf), all);
    assertEquals(await receive(again, 300), all.filter((_, index) => index % 2 === 1));
  });
}

Deno.test("runs at QoS 0 reach subscribers that read late as they were", async () => {
  await using harness = await Harness.start();
  const publisher = await publisherOf(harness), subscribers = [await harness.connect("a"), await harness.connect("b")];
  for (const subscriber of subscribers) await subscriber.subscribe("t");
  for (let time = 0; time < 5; time++) {
    await publisher.send(...messages(60, { qos: 0, topic: "t" }));
    await flood(publisher);
    for (const subscriber of subscribers) assertEquals(await receive(subscriber, 60), letters(60));
  }
});

Deno.test("a retained message stays what it is", async () => {
  await using harness = await Harness.start();
  const publisher = await publisherOf(harness);
  const [packet] = messages(1, { qos: 0, topic: "t" });
  packet[0] |= 1;
  await publisher.send(packet, packet, packet);
  await flood(publisher);
  const subscriber = await harness.connect("s");
  await subscriber.subscribe("t");
  assertEquals(await receive(subscriber, 1), letters(1));
});

Deno.test("messages that hooks look at when others have long been read are what they were", async () => {
  for (const size of [3, 3_000]) {
    const kept: MessageView[] = [];
    const keep = (message: MessageView) => void (message.topic === "t" && kept.push(message));
    const hook: Hook = { id: "keep", onPublished: (_client, message) => keep(message) };
    await using harness = await Harness.start({ hooks: [allowAll(), hook] });
    const publisher = await publisherOf(harness);
    for (const packet of messages(26, { qos: 0, topic: "t", size })) {
      await publisher.send(packet);
      await publisher.barrier();
    }
    await flood(publisher);
    assertEquals(kept.map(({ payload }) => textOf(payload)), letters(26, size));
  }
});

Deno.test("a shared message of a member that left stays what it was while a hook is asked about the next one, and for hooks", async () => {
  const asked: (() => void)[] = [], dropped: MessageView[] = [];
  let isSlow = false;
  const hook: Hook = {
    id: "slow",
    onAclCheck: (_client, _topic, access) =>
      isSlow && access === "read" ? new Promise<boolean>((resolve) => asked.push(() => resolve(true))) : true,
    onQosDropped: (_client, record) => void dropped.push(record.message!),
  };
  await using harness = await Harness.start({ hooks: [hook, allowAll()], realTime: true });
  const members = [await harness.connect("a"), await harness.connect("b")];
  for (const member of members) await member.subscribe("$share/g/t", { qos: 1 });
  const publisher = await publisherOf(harness);
  await publisher.send(...messages(1, { qos: 1, topic: "t" }));
  await publisher.expect({ type: PUBACK, packetId: 1 });
  const left = members.find(({ received }) => received.some(({ type }) => type === PUBLISH))!;
  const next = members.find((member) => member !== left)!;
  await left.next();
  isSlow = true;
  await left.disconnect();
  while (asked.length === 0) await publisher.barrier();
  isSlow = false;
  await flood(publisher);
  for (const answer of asked) answer();
  assertEquals(await receive(next, 1), letters(1));
  assertEquals(dropped.map(({ payload }) => textOf(payload)), letters(1));
});
