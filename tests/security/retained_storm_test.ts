import { assert, assertEquals } from "@std/assert";
import { hex } from "../packets/bytes.ts";
import { Harness, PacketType } from "../helpers/harness.ts";
import { expectMemory, expectServed, pause, rawSocket, writeAll } from "./attackers.ts";
import { until } from "../helpers/until.ts";

Deno.test("retained messages are limited by count and bytes, also where they replace others", async () => {
  const capabilities = { maximumRetainedMessages: 100, maximumRetainedBytes: 100_000 };
  await using harness = await Harness.start({ capabilities });
  const attacker = await harness.connect("a");
  for (let index = 0; index < 200; index++) await attacker.publish(`t/${index}`, "x", { qos: 1, retain: true });
  assertEquals(harness.broker.info.retained, 88); // the last eighth is for those who hold little
  for (let index = 0; index < 100; index++) {
    await attacker.publish(`t/${index}`, new Uint8Array(10_000), { qos: 1, retain: true });
  }
  assert(harness.broker.info.retainedBytes <= 100_000);
  await expectServed(harness);
});

Deno.test("a retained message that is replaced again and again leaves nothing behind", async () => {
  await using harness = await Harness.start();
  const attacker = await harness.connect("a"), payload = new Uint8Array(100_000);
  const properties = { messageExpiryInterval: 0xffff_ffff };
  await expectMemory(300_000_000, async () => {
    for (let index = 0; index < 8_000; index++) {
      await attacker.publish("t", payload, { qos: 1, retain: true, properties });
    }
  });
  assertEquals(harness.broker.info.retained, 1);
});

Deno.test("100,000 retained messages for many subscribers of # are paced, and others are served meanwhile", async () => {
  await using harness = await Harness.start({ realTime: true });
  const { broker } = harness, count = 100_000, subscribers = 10;
  for (let index = 0; index < count; index++) await broker.publish(String(100_000 + index), "x", { retain: true });
  const victim = await harness.connect("victim");
  const sockets = Array.from({ length: subscribers }, () => rawSocket(harness, { capacity: 65_536 }));
  const all = subscribers * (count * 11 + 9);
  let received = 0, slowest = 0, trips = 0;
  const read = async (socket: ReturnType<typeof rawSocket>) => {
    const buffer = new Uint8Array(65_536);
    for (let length; (length = await socket.read(buffer)) !== null;) received += length;
  };
  const readers = sockets.map(read), end = performance.now() + 20_000;
  await expectMemory(300_000_000, async () => {
    for (const [index, socket] of sockets.entries()) {
      await writeAll(socket, hex(`10 0D 00 04 'MQTT' 04 02 00 00 00 01 '${index}' 82 06 00 01 00 01 '#' 00`));
    }
    while (received < all && performance.now() < end) {
      const begun = performance.now();
      await victim.barrier();
      slowest = Math.max(slowest, performance.now() - begun);
      trips++;
      await pause(); // the pipes of this process leave timers no turn of their own
    }
  });
  assertEquals(received, all);
  assert(trips > 20 && slowest < 250, `${trips} trips, the slowest took ${slowest} ms`);
  for (const socket of sockets) socket.close();
  await Promise.all(readers);
});

Deno.test("a subscriber that does not read holds up its own replay alone", async () => {
  await using harness = await Harness.start({ capabilities: { maximumClientWritesPendingBytes: 100_000 } });
  for (let index = 0; index < 1_000; index++) {
    await harness.broker.publish(`t/${index}`, new Uint8Array(1_000), { retain: true });
  }
  const stalled = rawSocket(harness, { capacity: 4_096 });
  await expectMemory(20_000_000, async () => {
    await writeAll(stalled, hex("10 0D 00 04 'MQTT' 04 02 00 00 00 01 's' 82 06 00 01 00 01 '#' 00"));
    await pause(20);
  });
  const fine = await harness.connect("fine");
  await fine.subscribe("t/#");
  await until(() => fine.received.filter(({ type }) => type === PacketType.PUBLISH).length === 1_000);
  assertEquals(harness.broker.info.messagesDropped, 0, "a replay waits, it does not drop");
  stalled.close();
});
