/** Reconnects to a full session. */

import { assert, assertEquals } from "@std/assert";
import { Attacker, publishTo, subscribeTo } from "../helpers/attacker.ts";
import { startProgram } from "../helpers/broker_program.ts";
import { assertServed, assertServedDuringAttack, startGoodClient } from "../helpers/good_client.ts";
import { Harness, PacketType } from "../helpers/harness.ts";

const MIB = 1_048_576;
const LASTING = { sessionExpiryInterval: 1_000 };
const FULL = { clientId: "full", cleanStart: false, properties: LASTING };

Deno.test("reconnects to a session with ten thousand messages, nothing read: others are served, and little waits for whom", async () => {
  await using broker = await startProgram();
  const port = broker.port("tcp");
  {
    using subscriber = await Attacker.connect(port, FULL);
    await subscriber.send(subscribeTo(["t"], 1));
    await subscriber.receive(6);
  }
  using publisher = await Attacker.connect(port, { clientId: "p", protocolVersion: 4 });
  for (let index = 0; index < 10; index++) {
    const packets = Array.from({ length: 1_000 }, (_, at) => publishTo("t", { qos: 1, packetId: at + 1, size: 1_000 }));
    await publisher.send(publisher.bytes(packets));
    await publisher.receive(4_000 * (index + 1));
  }
  await using good = await startGoodClient(broker);
  const before = await broker.rssBytes(), open: Attacker[] = [];
  let taken = 0, refused = 0;
  for (const end = performance.now() + 2_000; performance.now() < end;) {
    const attacker = await Attacker.connect(port, { ...FULL, reads: false });
    if (attacker.connack[3] === 0x9f) refused++;
    else taken++;
    open.push(attacker);
    if (open.length > 30) open.shift()![Symbol.dispose]();
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const grown = await broker.rssBytes() - before;
  for (const attacker of open) attacker[Symbol.dispose]();
  assertServed(await good.report());
  assert(grown < 100 * MIB, `memory has grown by ${grown / MIB} MiB`);
  assert(taken >= 20 && taken <= 80 && refused > taken, `${taken} taken, ${refused} refused`);
});

/** Connects clients whose sessions get so many messages, none of which is acknowledged. */
async function fullSessions(port: number, count: number, messages: number): Promise<Attacker[]> {
  const clients = await Promise.all(Array.from({ length: count }, (_, index) => Attacker.connect(port, full(index))));
  for (const client of clients) {
    await client.send(subscribeTo(["all"], 1));
    await client.receive(6);
  }
  using publisher = await Attacker.connect(port, { clientId: "p", protocolVersion: 4 });
  for (let sent = 0; sent < messages; sent += 250) {
    await publisher.send(
      publisher.bytes(Array.from({ length: 250 }, (_, at) => publishTo("all", { qos: 1, packetId: at + 1 }))),
    );
    await publisher.receive(4 * (sent + 250));
  }
  return clients;
}

function full(index: number) {
  return { ...FULL, clientId: `full-${index}` };
}

Deno.test("many clients with full sessions that come back again and again: others are served", async () => {
  await using broker = await startProgram();
  const port = broker.port("tcp"), clients = await fullSessions(port, 150, 4_000);
  await using good = await startGoodClient(broker);
  let times = 0, isOn = true;
  const comesBack = async (index: number) => {
    while (isOn) {
      using _attacker = await Attacker.connect(port, { ...full(index), reads: false });
      times++;
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  };
  const attacks = clients.map((_, index) => comesBack(index));
  await assertServedDuringAttack(good, 2_000);
  isOn = false;
  await Promise.all(attacks);
  for (const client of clients) client[Symbol.dispose]();
  assert(times > clients.length, `${times} times`);
});

Deno.test("what was sent before is sent again as far as it is taken, in its order", async () => {
  await using harness = await Harness.start();
  const away = await harness.connect(FULL);
  await away.subscribe("t", { qos: 1 });
  await away.cut();
  for (let index = 0; index < 500; index++) {
    await harness.broker.publish("t", new Uint8Array(1_000).fill(index), { qos: 1 });
  }
  const stalled = await harness.connect(FULL); // gets all, and acknowledges nothing
  await harness.settle();
  await stalled.cut();
  const back = await harness.connect(FULL);
  await harness.advance(10);
  const messages = back.received.filter(({ type }) => type === PacketType.PUBLISH);
  assertEquals(messages.length, 500);
  assert(messages.every((packet, index) => "dup" in packet && packet.dup && packet.payload?.[0] === index % 256));
});
