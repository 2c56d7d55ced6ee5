import { assert, assertEquals } from "@std/assert";
import { hex } from "../packets/bytes.ts";
import { Harness } from "../helpers/harness.ts";
import { expectMemory, expectServed, pause, rawSocket, repeated, writeAll, writeWhileTaken } from "./attackers.ts";

const CONNECT = "10 0D 00 04 'MQTT' 04 02 00 00 00 01 's'";
const LIMITS = { maximumClientWritesPendingBytes: 1_000_000 };

Deno.test("a subscriber that stops reading costs itself: others get everything", async () => {
  await using harness = await Harness.start({ capabilities: LIMITS });
  const stalled = rawSocket(harness, { capacity: 4_096 }), fine = await harness.connect("fine");
  await writeAll(stalled, hex(`${CONNECT} 82 06 00 01 00 01 't' 00`));
  await fine.subscribe("t");
  const payload = new Uint8Array(10_000), count = 1_500;
  await expectMemory(60_000_000, async () => {
    for (let index = 0; index < count; index++) {
      await harness.broker.publish("t", payload);
      if (index % 50 === 0) await fine.barrier();
    }
    await fine.barrier();
  });
  assertEquals(fine.received.filter(({ topic }) => topic === "t").length, count);
  assert(harness.broker.info.messagesDropped > count - 200);
  await expectServed(harness);
  stalled.close();
});

Deno.test("many subscribers that stop reading fill the broker's buffers and starve nobody who reads", async () => {
  const capabilities = { ...LIMITS, maximumTotalWritesPendingBytes: 2_000_000 };
  await using harness = await Harness.start({ capabilities });
  const sockets = Array.from({ length: 20 }, () => rawSocket(harness, { capacity: 4_096 }));
  for (const [index, socket] of sockets.entries()) {
    const id = String(index).padStart(2, "0");
    await writeAll(socket, hex(`10 0E 00 04 'MQTT' 04 02 00 00 00 02 '${id}' 82 06 00 01 00 01 't' 00`));
  }
  for (let index = 0; index < 500; index++) await harness.broker.publish("t", new Uint8Array(10_000));
  await expectServed(harness);
  const fine = await harness.connect("fine");
  await fine.subscribe("u", { qos: 1 });
  for (let index = 0; index < 100; index++) await fine.sendPublish("u", `${index}`);
  for (let index = 0; index < 100; index++) await fine.expectMessage("u", `${index}`);
  for (const socket of sockets) socket.close();
});

Deno.test("a million messages for a session that is away stay within its queue", async () => {
  const capabilities = { maximumQueuedMessages: 1_000, maximumQueuedBytes: 1_000_000 };
  await using harness = await Harness.start({ capabilities });
  const away = await harness.connect({ clientId: "away", properties: { sessionExpiryInterval: 0xffff_ffff } });
  await away.subscribe("t", { qos: 1 });
  await away.disconnect();
  const packet = hex("32 0D 00 01 't' 00 07 '01234567'"), flood = repeated(packet, 65_536);
  const attacker = rawSocket(harness, { capacity: 65_536 });
  await writeAll(attacker, hex("10 0D 00 04 'MQTT' 04 02 00 00 00 01 'a'"));
  let sent = 0;
  await expectMemory(80_000_000, async () => {
    const answers = new Uint8Array(65_536);
    while (sent < 1_000_000) {
      await writeAll(attacker, flood);
      sent += flood.length / packet.length;
      await attacker.read(answers);
    }
  });
  await pause(10);
  assertEquals(harness.broker.info.inflight, 1_000);
  assert(harness.broker.info.messagesDropped > 900_000);
  attacker.close();
  await expectServed(harness);
});

Deno.test("a subscriber that reads and never acknowledges is sent so much and no more", async () => {
  const capabilities = { maximumInflight: 100, maximumQueuedMessages: 100, maximumAcknowledgementDelay: 0 };
  await using harness = await Harness.start({ capabilities });
  const client = await harness.connect("a");
  await client.subscribe("t", { qos: 1 });
  for (let index = 0; index < 1_000; index++) await harness.broker.publish("t", "x", { qos: 1 });
  await harness.settle();
  assertEquals(client.received.filter(({ topic }) => topic === "t").length, 100);
  assertEquals([harness.broker.info.inflight, harness.broker.info.messagesDropped], [200, 800]);
  await expectServed(harness);
});

Deno.test("what is sent and not acknowledged is limited in bytes too", async () => {
  await using harness = await Harness.start({
    capabilities: { maximumQueuedBytes: 1_000_000, maximumAcknowledgementDelay: 0 },
  });
  const client = await harness.connect("a");
  await client.subscribe("t", { qos: 1 });
  for (let index = 0; index < 300; index++) {
    await harness.broker.publish("t", new Uint8Array(20_000), { qos: 1 });
    if (index % 20 === 0) await harness.settle();
  }
  assert(harness.broker.info.inflight < 110, `${harness.broker.info.inflight} messages of 20 kB are kept`);
});

for (
  const [name, packet] of [["PINGREQ", "C0 00"], ["SUBSCRIBE", "82 06 00 01 00 01 't' 00"], [
    "PUBLISH",
    "32 05 00 01 't' 00 07",
  ]]
) {
  Deno.test(`a client that sends ${name} and never reads the answers is not read any more`, async () => {
    const capabilities = { maximumClientWritesPending: 1_000 };
    await using harness = await Harness.start({ capabilities });
    const attacker = rawSocket(harness, { capacity: 4_096 });
    await writeAll(attacker, hex(CONNECT));
    let taken = 0;
    await expectMemory(40_000_000, async () => {
      taken = await writeWhileTaken(attacker, repeated(hex(packet), 60_000), 20_000_000);
    });
    assert(taken < 2_000_000, `${taken} bytes were taken`);
    await expectServed(harness);
    attacker.close();
  });
}
