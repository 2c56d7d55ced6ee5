/** Topics of 65,000 characters, 128 KiB each in memory: what a connection remembers of them has a bound. */

import { assert, assertEquals } from "@std/assert";
import { Attacker, publishTo, subscribeTo } from "../helpers/attacker.ts";
import { type BrokerProgram, startProgram } from "../helpers/broker_program.ts";
import { assertServed, startGoodClient } from "../helpers/good_client.ts";
import { bytesOf } from "./attacks/attack.ts";

const MIB = 1_048_576;
/** One character beyond Latin-1 makes all of them take two bytes. */
const LONG = "x".repeat(65_000) + "\u0416";

/** Connects clients, fifty at a time. */
async function crowd(broker: BrokerProgram, count: number, topicAliasMaximum?: number): Promise<Attacker[]> {
  const port = broker.port("tcp"), all: Attacker[] = [];
  const connect = () => Attacker.connect(port, { clientId: "", properties: { topicAliasMaximum } });
  while (all.length < count) all.push(...await Promise.all(Array.from({ length: 50 }, connect)));
  return all;
}

/** The process lives, is not much larger than its heap may be, and ends in time. */
async function assertWell(broker: BrokerProgram, mostMiB: number): Promise<void> {
  const bytes = await broker.rssBytes(), { code } = await broker.terminate();
  assert(bytes < mostMiB * MIB, `the process has ${bytes / MIB} MiB`);
  assertEquals(code, 0, broker.output());
}

Deno.test("aliases that the broker sets for long topics end where their memory does, and topics are sent without them", async () => {
  await using broker = await startProgram({ heapMiB: 256 });
  await using good = await startGoodClient(broker);
  const subscribers = await crowd(broker, 100, 32);
  for (const [index, subscriber] of subscribers.entries()) {
    await subscriber.send(subscribeTo([`${index}/#`]));
    await subscriber.receive(6);
  }
  using publisher = await Attacker.connect(broker.port("tcp"), { clientId: "publisher" });
  for (const [index, subscriber] of subscribers.entries()) {
    await publisher.send(bytesOf(32, (at) => publishTo(`${index}/${at}/${LONG}`)));
    await subscriber.receive(32 * LONG.length); // each with its topic
  }
  assertServed(await good.report());
  for (const subscriber of subscribers) subscriber[Symbol.dispose]();
  await assertWell(broker, 256);
});

Deno.test("what a client has published to last is not held when it is long", async () => {
  await using broker = await startProgram({ heapMiB: 128 });
  await using good = await startGoodClient(broker, { newConnections: false });
  const publishers = await crowd(broker, 1_500);
  for (const [index, publisher] of publishers.entries()) {
    await publisher.send(publishTo(`${index}/${LONG}`, { qos: 1, packetId: 1 }));
    await publisher.receive(5);
  }
  assertServed(await good.report());
  for (const publisher of publishers) publisher[Symbol.dispose]();
  await assertWell(broker, 400);
});
