/** Bounds of what is retained, to the byte and to the millisecond. */
import { assertEquals } from "@std/assert";
import { Message } from "../../src/session/message.ts";
import { costOfRetained } from "../../src/session/retained_message.ts";
import { Harness } from "../helpers/harness.ts";

const QOS = { qos: 1, retain: true } as const;

Deno.test("what takes just as much as may be retained is retained, and a byte more is not", async () => {
  const message = new Message({ topic: "a/b", payload: new Uint8Array(1_000), receivedAt: 0, ...QOS });
  message.encode();
  await using harness = await Harness.start({ capabilities: { maximumRetainedBytes: 2 * costOfRetained(message) } });
  const client = await harness.connect("a");
  const retain = (topic: string, size: number) => client.publish(topic, new Uint8Array(size), QOS);
  assertEquals([await retain("a/b", 1_000), await retain("a/c", 1_001), await retain("a/c", 1_000)], [
    0x10,
    0x97,
    0x10,
  ]);
  // the level that both share has brought it above the limit: what takes no more than before is taken all the same
  assertEquals([await retain("a/c", 1_000), await retain("a/c", 1_001), await retain("a/c", 999)], [0x10, 0x97, 0x10]);
});

Deno.test("a message that expires at once is not sent to who subscribes at once", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect("a"), subscriber = await harness.connect("b");
  await client.publish("t", "x", { ...QOS, properties: { messageExpiryInterval: 0 } });
  await client.publish("u", "y", { ...QOS, properties: { messageExpiryInterval: 1 } });
  await subscriber.subscribe("+");
  await subscriber.expectMessage("u", "y");
  await subscriber.expectNothing();
});
