/** What a broker has stored is there again after a crash, with its times. */
import { assertEquals } from "@std/assert";
import type { Hook } from "../../src/hook/hook.ts";
import { PacketType } from "../../src/packets/types.ts";
import { RestartWorld } from "./restart_world.ts";

const SECOND = 1_000;

Deno.test("sessions, subscriptions and queues come back in order", async () => {
  await using world = await new RestartWorld().start();
  const away = await world.connect("away"), publisher = await world.connect("publisher");
  await away.subscribe("a/#", { qos: 2, identifier: 7 });
  await away.subscribe("b", { qos: 1 });
  await away.unsubscribe("b");
  await away.cut();
  for (let number = 1; number <= 30; number++) {
    await publisher.publish("a/x", `${number}`, { qos: number % 2 === 0 ? 2 : 1 });
  }
  await world.crash();
  const again = await world.connect("away"), sender = await world.connect("publisher");
  assertEquals([again.connack!.sessionPresent, sender.connack!.sessionPresent], [true, true]);
  const numbers: number[][] = [[], [], []]; // order holds among messages of one QoS
  for (let count = 0; count < 30; count++) {
    const { qos, payload, properties, dup } = await again.next();
    numbers[qos!].push(Number(new TextDecoder().decode(payload)));
    assertEquals([properties!.subscriptionIdentifiers, dup], [[7], false]);
  }
  const odd = Array.from({ length: 15 }, (_, index) => 2 * index + 1);
  assertEquals(numbers, [[], odd, odd.map((number) => number + 1)]);
  await sender.publish("b", "no", { qos: 1 });
  await again.expectNothing();
});

Deno.test("exchanges to a client go on where they were", async () => {
  await using world = await new RestartWorld().start();
  const client = await world.connect("client"), publisher = await world.connect("publisher");
  await client.subscribe("t", { qos: 2 });
  for (const [payload, qos] of [["one", 1], ["two", 2], ["three", 2], ["four", 1]] as const) {
    await publisher.publish("t", payload, { qos });
  }
  const [one, two, three, four] = [await client.next(), await client.next(), await client.next(), await client.next()];
  await client.ack(PacketType.PUBREC, two.packetId!);
  await client.expect({ type: PacketType.PUBREL, packetId: two.packetId });
  await client.ack(PacketType.PUBACK, four.packetId!);
  await world.crash();
  const again = await world.connect("client");
  await again.expectMessage("t", "one", { qos: 1, dup: true, packetId: one.packetId });
  await again.expect({ type: PacketType.PUBREL, packetId: two.packetId });
  await again.expectMessage("t", "three", { qos: 2, dup: true, packetId: three.packetId });
  await again.ack(PacketType.PUBACK, one.packetId!);
  await again.ack(PacketType.PUBCOMP, two.packetId!);
  await again.ack(PacketType.PUBREC, three.packetId!);
  await again.expect({ type: PacketType.PUBREL, packetId: three.packetId });
  await again.ack(PacketType.PUBCOMP, three.packetId!);
  await world.crash();
  await (await world.connect("client")).expectNothing();
});

for (const how of ["its connection", "the broker"]) {
  Deno.test(`a replay of retained messages ends with ${how}; what it has sent, and the subscription, stay`, async () => {
    await using world = await new RestartWorld().start();
    const publisher = await world.connect("publisher"), sent = [];
    for (let number = 0; number < 10; number++) {
      await publisher.publish(`r/${number}`, `${number}`, { qos: 1, retain: true });
    }
    const client = await world.connect("client", { properties: { receiveMaximum: 3 } });
    await client.subscribe("r/#", { qos: 1 });
    for (let count = 0; count < 3; count++) sent.push((await client.next()).topic!);
    await client.expectNothing(); // seven more would follow
    if (how === "the broker") await world.crash();
    else await client.cut();
    const again = await world.connect("client");
    for (const topic of sent) await again.expectMessage(topic, topic.slice(2), { qos: 1, retain: true, dup: true });
    await again.expectNothing();
    await (await world.connect("publisher")).publish("r/live", "now", { qos: 1 });
    await again.expectMessage("r/live", "now", { qos: 1 });
    await again.subscribe("r/#", { qos: 1 });
    for (let count = 0; count < 10; count++) await again.expect({ type: PacketType.PUBLISH, retain: true, dup: false });
    await again.expectNothing();
  });
}

