/** Many sessions, filters, wills, empty messages, deep topics: with a heap of 512 MiB each of them ends in 0x97, and the broker goes on. */

import { assert, assertEquals } from "@std/assert";
import { Attacker, publishTo, subscribeTo } from "../helpers/attacker.ts";
import { type BrokerProgram, startProgram } from "../helpers/broker_program.ts";
import { assertServed, startGoodClient } from "../helpers/good_client.ts";
import { encodePacket } from "../../src/packets/codec.ts";
import { connectTo } from "../helpers/byte_link.ts";
import { type ConnectOptions, PacketType, RawClient } from "../helpers/harness.ts";

const MIB = 1_048_576;
/** What a process may take with that heap: the runtime, the heap, and buffers. */
const MOST = 700 * MIB;
const SLEEPS = { sessionExpiryInterval: 10_000 };
const GONE = Uint8Array.of(0xe0, 0), GONE_WITH_WILL = Uint8Array.of(0xe0, 1, 4);

function start(): Promise<BrokerProgram> {
  return startProgram({ heapMiB: 512 });
}

async function client(port: number, options: ConnectOptions = {}): Promise<RawClient> {
  const made = new RawClient(await connectTo(`127.0.0.1:${port}`), { version: 5 });
  return await made.connect({ clientId: "prober", ...options });
}

/** The reason code of a CONNACK. */
function codeOf({ connack }: Pick<Attacker, "connack">): number {
  return connack[3];
}

/** The process lives, is small enough, and ends in time. */
async function assertWell(broker: BrokerProgram): Promise<void> {
  const bytes = await broker.rssBytes(), { code, milliseconds } = await broker.terminate();
  assert(bytes < MOST, `the process has ${bytes / MIB} MiB`);
  assertEquals(code, 0, broker.output());
  assert(milliseconds < 5_000, `it took ${milliseconds} ms to end`);
}

/** Connects a session after the other until one is refused, several at a time. @returns how many there are */
async function fillWith(port: number, most: number, options: (index: number) => ConnectOptions): Promise<number> {
  let count = 0, isFull = false;
  const one = async () => {
    while (!isFull && count < most) {
      using attacker = await Attacker.connect(port, { reads: false, properties: SLEEPS, ...options(count++) });
      if (codeOf(attacker) === 0x97) isFull = true;
      else assertEquals(codeOf(attacker), 0);
      await attacker.send(GONE_WITH_WILL);
    }
  };
  await Promise.all(Array.from({ length: 8 }, one));
  return isFull ? count : Infinity;
}

Deno.test("sessions with long names end in 0x97; those with short ones are served", async () => {
  await using broker = await start();
  const port = broker.port("tcp"), prober = await client(port);
  await using good = await startGoodClient(broker, { newConnections: false });
  const name = "n".repeat(60_000);
  const count = await fillWith(port, 5_000, (index) => ({ clientId: `a${index}`, username: name }));
  assert(count > 500 && count < 2_000, `${count} sessions`);
  assertServed(await good.report(), { roundTrips: 10 });
  for (const qos of [1, 2] as const) assertEquals(await prober.publish("t", "", { qos }), 0x10);
  const old = new RawClient(await connectTo(`127.0.0.1:${port}`), { version: 4 });
  await old.sendConnect({ clientId: "late", protocolVersion: 4, username: name });
  await old.expect("20 02 00 03");
  await (await client(port, { clientId: "a0", username: name, cleanStart: false })).disconnect(); // it has a session
  await assertWell(broker);
});

Deno.test("wills end in 0x97, also of sessions that are there, and who has none may come", async () => {
  await using broker = await start();
  const port = broker.port("tcp");
  await using good = await startGoodClient(broker);
  const will = { topic: "w", payload: new Uint8Array(10_000), properties: { willDelayInterval: 10_000 } };
  const count = await fillWith(port, 5_000, (index) => ({ clientId: `a${index}`, will }));
  assert(count > 1_000 && count < 3_000, `${count} wills`);
  const prober = await client(port, { properties: SLEEPS });
  await prober.send(GONE);
  using attacker = await Attacker.connect(port, { clientId: "prober", cleanStart: false, will });
  assertEquals(codeOf(attacker), 0x97);
  assertServed(await good.report(), { roundTrips: 10 });
  await assertWell(broker);
});

