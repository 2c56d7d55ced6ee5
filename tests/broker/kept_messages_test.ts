/** The object of a message is used again for the next one, but never while somebody may still look at it. */
import { assertEquals } from "@std/assert";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import type { Hook } from "../../src/hook/hook.ts";
import { encodePacket } from "../../src/packets/codec.ts";
import type { MessageView } from "../../src/session/message_view.ts";
import type { QoS } from "../../src/packets/types.ts";
import { Harness, PacketType } from "../helpers/harness.ts";

interface More {
  readonly retain?: boolean;
  readonly packetId?: number;
  readonly text?: string;
}

function publish(
  topic: string,
  qos: QoS,
  { retain = false, packetId = 0, text = topic.padEnd(60, ".") }: More,
): Uint8Array {
  const packet = { topic, payload: new TextEncoder().encode(text), qos, packetId, retain, dup: false };
  return encodePacket({ type: PacketType.PUBLISH, ...packet }, 5)!;
}

const topics = Array.from({ length: 40 }, (_, index) => `t/${index}`);

function seen({ topic, payload, qos }: MessageView): (string | QoS)[] {
  return [topic, new TextDecoder().decode(payload), qos];
}

for (const qos of [0, 1] as const) {
  for (const event of ["onPublished", "onRetainMessage", "onPublishDropped"] as const) {
    Deno.test(`messages at QoS ${qos} that an async ${event} keeps stay what they are`, async () => {
      const kept: MessageView[] = [];
      const keep = async (_: unknown, message: MessageView | undefined) => {
        if (message !== undefined) kept.push(message);
        await Promise.resolve();
      };
      const isDropped = event === "onPublishDropped", hook: Hook = { id: "keeping", [event]: keep };
      await using harness = await Harness.start({ hooks: [allowAll(), hook] });
      const subscriber = await harness.connect({
        clientId: "s",
        properties: isDropped ? { maximumPacketSize: 50 } : undefined,
      });
      await subscriber.subscribe("t/#", { qos });
      const publisher = await harness.connect("p");
      const retain = event === "onRetainMessage";
      await publisher.send(...topics.map((topic, at) => publish(topic, qos, { retain, packetId: qos && at + 1 })));
      await publisher.barrier();
      assertEquals(kept.map(seen), topics.map((topic) => [topic, topic.padEnd(60, "."), qos]));
    });
  }
}

Deno.test("retained messages that are sent and not acknowledged stay what they are", async () => {
  await using harness = await Harness.start();
  const publisher = await harness.connect("p"),
    options = {
      ...{ clientId: "s", cleanStart: false, properties: { sessionExpiryInterval: 1_000 } },
    };
  const retain = (text?: string) =>
    topics.map((topic, at) => publish(topic, 1, { retain: true, packetId: at + 1, text }));
  await publisher.send(...retain());
  await publisher.barrier();
  const before = await harness.connect(options);
  await before.send(
    encodePacket(
      {
        ...{ type: PacketType.SUBSCRIBE, packetId: 9 },
        subscriptions: [{ topicFilter: "t/#", qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 }],
      },
      5,
    )!,
  );
  for (let packets = 0; packets <= topics.length; packets++) await before.next(); // with SUBACK
  await before.cut();
  await publisher.send(...retain("!".repeat(60)));
  await publisher.barrier();
  const client = await harness.connect(options), again: string[] = [];
  while (again.length < topics.length) {
    const { type, topic, dup, payload } = await client.next();
    if (type === PacketType.PUBLISH && dup) again.push(`${topic} ${new TextDecoder().decode(payload)}`);
  }
  assertEquals(again, topics.map((topic) => `${topic} ${topic.padEnd(60, ".")}`));
});

Deno.test("a retained message that came with a Topic Alias alone has its topic", async () => {
  await using harness = await Harness.start();
  const publisher = await harness.connect("p"), shared = { qos: 0, packetId: 0, retain: true, dup: false } as const;
  for (const [topic, text] of [["t/1", "first"], ["", "second"]]) {
    const payload = new TextEncoder().encode(text), properties = { topicAlias: 1 };
    await publisher.send(encodePacket({ type: PacketType.PUBLISH, ...shared, topic, payload, properties }, 5)!);
  }
  await publisher.barrier();
  const reader = await harness.connect("r");
  await reader.subscribe("t/#", { qos: 1 });
  const { topic, payload, retain } = await reader.next();
  assertEquals([topic, new TextDecoder().decode(payload), retain], ["t/1", "second", true]);
});

Deno.test("a message has nothing of the one before it", async () => {
  await using harness = await Harness.start();
  const reader = await harness.connect("r"), publisher = await harness.connect("p");
  await reader.subscribe("t/#", { qos: 0 });
  const properties = { payloadFormatIndicator: 1, messageExpiryInterval: 60, topicAlias: 1 } as const;
  assertEquals(await publisher.publish("t/text", "text", { qos: 0, properties }), 0);
  assertEquals(await publisher.publish("t/bytes", Uint8Array.of(0xff), { qos: 1 }), 0); // no text is claimed
  await reader.next();
  const { topic, payload, properties: own } = await reader.next();
  assertEquals([topic, payload, own], ["t/bytes", Uint8Array.of(0xff), {}]);
});
