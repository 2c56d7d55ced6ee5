/** The same SUBSCRIBE again and again; thousands of filters over many retained topics; filters that all match. */

import { assert, assertEquals } from "@std/assert";
import { Attacker, publishTo, subscribeTo } from "../helpers/attacker.ts";
import { type BrokerProgram, startProgram } from "../helpers/broker_program.ts";
import { Harness, PacketType, type RawClient } from "../helpers/harness.ts";
import { assertServed, startGoodClient } from "../helpers/good_client.ts";

const MIB = 1_048_576;
const ATTACK = 1_500;

/** As many retained messages as that, on `d0/y/n`, `d1/y/n` and so on. */
async function retain(port: number, count: number): Promise<void> {
  using filler = await Attacker.connect(port, { clientId: "filler" });
  const packets = Array.from({ length: count }, (_, index) => publishTo(`d${index}/y/n`, { retain: true }));
  await filler.send(filler.bytes(packets), subscribeTo(["none"]));
  await filler.receive(6);
}

async function grownBy(broker: BrokerProgram, attack: () => Promise<void>): Promise<number> {
  const before = await broker.rssBytes();
  await attack();
  return await broker.rssBytes() - before;
}

Deno.test("the same SUBSCRIBE again and again has one replay, with a Receive Maximum of 1 too, and none for who has gone", async () => {
  await using broker = await startProgram();
  const port = broker.port("tcp");
  await retain(port, 20_000);
  await using good = await startGoodClient(broker);
  const grown = await grownBy(broker, async () => {
    using slow = await Attacker.connect(port, { clientId: "slow", properties: { receiveMaximum: 1 } });
    using fast = await Attacker.connect(port, { clientId: "fast", protocolVersion: 4 });
    const all = Array(1_000).fill(subscribeTo(["#", "+/+/n", "+/y/#"], 1));
    await Promise.all([slow.repeat(slow.bytes(all), ATTACK), fast.repeat(fast.bytes(all), ATTACK)]);
  });
  assertServed(await good.report());
  assert(grown < 250 * MIB, `memory has grown by ${grown / MIB} MiB`);
});

Deno.test("125,000 filters in one packet end the connection, a thousand wrong ones are told each, and nobody waits for it", async () => {
  await using broker = await startProgram();
  const port = broker.port("tcp");
  await using good = await startGoodClient(broker);
  const many = subscribeTo(Array.from({ length: 125_000 }, (_, index) => `${index}`));
  const deep = subscribeTo(Array(1_000).fill("/".repeat(40)));
  for (const end = performance.now() + ATTACK; performance.now() < end;) {
    using attacker = await Attacker.connect(port, { clientId: "a" });
    await attacker.send(deep);
    await attacker.receive(1_006); // SUBACK 0x8F for each
    await attacker.send(many);
    await attacker.receive(1_006 + 4); // DISCONNECT with its reason
  }
  assertServed(await good.report());
});

Deno.test("filters that come and go keep no replay, though none of them has its turn", async () => {
  await using broker = await startProgram();
  const port = broker.port("tcp");
  await retain(port, 20_000);
  await using good = await startGoodClient(broker);
  const grown = await grownBy(broker, async () => {
    using attacker = await Attacker.connect(port, { clientId: "a", properties: { receiveMaximum: 1 } });
    await attacker.send(subscribeTo(["#"], 1)); // waits for an acknowledgement that never comes
    for (let round = 0, end = performance.now() + ATTACK; performance.now() < end; round++) {
      const topicFilters = Array.from({ length: 1_000 }, (_, index) => `+/+/n${round}-${index}`);
      await attacker.send(subscribeTo(topicFilters, 1), { type: 10, packetId: 2, topicFilters });
    }
  });
  assertServed(await good.report());
  assert(grown < 250 * MIB, `memory has grown by ${grown / MIB} MiB`);
});

Deno.test("thousands of filters over 100,000 retained topics are looked through in portions", async () => {
  await using broker = await startProgram();
  const port = broker.port("tcp");
  await retain(port, 100_000);
  await using good = await startGoodClient(broker);
  const attackers: Attacker[] = [];
  for (let index = 0; index < 50; index++) {
    const attacker = await Attacker.connect(port, { clientId: `a${index}` });
    attackers.push(attacker);
    await attacker.send(subscribeTo(Array.from({ length: 100 }, (_, at) => `+/+/n${at}`)));
  }
  await new Promise((resolve) => setTimeout(resolve, ATTACK));
  assertServed(await good.report());
  for (const attacker of attackers) attacker[Symbol.dispose]();
});

/** Another one for each number; all of them match topics of 30 times `a`, and some more levels. */
function deepFilter(number: number): string {
  const levels = Array(30).fill("a");
  for (let plus = 0, seed = number * 7_919 + 1; plus < 8; plus++, seed = seed * 48_271 % 2_147_483_647) {
    levels[seed % 30] = "+";
  }
  return `${levels.join("/")}/#`;
}

Deno.test("what is matched in portions arrives once and in order, and not where it is not wanted any more", async () => {
  await using harness = await Harness.start();
  const subscribers: RawClient[] = [], topic = Array(30).fill("a").join("/");
  for (let index = 0; index < 10; index++) {
    const subscriber = await harness.connect(`s${index}`);
    const filters = Array.from({ length: 1_000 }, (_, at) => deepFilter(index * 1_000 + at));
    await subscriber.send(subscribeTo(filters, 1));
    await subscriber.expect({ type: PacketType.SUBACK });
    subscribers.push(subscriber);
  }
  const other = await harness.connect("o"), publisher = await harness.connect("p");
  await other.subscribe("#", { qos: 1 });
  for (let index = 0; index < 3; index++) {
    await publisher.sendPublish(`${topic}/${index}`, "x", { qos: 1, packetId: index + 1 });
  }
  await other.unsubscribe("#"); // before the first of them is matched
  for (let portion = 0; portion < 30; portion++) await harness.clock.advance(5); // a topic after the other is read and matched
  for (const subscriber of subscribers) {
    for (let index = 0; index < 3; index++) await subscriber.expectMessage(`${topic}/${index}`, "x");
  }
  await harness.settle();
  const count = ({ received }: RawClient) => received.filter(({ type }) => type === PacketType.PUBLISH).length;
  assertEquals([...subscribers, other].map(count), [...Array(10).fill(3), 0]);
});

Deno.test("ten thousand filters that all match a topic hold up its publishers, and nobody else", async () => {
  await using broker = await startProgram();
  const port = broker.port("tcp");
  const subscribers: Attacker[] = [], publishers: Attacker[] = [];
  for (let index = 0; index < 10; index++) {
    const subscriber = await Attacker.connect(port, { clientId: `s${index}` });
    subscribers.push(subscriber);
    await subscriber.send(subscribeTo(Array.from({ length: 1_000 }, (_, at) => deepFilter(index * 1_000 + at))));
    await subscriber.receive(1_006);
    publishers.push(await Attacker.connect(port, { clientId: `p${index}` }));
  }
  await using good = await startGoodClient(broker);
  const topic = Array(30).fill("a").join("/");
  const floods = publishers.map((publisher, index) => {
    const packets = Array.from({ length: 200 }, (_, at) => publishTo(`${topic}/${index * 1_000 + at}`));
    return publisher.repeat(publisher.bytes(packets), ATTACK);
  });
  await new Promise((resolve) => setTimeout(resolve, ATTACK));
  assertServed(await good.report());
  for (const attacker of [...publishers, ...subscribers]) attacker[Symbol.dispose]();
  await Promise.all(floods);
});
