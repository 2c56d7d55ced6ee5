/** Hooks and acknowledgements may look at a message long after its turn: nothing else has been read into its memory. */
import { assertEquals } from "@std/assert";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import type { Hook } from "../../src/hook/hook.ts";
import { encodePacket } from "../../src/packets/codec.ts";
import type { Properties, QoS } from "../../src/packets/types.ts";
import type { MessageView } from "../../src/session/message_view.ts";
import { Harness, PacketType, type RawClient } from "../helpers/harness.ts";

const { PUBLISH } = PacketType;
const COUNT = 60;

function publishPacket(
  topic: string,
  payload: Uint8Array,
  more: { qos?: QoS; packetId?: number; properties?: Properties } = {},
): Uint8Array {
  return encodePacket({ type: PUBLISH, topic, payload, qos: 0, packetId: 0, retain: false, dup: false, ...more }, 5)!;
}

/** Fills all memory that is free with something else; nobody listens. */
async function flood(client: RawClient): Promise<void> {
  const packet = publishPacket("flood", new Uint8Array(300).fill(33));
  for (let time = 0; time < 8; time++) {
    await client.send(...Array.from({ length: 900 }, () => packet));
    await client.barrier();
  }
}

type Seen = (message: MessageView) => void;

const EVENTS: Record<string, (seen: Seen) => Partial<Hook>> = {
  onPublished: (seen) => ({ onPublished: (_client, message) => seen(message) }),
  onSelectSubscribers: (seen) => ({ onSelectSubscribers: (message) => seen(message) }),
  "onPublishDropped at QoS 0": (seen) => ({ onPublishDropped: (_client, message) => seen(message) }),
  "onPublishDropped at QoS 1": (seen) => ({ onPublishDropped: (_client, message) => seen(message) }),
  onQosDropped: (seen) => ({ onQosDropped: (_client, record) => seen(record.message!) }),
};

for (const [event, make] of Object.entries(EVENTS)) {
  Deno.test(`a hook may look at the payload later: ${event}`, async () => {
    const seen: MessageView[] = [];
    const hook: Hook = { id: "late", ...make((message) => void (message.topic === "t" && seen.push(message))) };
    const capabilities = { maximumQueuedMessages: 0, maximumAcknowledgementDelay: 0 };
    await using harness = await Harness.start({ hooks: [allowAll(), hook], capabilities });
    const publisher = await harness.connect("p"), qos = event === "onPublishDropped at QoS 0" ? 0 : 1;
    const properties = qos === 0 ? { maximumPacketSize: 100 } : { sessionExpiryInterval: 60 };
    const subscriber = await harness.connect({ clientId: "s", properties });
    await subscriber.subscribe("t", { qos });
    if (qos === 1) await subscriber.cut();
    await flood(publisher); // from here on its reads are large
    const letters = Array.from({ length: COUNT }, (_, index) => 97 + index % 26);
    await publisher.send(
      ...letters.map((letter, index) =>
        publishPacket("t", new Uint8Array(3_000).fill(letter), { qos, packetId: qos === 0 ? 0 : index + 1 })
      ),
    );
    await flood(publisher);
    assertEquals(seen.map(({ payload }) => [payload[0], payload.every((byte) => byte === payload[0])]), [
      ...letters.map((letter) => [letter, true]),
    ]);
  });
}

Deno.test("an acknowledgement that waits repeats the User Properties that came", async () => {
  const gate = Promise.withResolvers<void>();
  const hook: Hook = { id: "store", durable: true, onQosPublish: () => gate.promise };
  const compatibilities = { inheritPropertiesOnAck: true };
  await using harness = await Harness.start({ hooks: [allowAll(), hook], compatibilities });
  const publisher = await harness.connect("p"), other = await harness.connect("other");
  await flood(publisher);
  const properties = (packetId: number) => ({ userProperties: [["name", `value ${packetId}`]] as [string, string][] });
  const packetIds = Array.from({ length: COUNT }, (_, index) => index + 1);
  await publisher.send(
    ...packetIds.map((packetId) =>
      publishPacket("t", new Uint8Array(3_000), { qos: 2, packetId, properties: properties(packetId) })
    ),
  );
  await harness.clock.advance(0); // no PINGREQ: memory that a whole packet was decoded from is not used again
  for (const client of [publisher, other]) await flood(client);
  gate.resolve();
  for (const packetId of packetIds) {
    await publisher.expect({ type: PacketType.PUBREC, packetId, properties: properties(packetId) });
  }
});
