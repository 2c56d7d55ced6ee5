/** A session that sleeps keeps its messages, and no read buffer of those who have published them. */
import { assert, assertEquals } from "@std/assert";
import type { Session } from "../../src/session/session.ts";
import { Harness, PacketType, type RawClient } from "../helpers/harness.ts";

/** More than may be kept in a read buffer. */
const MESSAGES = 200;
const LASTING = { clientId: "s", cleanStart: false, properties: { sessionExpiryInterval: 1_000 } };

/** How many messages in flight are in read buffers. */
function inReadBuffers({ outbox }: Session): number {
  let count = 0;
  for (let record = outbox.inflight.oldest; record !== undefined; record = record.newer) {
    if (record.message!.slab !== undefined) count++;
  }
  return count;
}

async function publishSome(publisher: RawClient, subscriber: RawClient): Promise<number[]> {
  const packetIds: number[] = [];
  for (let index = 0; index < MESSAGES; index++) {
    await publisher.publish("t", new Uint8Array(100), { qos: 1 });
    packetIds.push((await subscriber.expect({ type: PacketType.PUBLISH })).packetId!);
  }
  return packetIds;
}

Deno.test("messages in flight leave the read buffers of their publishers when the connection ends, whichever are acknowledged", async () => {
  await using harness = await Harness.start();
  const subscriber = await harness.connect(LASTING), publisher = await harness.connect("p");
  await subscriber.subscribe("t", { qos: 1 });
  const session = harness.broker.clients.get("s")!.session as Session;
  for (const packetId of (await publishSome(publisher, subscriber)).slice(50, 190)) {
    await subscriber.ack(PacketType.PUBACK, packetId);
  }
  await harness.settle();
  assertEquals(session.outbox.inflight.size, 60);
  await publishSome(publisher, subscriber);
  const before = inReadBuffers(session);
  assert(before > 60 && before <= 128, `${before} messages`);
  await subscriber.cut();
  await harness.settle();
  assertEquals([session.inflightMessages, inReadBuffers(session)], [60 + MESSAGES, 0]);
});
