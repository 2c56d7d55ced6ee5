/** Bounds of what is retained, to the byte and to the millisecond. */
import { assertEquals, assertRejects } from "@std/assert";
import { MqttError } from "../../src/packets/errors.ts";
import { Message } from "../../src/session/message.ts";
import { costOfRetained } from "../../src/session/retained_message.ts";
import { Shelf } from "../../src/session/retained_rooms.ts";
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

Deno.test("the last eighth is not for a client that has retained much, but for the program itself", async () => {
  await using harness = await Harness.start({ capabilities: { maximumRetainedMessages: 800 } });
  const client = await harness.connect("hog"), { broker } = harness;
  for (let index = 0; index < 700; index++) await client.publish(`t/${index}`, "x", { qos: 0, retain: true });
  assertEquals(await client.publish("t/700", "x", { qos: 1, retain: true }), 0x97);
  assertEquals(await client.publish("t/0", "y", { qos: 1, retain: true }), 0x10, "it takes the place of another one");
  for (let index = 0; index < 100; index++) await broker.publish(`own/${index}`, "x", { retain: true });
  assertEquals(broker.info.retained, 800);
  await assertRejects(() => broker.publish("own/100", "x", { retain: true }), MqttError);
});

Deno.test("a message that grows counts for its client as it is now", async () => {
  await using harness = await Harness.start({ capabilities: { maximumRetainedBytes: 24_000 } });
  const client = await harness.connect("a");
  const retain = (topic: string, size: number) => client.publish(topic, new Uint8Array(size), QOS);
  assertEquals([await retain("t", 10), await retain("t", 20_000)], [0x10, 0x10]);
  assertEquals(await retain("u", 10), 0x97, "it has much, and the last eighth is for others");
  assertEquals([await retain("t", 10), await retain("u", 10)], [0x10, 0x10]);
});

Deno.test("what is cleared and what expires gives its memory back", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect("a"), { take, giveBack } = Shelf.prototype;
  let taken = 0;
  Shelf.prototype.take = function (tenant) {
    taken++;
    return take.call(this, tenant);
  };
  Shelf.prototype.giveBack = function (room) {
    taken--;
    return giveBack.call(this, room);
  };
  try {
    for (const size of [10, 100, 1_000]) await client.publish(`t/${size}`, new Uint8Array(size), QOS);
    await client.publish("u", "x", { ...QOS, properties: { messageExpiryInterval: 1 } });
    assertEquals(taken, 3);
    for (const size of [100, 1_000, 10]) await client.publish("t/10", new Uint8Array(size), QOS);
    assertEquals(taken, 3);
    for (const size of [10, 100, 1_000]) await client.publish(`t/${size}`, "", QOS);
    assertEquals(taken, 1);
    await harness.advance(1_000);
    assertEquals(taken, 0);
  } finally {
    Object.assign(Shelf.prototype, { take, giveBack });
  }
});
