/** Thousands of filters match the same topics, and ever new topics come: those who publish to a topic of their own again and again do not wait, and what is remembered has a bound. */

import { assert, assertEquals } from "@std/assert";
import { Attacker, publishTo, subscribeTo } from "../helpers/attacker.ts";
import { startProgram } from "../helpers/broker_program.ts";
import { assertServed, startGoodClient } from "../helpers/good_client.ts";
import { bytesOf, rest, unsubscribeFrom } from "./attacks/attack.ts";
import { DEEP } from "./attacks/churners.ts";
import { startAttacks } from "./attacks/start_attacks.ts";

const MIB = 1_048_576, LEVELS = 12, WILDCARDS = 8;

/** Filters that all match `good/a/a/...`, with as many `+` as a filter may have. */
function overlapping(): string[] {
  const filters: string[] = [];
  for (let ways = 0; ways < 2 ** LEVELS; ways++) {
    const levels = Array.from({ length: LEVELS }, (_, level) => ways >> level & 1 ? "+" : "a");
    if (levels.filter((level) => level === "+").length <= WILDCARDS) {
      filters.push(`good/${levels.join("/")}/${ways % 2 ? "#" : "+"}`);
    }
  }
  return filters;
}

function connectAll(port: number, count: number): Promise<Attacker[]> {
  return Promise.all(Array.from({ length: count }, () => Attacker.connect(port, { clientId: "" })));
}

/** Does something until it is told to end, or its connection is gone. */
function again(state: { isOn: boolean }, step: (time: number) => Promise<unknown>): Promise<void> {
  return (async () => {
    for (let time = 1; state.isOn; time++) await step(time);
  })().catch(() => {});
}

Deno.test("filters that match a good client's deep topic come and go, while others publish to ever new deep topics", async () => {
  await using broker = await startProgram();
  const port = broker.port("tcp"), filters = overlapping(), state = { isOn: true };
  const subscribers = await connectAll(port, 4);
  for (const subscriber of subscribers) {
    await subscriber.send(subscribeTo(filters.splice(0, 1_000)));
    await subscriber.receive(800);
  }
  await using good = await startGoodClient(broker, { clientId: DEEP, newConnections: false });
  const publishers = await connectAll(port, 150),
    [churner] = await connectAll(port, 1),
    changing = ["good/#", "good/a/#"];
  const ends = publishers.map((publisher, index) =>
    again(state, async (time) => {
      await publisher.send(publishTo(`good/${DEEP}/${index}-${time}`, { qos: 1, packetId: 1 }));
      await publisher.receive(4 * time);
    })
  );
  ends.push(again(state, async (time) => {
    await churner.send(subscribeTo(changing), unsubscribeFrom(changing));
    await churner.receive(14 * time);
  }));
  await good.report(); // what was before does not count
  await rest(2_500);
  assertServed(await good.report(), { roundTrips: 5 });
  state.isOn = false;
  await Promise.all(ends);
  for (const attacker of [...subscribers, ...publishers, churner]) attacker[Symbol.dispose]();
  assertEquals((await broker.terminate()).code, 0);
});

for (const kind of ["deepFilters", "deepFiltersOneByOne"] as const) {
  Deno.test(`20 clients change 200 filters each that match a good client's deep topic, beside 50 publishers: ${kind}`, async () => {
    await using broker = await startProgram();
    await using good = await startGoodClient(broker, { clientId: DEEP, newConnections: false });
    await using attacks = await startAttacks({ tcp: broker.port("tcp") }, { [kind]: 20, deepTopics: 50 });
    await good.report(); // what was before does not count
    await rest(2_500);
    assertServed(await good.report(), { roundTrips: 20 });
    const { [kind]: churned, deepTopics: published } = await attacks.report();
    assert(churned!.steps > 200 && published!.steps > 60, JSON.stringify({ churned, published }));
  });
}

Deno.test("what is remembered of ever new topics that hundreds receive by several filters is a small part of the heap", async () => {
  await using broker = await startProgram({ heapMiB: 512 });
  const port = broker.port("tcp"), attacker = { properties: { sessionExpiryInterval: 1_000 } };
  for (let index = 0; index < 400; index++) {
    using sleeper = await Attacker.connect(port, { clientId: `s${index}`, ...attacker });
    const subscribe = { ...subscribeTo(["o/#", "o/+", "+/#"]), properties: { subscriptionIdentifiers: [1 + index] } };
    await sleeper.send(subscribe);
    await sleeper.receive(8);
  }
  await using good = await startGoodClient(broker);
  using publisher = await Attacker.connect(port, { clientId: "publisher" });
  for (let from = 0, answers = 0; from < 2_400; from += 100) {
    for (let time = 0; time < 2; time++) {
      await publisher.send(bytesOf(100, (at) => publishTo(`o/${from + at}`, { qos: 1, packetId: 1 + at })));
      await publisher.receive(answers += 400);
    }
  }
  assertServed(await good.report(), { roundTrips: 5 });
  const bytes = await broker.rssBytes();
  assert(bytes < 300 * MIB, `the process has ${bytes / MIB} MiB`);
  assertEquals((await broker.terminate()).code, 0);
});

Deno.test("subscribers with long User Names that have gone are not kept by what is remembered of topics", async () => {
  await using broker = await startProgram({ heapMiB: 512 });
  const port = broker.port("tcp");
  using publisher = await Attacker.connect(port, { clientId: "publisher" });
  for (let time = 0; time < 2_500; time++) {
    using guest = await Attacker.connect(port, { clientId: "", username: `${time}`.padStart(60_000, "x") });
    await guest.send(subscribeTo(["o/+"]));
    await guest.receive(6);
    await publisher.send(publishTo(`o/${time}`, { qos: 1, packetId: 1 }));
    await publisher.receive(4 * (time + 1));
  }
  const bytes = await broker.rssBytes();
  assert(bytes < 230 * MIB, `the process has ${bytes / MIB} MiB`);
  assertEquals((await broker.terminate()).code, 0);
});
