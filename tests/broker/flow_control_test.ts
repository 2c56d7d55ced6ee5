import { assert, assertEquals } from "@std/assert";
import type { Session } from "../../src/session/session.ts";
import { Harness, PacketType, type RawClient } from "../helpers/harness.ts";

const LIMITS = { maximumQueuedMessages: 20, maximumAcknowledgementDelay: 5 };
/** Half of the limit waits in the queue, one message is on its way to the subscriber. */
const UNHELD = 11;
/** With so many acknowledgements that wait a publisher has much under way; the first ones wait only so many milliseconds. */
const MANY = 16, BRIEFLY = 50, LATER = 10, WHEN_FULL = 900;
/** So many of them wait before the queue has all that it may have. */
const UNFULL = 10;

/** A subscriber that takes one message at a time. */
async function subscriberOf(harness: Harness, clientId = "s"): Promise<RawClient> {
  const properties = { receiveMaximum: 1, sessionExpiryInterval: 60 };
  const subscriber = await harness.connect({ clientId, properties });
  await subscriber.subscribe("t", { qos: 2 });
  return subscriber;
}

/** Publishes until acknowledgements are held. @returns Packet Identifiers of those that are */
async function fill(publisher: RawClient, held: number, qos: 1 | 2 = 1): Promise<number[]> {
  for (let sent = 0; sent < UNHELD; sent++) await publisher.publish("t", "x", { qos });
  const packetIds: number[] = [];
  for (let sent = 0; sent < held; sent++) packetIds.push(await publisher.sendPublish("t", "x", { qos }));
  await publisher.expectNothing();
  return packetIds;
}

/** Takes a message and acknowledges it. */
async function takeOne(subscriber: RawClient): Promise<void> {
  const { packetId, qos } = await subscriber.expect({ type: PacketType.PUBLISH });
  await subscriber.ack(qos === 1 ? PacketType.PUBACK : PacketType.PUBREC, packetId!);
  if (qos === 1) return;
  await subscriber.expect({ type: PacketType.PUBREL, packetId: packetId! });
  await subscriber.ack(PacketType.PUBCOMP, packetId!);
}

for (const qos of [1, 2] as const) {
  Deno.test(`at QoS ${qos} a publisher is acknowledged later while a subscriber catches up, and nothing is lost`, async () => {
    await using harness = await Harness.start({ capabilities: LIMITS });
    const subscriber = await subscriberOf(harness), publisher = await harness.connect("p");
    const held = await fill(publisher, 29, qos);
    for (let taken = 0; taken < UNHELD + held.length; taken++) await takeOne(subscriber);
    for (const packetId of held) {
      await publisher.expect({ type: qos === 1 ? PacketType.PUBACK : PacketType.PUBREC, packetId, reasonCode: 0 });
    }
    await subscriber.expectNothing();
    assertEquals(harness.broker.info.messagesDropped, 0);
  });
}

Deno.test("a queue with half of its bytes holds publishers as one with half of its messages", async () => {
  const start = (maximumQueuedBytes: number) =>
    Harness.start({ capabilities: { ...LIMITS, maximumQueuedMessages: 1_000, maximumQueuedBytes } });
  let bytes = 0;
  {
    await using harness = await start(1_000_000);
    const subscriber = await subscriberOf(harness), publisher = await harness.connect("p");
    for (let sent = 0; sent < UNHELD; sent++) await publisher.publish("t", "x", { qos: 1 });
    bytes = (harness.broker.clients.get("s")!.session as Session).outbox.queue.bytes;
    await subscriber.cut();
  }
  for (const [more, held] of [[0, 1], [2, 0]]) {
    await using harness = await start(2 * bytes + more);
    const subscriber = await subscriberOf(harness), publisher = await harness.connect("p");
    const [packetId] = await fill(publisher, held);
    if (held === 0) await publisher.publish("t", "x", { qos: 1 });
    for (let left = 11; held > 0 && left > 5; left--) {
      await publisher.expectNothing();
      await takeOne(subscriber);
    }
    if (held > 0) await publisher.expect({ type: PacketType.PUBACK, packetId }); // as soon as a quarter is left
  }
});

Deno.test("publishers go on as soon as a quarter of the limit is left in the queue", async () => {
  await using harness = await Harness.start({ capabilities: LIMITS });
  const subscriber = await subscriberOf(harness), publisher = await harness.connect("p");
  const [packetId] = await fill(publisher, 1);
  for (let left = 11; left > 5; left--) {
    await publisher.expectNothing();
    await takeOne(subscriber);
  }
  await publisher.expect({ type: PacketType.PUBACK, packetId });
});