/** Lets sessions subscribe to filters, a thousand in a packet, until a whole packet is refused. @returns how many were made */
async function subscribeUntilFull(port: number, packets: number, filterOf: (index: number) => string): Promise<number> {
  for (let index = 0, made = 0; index < 400; index++) {
    const subscriber = await client(port, { clientId: `a${index}`, properties: SLEEPS });
    for (let packet = 0; packet < packets; packet++) {
      const topicFilters = Array.from({ length: 1_000 }, (_, at) => filterOf((index * packets + packet) * 1_000 + at));
      await subscriber.send(subscribeTo(topicFilters, 1));
      const { reasonCodes } = await subscriber.expect({ type: PacketType.SUBACK });
      const granted = reasonCodes!.filter((code) => code === 1).length;
      made += granted;
      if (granted === 0) {
        assertEquals(new Set(reasonCodes), new Set([0x97]));
        return made;
      }
    }
    await subscriber.send(GONE);
  }
  return Infinity;
}

Deno.test("filters end in 0x97", async () => {
  await using broker = await start();
  const port = broker.port("tcp");
  await using good = await startGoodClient(broker);
  const made = await subscribeUntilFull(port, 10, (index) => `t${index}`);
  assert(made > 100_000 && made < 300_000, `${made} filters`);
  assertServed(await good.report(), { roundTrips: 10 });
  await assertWell(broker);
});

function deep(first: string, index: number): string {
  return `${first}/${Array.from({ length: 30 }, (_, level) => `${index >> 1}.${level}`).join("/")}/${index}`;
}

Deno.test("filters with wildcards whose levels others share end in 0x97", async () => {
  await using broker = await start();
  const port = broker.port("tcp");
  await using good = await startGoodClient(broker);
  const made = await subscribeUntilFull(port, 1, (index) => deep("+", index));
  assert(made > 15_000 && made < 60_000, `${made} filters`);
  assertServed(await good.report(), { roundTrips: 10 });
  await assertWell(broker);
});

/** Publishes until there is an answer 0x97, some hundred at a time. @returns how many were taken */
async function publishUntilFull(
  port: number,
  topicOf: (index: number) => string,
  more: { retain?: boolean; size: number },
): Promise<number> {
  const publisher = await client(port, { clientId: "publisher" });
  for (let from = 0; from < 1_000_000; from += 1_000) {
    const packets = Array.from(
      { length: 1_000 },
      (_, at) => publishTo(topicOf(from + at), { qos: 1, packetId: at + 1, ...more }),
    );
    await publisher.send(...packets);
    for (let at = 0; at < 1_000; at++) {
      const { reasonCode } = await publisher.expect({ type: PacketType.PUBACK, packetId: at + 1 });
      if (reasonCode === 0x97) return from + at;
    }
  }
  return Infinity;
}

Deno.test("retained messages on deep topics end in 0x97", async () => {
  await using broker = await start();
  const port = broker.port("tcp");
  await using good = await startGoodClient(broker);
  const made = await publishUntilFull(port, (index) => deep("r", index), { retain: true, size: 1 });
  assert(made > 15_000 && made < 70_000, `${made} retained`);
  assertServed(await good.report(), { roundTrips: 10 });
  await assertWell(broker);
});

Deno.test("empty messages for sessions that sleep end in 0x97", async () => {
  await using broker = await start();
  const port = broker.port("tcp");
  for (let index = 0; index < 100; index++) {
    const subscriber = await client(port, { clientId: `a${index}`, properties: SLEEPS });
    await subscriber.subscribe(`t${index}`, { qos: 1 });
    await subscriber.send(GONE);
  }
  await using good = await startGoodClient(broker);
  const made = await publishUntilFull(port, (index) => `t${Math.floor(index / 9_000)}`, { size: 0 });
  assert(made > 100_000 && made < 400_000, `${made} messages`);
  assertServed(await good.report(), { roundTrips: 10 });
  await assertWell(broker);
});

const NO_TOTALS = {
  maximum_total_session_bytes: 4_000 * MIB,
  maximum_total_subscription_bytes: 4_000 * MIB,
  maximum_retained_bytes: 4_000 * MIB,
  maximum_total_queued_bytes: 4_000 * MIB,
};