Deno.test("a QoS 2 message of a client is not taken twice", async () => {
  await using world = await new RestartWorld().start();
  const away = await world.connect("away"), publisher = await world.connect("publisher");
  await away.subscribe("t", { qos: 2 });
  const packetId = await publisher.sendPublish("t", "once", { qos: 2 });
  await publisher.expect({ type: PacketType.PUBREC, packetId });
  await away.cut();
  await world.crash();
  const sender = await world.connect("publisher");
  await sender.sendPublish("t", "once", { qos: 2, dup: true, packetId });
  await sender.expect({ type: PacketType.PUBREC, packetId, reasonCode: 0 });
  await sender.ack(PacketType.PUBREL, packetId);
  await sender.expect({ type: PacketType.PUBCOMP, packetId, reasonCode: 0 });
  await world.crash();
  const again = await world.connect("away");
  await again.expectMessage("t", "once", { qos: 2 });
  await again.expectNothing();
  await (await world.connect("publisher")).publish("t", "next", { qos: 2, packetId }); // the identifier is free
  await again.expectMessage("t", "next");
});

Deno.test("retained messages keep the rest of their time", async () => {
  await using world = await new RestartWorld().start();
  const publisher = await world.connect("publisher");
  const retain = (topic: string, payload: string, messageExpiryInterval?: number) =>
    publisher.publish(topic, payload, { qos: 1, retain: true, properties: { messageExpiryInterval } });
  await retain("r/ever", "1");
  await retain("r/long", "2", 100);
  await retain("r/short", "3", 10);
  await retain("r/gone", "4");
  await retain("r/gone", "");
  await world.crash(30 * SECOND);
  const reader = await world.connect("reader");
  await reader.subscribe("r/#");
  const found = [await reader.next(), await reader.next()].map(({ topic, properties }) =>
    [topic, properties?.messageExpiryInterval] as const
  );
  assertEquals(found.sort(), [["r/ever", undefined], ["r/long", 70]]);
  await reader.expectNothing();
  await world.advance(71 * SECOND);
  assertEquals(world.broker.info.retained, 1);
});

Deno.test("messages in a queue expire while the broker is down", async () => {
  await using world = await new RestartWorld().start();
  const away = await world.connect("away"), publisher = await world.connect("publisher");
  await away.subscribe("t", { qos: 1 });
  await away.cut();
  await publisher.publish("t", "short", { qos: 1, properties: { messageExpiryInterval: 5 } });
  await publisher.publish("t", "long", { qos: 1, properties: { messageExpiryInterval: 50 } });
  await world.crash(10 * SECOND);
  const again = await world.connect("away");
  const message = await again.expectMessage("t", "long");
  assertEquals(message.properties!.messageExpiryInterval, 40);
  await again.expectNothing();
});

/** Clients with wills; each is named after what becomes of it. */
async function leaveWills(world: RestartWorld): Promise<void> {
  const observer = await world.connect("observer");
  await observer.subscribe("will/#", { qos: 2 });
  const will = (topic: string, willDelayInterval: number) => ({
    will: { topic: `will/${topic}`, payload: topic, qos: 2 as const, properties: { willDelayInterval } },
  });
  await world.connect("open", will("open", 0)); // connected when the broker crashes
  await world.connect("patient", will("patient", 40));
  await (await world.connect("due", will("due", 20))).cut();
  await (await world.connect("later", will("later", 60))).cut();
  await (await world.connect("polite", will("polite", 0))).disconnect();
  const expiring = { ...will("expired", 1_000), properties: { sessionExpiryInterval: 15 } };
  await (await world.connect("expired", expiring)).cut();
}