Deno.test("a subscriber that stands still holds publishers up once, for a fifth of the longest delay", async () => {
  await using harness = await Harness.start({ capabilities: LIMITS });
  const subscriber = await subscriberOf(harness), publisher = await harness.connect("p");
  const held = await fill(publisher, MANY + 3);
  await harness.advance(BRIEFLY);
  for (const packetId of held.splice(0, UNFULL)) await publisher.expect({ type: PacketType.PUBACK, packetId });
  await publisher.expectNothing();
  await harness.advance(WHEN_FULL - BRIEFLY);
  for (const packetId of held.splice(0, MANY - UNFULL)) await publisher.expect({ type: PacketType.PUBACK, packetId });
  await harness.advance(999 - WHEN_FULL);
  await publisher.expectNothing();
  await harness.advance(1);
  for (const packetId of held) await publisher.expect({ type: PacketType.PUBACK, packetId });
  for (let more = 0; more < 20; more++) await publisher.publish("t", "x", { qos: 1 }); // at once, and lost in the end
  assertEquals(harness.broker.info.messagesDropped, 20); // there is no more room than without those who wait
  await takeOne(subscriber); // it moves again, and counts again
  await publisher.sendPublish("t", "x", { qos: 1 });
  await publisher.expectNothing();
});

Deno.test("a subscriber that makes little progress holds nobody up for longer than the delay", async () => {
  await using harness = await Harness.start({ capabilities: LIMITS });
  const subscriber = await subscriberOf(harness), publisher = await harness.connect("p");
  const packetId = (await fill(publisher, MANY + 1))[MANY];
  await harness.advance(WHEN_FULL);
  for (let brief = 0; brief < MANY; brief++) await publisher.expect({ type: PacketType.PUBACK });
  for (let second = 1; second < 5; second++) {
    await takeOne(subscriber);
    await harness.advance(second === 1 ? 1_000 - WHEN_FULL : 1_000);
    await publisher.expectNothing();
  }
  await takeOne(subscriber);
  await harness.advance(1_000);
  await publisher.expect({ type: PacketType.PUBACK, packetId });
});

Deno.test("who has little under way is held up briefly each time", async () => {
  await using harness = await Harness.start({ capabilities: LIMITS });
  await subscriberOf(harness);
  const many = await harness.connect("many"), few = await harness.connect("few");
  await fill(many, 5);
  for (const delay of [BRIEFLY, LATER, LATER]) {
    const packetId = await few.sendPublish("t", "x", { qos: 1 });
    await harness.advance(delay - 1);
    await few.expectNothing();
    await harness.advance(1);
    await few.expect({ type: PacketType.PUBACK, packetId });
  }
});

Deno.test("those who are held up briefly at the same time go on together", async () => {
  await using harness = await Harness.start({ capabilities: LIMITS });
  await subscriberOf(harness);
  const [many, first, second] = [await harness.connect("m"), await harness.connect("1"), await harness.connect("2")];
  await fill(many, 0);
  await first.sendPublish("t", "x", { qos: 1 });
  await harness.advance(BRIEFLY - 1);
  await second.sendPublish("t", "x", { qos: 1 });
  await second.expectNothing();
  await harness.advance(1);
  for (const publisher of [first, second]) await publisher.expect({ type: PacketType.PUBACK });
});

Deno.test("a subscriber does not stand still while nobody waits for it", async () => {
  await using harness = await Harness.start({ capabilities: LIMITS });
  const subscriber = await subscriberOf(harness), publisher = await harness.connect("p");
  const [packetId] = await fill(publisher, 1);
  for (let taken = 0; taken < 6; taken++) await takeOne(subscriber);
  await publisher.expect({ type: PacketType.PUBACK, packetId });
  await harness.advance(5_000);
  for (let more = 0; more < 5; more++) await publisher.publish("t", "x", { qos: 1 });
  await publisher.sendPublish("t", "x", { qos: 1 });
  await publisher.expectNothing();
});

/** A full queue, of whose messages so many were taken since its publishers wait, and who publishes little into it. */
async function fullQueue(
  taken: number,
  milliseconds = 1_050,
): Promise<Record<"subscriber" | "many" | "few", RawClient> & { harness: Harness }> {
  const harness = await Harness.start({ capabilities: { ...LIMITS, maximumQueuedMessages: 100 } });
  const subscriber = await subscriberOf(harness), many = await harness.connect("many");
  const few = await harness.connect("few");
  for (let before = 0; before < 30; before++) {
    await many.publish("t", "x", { qos: 1 });
    await takeOne(subscriber);
  }
  for (let sent = 0; sent < 51; sent++) await many.publish("t", "x", { qos: 1 });
  await few.sendPublish("t", "x", { qos: 1 });
  for (let sent = 0; sent < 60; sent++) await many.sendPublish("t", "x", { qos: 1 });
  await harness.clock.advance(BRIEFLY);
  await few.expect({ type: PacketType.PUBACK });
  for (let count = 0; count < taken; count++) await takeOne(subscriber);
  for (let count = 0; count < taken; count++) await many.sendPublish("t", "x", { qos: 1 });
  await harness.clock.advance(milliseconds - BRIEFLY);
  return { harness, subscriber, many, few };
}