Deno.test("above the high-water mark nothing new is taken, the log, the statistics and the health page say so, and it ends", async () => {
  const listeners = [{ type: "tcp", address: "127.0.0.1:0" }, { type: "sysinfo", address: "127.0.0.1:0" }, {
    type: "healthcheck",
    address: "127.0.0.1:0",
  }];
  await using broker = await startProgram({
    heapMiB: 128, // a collection of a heap that is full takes a fraction of a second for 512 MiB
    config: {
      listeners: listeners.map((listener) => ({ ...listener, id: listener.type })),
      hooks: { auth: { allow_all: true } },
      options: { capabilities: NO_TOTALS },
    },
  });
  const port = broker.port("tcp"), prober = await client(port);
  await using good = await startGoodClient(broker, { newConnections: false });
  await prober.subscribe("known");
  const made = await publishUntilFull(port, (index) => deep("r", index), { retain: true, size: 1 });
  assert(made > 25_000 && made < 100_000, `${made} retained`);
  await broker.line(/memory is short/);
  assertServed(await good.report(), { roundTrips: 10 });
  assertEquals(await prober.subscribe("other"), 0x97);
  assertEquals(await prober.subscribe("known"), 0); // nothing new
  using late = await Attacker.connect(port, { clientId: "late" });
  assertEquals(codeOf(late), 0x97);
  const health = await fetch(`http://127.0.0.1:${broker.port("healthcheck")}`);
  assertEquals([health.status, await health.text()], [200, "ok, but memory is short: what is new is refused\n"]);
  const statistics = await (await fetch(`http://127.0.0.1:${broker.port("sysinfo")}`)).json();
  assertEquals(statistics.memory_short, 1);
  assert(statistics.retained_bytes > 70 * MIB, `${statistics.retained_bytes} retained`);
  for (let index = 0; index < made; index += 1_000) {
    await prober.send(
      ...Array.from({ length: 1_000 }, (_, at) => publishTo(deep("r", index + at), { retain: true, size: 0 })),
    );
  }
  await prober.barrier();
  await broker.line(/there is memory again/);
  assertEquals(await prober.subscribe("other"), 0);
  await assertWell(broker);
});

Deno.test("CONNECTs with many properties end in 0x97, also of sessions that are there, and who says little may come back", async () => {
  await using broker = await startProgram({ heapMiB: 256 });
  const port = broker.port("tcp"), userProperties = Array.from({ length: 250 }, (_, at) => wide(`${at}`, 240));
  const sessions = 1_800,
    asleep = (index: number) => ({ clientId: `a${index}`, cleanStart: false, properties: SLEEPS });
  for (let index = 0; index < sessions; index++) (await Attacker.connect(port, asleep(index)))[Symbol.dispose]();
  const large: Attacker[] = [];
  for (let index = 0; index < sessions && codeOf(large.at(-1) ?? FIRST) === 0; index++) {
    large.push(await Attacker.connect(port, { ...asleep(index), properties: { ...SLEEPS, userProperties } }));
  }
  assert(large.length > 500 && large.length < sessions, `${large.length} CONNECTs`);
  assertEquals(codeOf(large.at(-1)!), 0x97);
  using small = await Attacker.connect(port, asleep(sessions - 1));
  assertEquals(codeOf(small), 0);
  for (const attacker of large) attacker[Symbol.dispose]();
  await assertWell(broker);
});

const FIRST = { connack: Uint8Array.of(0x20, 0, 0, 0) };

/** A User Property whose characters take two bytes each in memory. */
function wide(name: string, length: number): [string, string] {
  return [`\u0416${name}`, "\u0416".padEnd(length, "x")];
}

/** Whether a client that comes may publish: memory is looked at every 100 ms. */
async function isLetIn(port: number): Promise<boolean> {
  try {
    const late = await client(port, { clientId: "late" });
    return await late.publish("t", "", { qos: 1 }) === 0x10;
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 100));
    return false;
  }
}

Deno.test("large packets that are not whole yet are given up where memory is short: others may come", async () => {
  await using broker = await start();
  const port = broker.port("tcp"), count = 900;
  await using good = await startGoodClient(broker, { newConnections: false });
  const begun = encodePacket(publishTo("t", { size: MIB - 100 }), 5)!.subarray(0, MIB - 200),
    attackers: Attacker[] = [];
  let made = 0, refused = 0;
  const attack = async () => {
    while (made < count) {
      const attacker = await Attacker.connect(port, { clientId: `a${made++}` });
      attackers.push(attacker);
      await attacker.send(begun);
    }
  };
  await Promise.all(Array.from({ length: 8 }, attack));
  for (let left = 50; !await isLetIn(port); left--) assert(left > 0, "nobody is let in");
  for (const attacker of attackers) if (attacker.received > 0) refused++;
  assert(refused > 300, `${refused} were refused`);
  assertServed(await good.report(), { roundTrips: 10 });
  for (const attacker of attackers) attacker[Symbol.dispose]();
  const bytes = await broker.rssBytes(), most = MOST + 256 * MIB;
  assert(bytes < most, `the process has ${bytes / MIB} MiB`);
  assertEquals((await broker.terminate()).code, 0);
});