Deno.test("wills that came due while the broker was down are sent, delayed ones keep their time", async () => {
  await using world = await new RestartWorld().start();
  await leaveWills(world);
  await world.crash(30 * SECOND);
  const observer = await world.connect("observer");
  const first = [await observer.next(), await observer.next(), await observer.next()].map(({ topic }) => topic);
  assertEquals(first.sort(), ["will/due", "will/expired", "will/open"]);
  await observer.expectNothing();
  await world.advance(29 * SECOND);
  await observer.expectNothing();
  await world.advance(SECOND); // 60 s after its connection was lost
  await observer.expectMessage("will/later", "later", { qos: 2 });
  await world.advance(9 * SECOND);
  await observer.expectNothing();
  await world.advance(SECOND); // 40 s after the start: its connection was open when the broker crashed
  await observer.expectMessage("will/patient", "patient", { qos: 2 });
});

Deno.test("wills are sent once, whatever crashes follow", async () => {
  await using world = await new RestartWorld().start();
  await leaveWills(world);
  await world.crash(30 * SECOND);
  await world.crash(200 * SECOND);
  await world.crash(200 * SECOND);
  const observer = await world.connect("observer"), topics: string[] = [];
  for (let count = 0; count < 5; count++) topics.push((await observer.next()).topic!);
  assertEquals(topics.sort(), ["will/due", "will/expired", "will/later", "will/open", "will/patient"]);
  await observer.expectNothing();
});

Deno.test("sessions that expired while the broker was down are gone, others keep the rest of their time", async () => {
  await using world = await new RestartWorld().start();
  for (const [id, sessionExpiryInterval] of [["short", 10], ["long", 100], ["open", 20]] as const) {
    const client = await world.connect(id, { properties: { sessionExpiryInterval } });
    await client.subscribe("t", { qos: 1 });
    if (id !== "open") await client.cut();
  }
  await world.crash(30 * SECOND);
  assertEquals(world.broker.info.subscriptions, 2);
  const sessions = async (...ids: string[]) => {
    const present: unknown[] = [];
    for (const id of ids) present.push((await world.connect(id)).connack!.sessionPresent);
    return present;
  };
  assertEquals(await sessions("short", "open"), [false, true]);
  await world.advance(71 * SECOND); // "long" has been away for 101 s
  assertEquals(await sessions("long"), [false]);
});

for (const restoreSysInfoOnRestart of [true, false]) {
  Deno.test(`counters ${restoreSysInfoOnRestart ? "go on" : "begin anew"} after a restart`, async () => {
    await using world = await new RestartWorld({ compatibilities: { restoreSysInfoOnRestart } }).start();
    const publisher = await world.connect("publisher");
    for (let count = 0; count < 5; count++) await publisher.publish("t", "x", { qos: 1 });
    const before = world.broker.info;
    assertEquals([before.messagesReceived, before.connectionsAccepted], [5, 1]);
    await world.stop();
    await world.start();
    const { messagesReceived, connectionsAccepted, clientsConnected } = world.broker.info;
    assertEquals(
      [messagesReceived, connectionsAccepted, clientsConnected],
      restoreSysInfoOnRestart ? [5, 1, 0] : [0, 0, 0],
    );
  });
}

Deno.test("the log says what came back, and nothing where nothing did", async () => {
  await using world = await new RestartWorld().start();
  const restored = () => world.logger.lines.filter((line) => line.message === "storage is restored");
  assertEquals(restored(), []);
  const away = await world.connect("away"), publisher = await world.connect("publisher");
  await away.subscribe("t", { qos: 1 });
  await away.cut();
  await publisher.publish("t", "1", { qos: 1, retain: true });
  await publisher.publish("t", "2", { qos: 1 });
  await world.crash();
  const { milliseconds, ...counts } = restored()[0].fields!;
  assertEquals(counts, { sessions: 2, retained: 1, subscriptions: 1, messages: 2 });
  assertEquals(typeof milliseconds, "number");
});

Deno.test("a connection that was open at a crash has ended with reason code 0x80", async () => {
  const ends: unknown[] = [];
  const onDisconnect: Hook["onDisconnect"] = (client, { reasonCode, error, sessionEnded }) => {
    if (error?.message === "the last run of the broker has ended") ends.push([client.id, reasonCode, sessionEnded]);
  };
  await using world = await new RestartWorld({ hooks: [{ id: "ends", onDisconnect }] }).start();
  await world.connect("open");
  await (await world.connect("gone")).disconnect();
  await world.crash();
  assertEquals(ends, [["open", 0x80, false]]);
});