async function assertHeld(harness: Harness, few: RawClient, delay: number): Promise<void> {
  const packetId = await few.sendPublish("t", "x", { qos: 1 });
  await harness.clock.advance(delay - 1);
  await few.expectNothing();
  await harness.clock.advance(1);
  await few.expect({ type: PacketType.PUBACK, packetId });
}

Deno.test("with a full queue who has little under way waits for two messages of each publisher, up to 900 ms", async () => {
  // two publishers, in a second and a twentieth; less than two messages a second are next to nothing
  const inThatTime = [[50, 90], [20, 210], [5, 840], [4, WHEN_FULL], [3, WHEN_FULL], [2, LATER]];
  for (const [taken, delay, milliseconds] of [...inThatTime, [2, WHEN_FULL, 1_000], [50, 10, BRIEFLY]]) {
    const { harness, few } = await fullQueue(taken, milliseconds);
    await using _ = harness;
    await assertHeld(harness, few, delay);
  }
});

Deno.test("how long that is is remembered while it is not seen what the subscriber takes", async () => {
  const { harness, subscriber, many, few } = await fullQueue(50);
  await using _ = harness;
  await assertHeld(harness, few, 90);
  await harness.clock.advance(1_000); // it has stood still, and nobody waits any more
  await takeOne(subscriber);
  await many.sendPublish("t", "x", { qos: 1 });
  await assertHeld(harness, few, 90);
});

Deno.test("publishers go on when the subscriber leaves, and are not held for one that is away", async () => {
  await using harness = await Harness.start({ capabilities: LIMITS });
  const subscriber = await subscriberOf(harness), publisher = await harness.connect("p");
  const [packetId] = await fill(publisher, 1);
  await subscriber.cut();
  await publisher.expect({ type: PacketType.PUBACK, packetId });
  for (let more = 0; more < 5; more++) await publisher.publish("t", "x", { qos: 1 });
});

Deno.test("publishers go on when the session of the subscriber ends", async () => {
  await using harness = await Harness.start({ capabilities: LIMITS });
  const subscriber = await subscriberOf(harness), publisher = await harness.connect("p");
  const [packetId] = await fill(publisher, 1);
  await subscriber.send({ type: PacketType.DISCONNECT, reasonCode: 0, properties: { sessionExpiryInterval: 0 } });
  await publisher.expect({ type: PacketType.PUBACK, packetId });
});

Deno.test("a client that publishes to itself is not held up by what it does not read yet", async () => {
  await using harness = await Harness.start({ capabilities: { ...LIMITS, maximumQueuedMessages: 60 } });
  const client = await subscriberOf(harness);
  for (let sent = 0; sent < 100; sent++) await client.sendPublish("t", `${sent}`, { qos: 1 });
  let published = 0, acknowledged = 0;
  while (published < 100 || acknowledged < 100) {
    const { type, packetId, payload } = await client.next();
    if (type === PacketType.PUBACK) acknowledged++;
    else {
      assertEquals(new TextDecoder().decode(payload), `${published++}`);
      await client.ack(PacketType.PUBACK, packetId!);
    }
  }
  assertEquals(harness.broker.info.messagesDropped, 0);
});

Deno.test("what publishers are held for has a limit as well", async () => {
  await using harness = await Harness.start({ capabilities: LIMITS });
  await subscriberOf(harness);
  const publisher = await harness.connect("p");
  await fill(publisher, 31);
  assertEquals(harness.broker.info.messagesDropped, 1); // one is under way, forty wait
});

Deno.test("without a delay acknowledgements come at once, and what is too much is lost", async () => {
  await using harness = await Harness.start({ capabilities: { ...LIMITS, maximumAcknowledgementDelay: 0 } });
  await subscriberOf(harness);
  const publisher = await harness.connect("p");
  for (let sent = 0; sent < 30; sent++) await publisher.publish("t", "x", { qos: 1 });
  assertEquals(harness.broker.info.messagesDropped, 9);
});

Deno.test("a client of MQTT 3.1.1 is not read while more of its messages wait than Receive Maximum allows", async () => {
  await using harness = await Harness.start({ capabilities: { ...LIMITS, receiveMaximum: 4 } });
  const subscriber = await subscriberOf(harness);
  const publisher = await harness.connect({ clientId: "p", protocolVersion: 4 });
  for (let sent = 0; sent < UNHELD; sent++) await publisher.publish("t", "x", { qos: 1 });
  for (let sent = 0; sent < 30; sent++) await publisher.sendPublish("t", "x", { qos: 1 });
  await subscriber.barrier();
  const { messagesReceived } = harness.broker.info;
  assert(messagesReceived < UNHELD + 30, `${messagesReceived} were read`);
  for (let taken = 0; taken < UNHELD + 30; taken++) {
    await takeOne(subscriber);
    await harness.clock.advance(100);
  }
  for (let sent = 0; sent < 30; sent++) await publisher.expect({ type: PacketType.PUBACK });
});
