import { assert, assertEquals } from "@std/assert";
import { type BrokerProgram, startProgram } from "../helpers/broker_program.ts";
import { assertServed, startGoodClient } from "../helpers/good_client.ts";
import { clientFrame, upgradeRequest } from "../helpers/raw_websocket.ts";
import { until } from "../helpers/until.ts";
import { joined } from "../packets/bytes.ts";
import { connectBytes } from "../conformance/v5/reactions.ts";
import { Stranger } from "./web_attackers.ts";

const MEBIBYTE = 1_048_576;
/** As many as the good client needs for a hundred round trips. */
const ROUNDS = 2;
const CONFIG = {
  listeners: [
    { type: "tcp", address: "127.0.0.1:0" },
    { type: "ws", address: "127.0.0.1:0", request_timeout: 1 },
    { type: "sysinfo", address: "127.0.0.1:0", request_timeout: 1 },
  ],
  hooks: { auth: { allow_all: true } },
  options: { connect_timeout: 1 },
};
/** The beginning of a CONNECT that is never finished, and that is not too large. */
const BEGINNING = connectBytes({ payload: `00 01 'a'` }).subarray(0, 8);
const EMPTY = new Uint8Array(0);
/** A frame that says it is 63 MB long, and its mask. */
const HUGE = Uint8Array.of(0x82, 0xff, 0, 0, 0, 0, 3, 0xc1, 0x4b, 0x40, 0, 0, 0, 0);

type Attack = (broker: BrokerProgram) => Promise<Stranger>;

/** Sends the same again and again until the broker has had enough; it is the broker that should be busy with it, not this process. */
async function floodWith(stranger: Stranger, bytes: Uint8Array): Promise<void> {
  while (await stranger.send(bytes)) await new Promise((resolve) => setTimeout(resolve, 2));
}

function many(frame: Uint8Array, count: number): Uint8Array {
  return joined(...Array.from({ length: count }, () => frame));
}

const FRAGMENT = many(clientFrame(EMPTY, { opcode: 0, final: false }), 5_000);
const PING = many(clientFrame(new Uint8Array(125), { opcode: 9 }), 200);
const BYTES = joined(HUGE, new Uint8Array(MEBIBYTE / 8));

function flood(first: Uint8Array, more: Uint8Array): Attack {
  return async (broker) => {
    const stranger = await Stranger.upgrade(broker.port("ws"), first);
    void floodWith(stranger, more);
    return stranger;
  };
}

const half = new TextEncoder().encode("GET / HTTP/1.1\r\nHost: localhost\r\n");

/** Each of them holds a connection until a deadline of the broker. */
const ATTACKS: Record<string, Attack> = {
  "empty fragments without end": flood(clientFrame(BEGINNING, { final: false }), FRAGMENT),
  "pings without end": flood(clientFrame(BEGINNING, { final: false }), PING),
  "a huge frame": flood(joined(HUGE, BEGINNING), new Uint8Array(MEBIBYTE / 8)),
  "huge frames from the first byte on": flood(EMPTY, BYTES),
  "an unfinished frame": (broker) => Stranger.upgrade(broker.port("ws"), joined(HUGE, BEGINNING)),
  "nothing behind the upgrade": (broker) => Stranger.upgrade(broker.port("ws")),
  "no answer to a close": (broker) => Stranger.upgrade(broker.port("ws"), clientFrame(BEGINNING, { opcode: 1 })),
  "half a request for a WebSocket": async (broker) => {
    const stranger = await Stranger.open(broker.port("ws"));
    await stranger.send(upgradeRequest().subarray(0, 40));
    return stranger;
  },
  "half a request for a page": async (broker) => {
    const stranger = await Stranger.open(broker.port("http"));
    await stranger.send(half);
    return stranger;
  },
  "silence at a page": (broker) => Stranger.open(broker.port("http")),
  "a head without end": async (broker) => {
    const stranger = await Stranger.open(broker.port("http"));
    void floodWith(stranger, joined(half, new TextEncoder().encode("x: y\r\n".repeat(5_000))));
    return stranger;
  },
};

/** Waits until the broker has ended all of them. @returns the most memory that it had */
async function attackWithAll(broker: BrokerProgram): Promise<number> {
  const strangers: [name: string, stranger: Stranger][] = [];
  let most = 0;
  for (const [name, attack] of Object.entries(ATTACKS)) {
    for (let count = 0; count < 3; count++) strangers.push([name, await attack(broker)]);
    most = Math.max(most, await broker.rssBytes());
  }
  const left = () => strangers.filter(([, stranger]) => stranger.isOpen).map(([name]) => name);
  await until(() => left().length === 0, "the end of all strangers", 5_000).catch((error) => {
    throw new Error(`${error}: ${left().join(", ")}`);
  });
  for (const [, stranger] of strangers) stranger[Symbol.dispose]();
  return Math.max(most, await broker.rssBytes());
}

Deno.test(`attack: WebSocket fragments without end, unfinished frames, close without answer; half HTTP requests`, async () => {
  await using broker = await startProgram({ config: CONFIG });
  await using good = await startGoodClient(broker);
  const descriptors = await broker.descriptors(), memory = await broker.rssBytes();
  let most = memory;
  for (let round = 0; round < ROUNDS; round++) most = Math.max(most, await attackWithAll(broker));
  assert(most - memory < 100 * MEBIBYTE, `memory has grown by ${(most - memory) / MEBIBYTE} MiB`);
  assertServed(await good.report());
  assert(await broker.descriptors() <= descriptors + 5, `${descriptors} became ${await broker.descriptors()}`);
  assertEquals((await broker.terminate()).code, 0);
});
