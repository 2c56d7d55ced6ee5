/** A slow subscriber costs itself: not the others' time, not memory beyond its limit. */

import { assert, assertEquals, assertLess } from "@std/assert";
import { median } from "../bench/statistics.ts";
import { Child } from "../helpers/child.ts";
import { fastRound, type Round, SlowSubscriber } from "./slow_subscriber.ts";

const MIB = 2 ** 20;
const LIMIT = 8 * MIB, STUFFING = 256 * MIB;
/** What a heap may grow by anyhow. */
const LEEWAY = 96 * MIB;
const ROUND = { subscribers: 100, rate: 400, seconds: 1.2 };
const PAIRS = 3, MOST_PAIRS = 9;
/** Latencies below this, in microseconds, tell of the machine and not of the broker. */
const NOISE = 1_000;

interface Counters {
  readonly messages_dropped: number;
  readonly memory_alloc: number;
}

async function startBroker() {
  const listeners = [{ type: "tcp", address: "127.0.0.1:0" }, { type: "sysinfo", address: "127.0.0.1:0" }];
  const options = { capabilities: { maximum_client_writes_pending_bytes: LIMIT } };
  const child = await Child.deno("mod.ts", ["--config", "-"]);
  await child.write(JSON.stringify({ listeners, hooks: { auth: { allow_all: true } }, options }));
  await child.endInput();
  const [, port] = await child.line(/protocol=tcp address=127\.0\.0\.1:(\d+)/);
  const [, info] = await child.line(/protocol=http address=(\S+)/);
  const counters = async (): Promise<Counters> => await (await fetch(`http://${info}/`)).json();
  return { child, counters, target: { transport: "tcp", port: Number(port) } as const };
}

Deno.test("a subscriber that reads 1 KB a second delays nobody, and its messages are dropped at its limit", async () => {
  const { child, counters, target } = await startBroker();
  await using _ = child;
  await fastRound(target, ROUND); // warms up
  const without: Round[] = [], beside: Round[] = [];
  const ratio = () => {
    const p99 = (rounds: Round[]) => Math.max(NOISE, median(rounds.map((round) => round.p99)));
    return p99(beside) / p99(without);
  };
  while (without.length < PAIRS || ratio() > 1.5 && without.length < MOST_PAIRS) {
    without.push(await fastRound(target, ROUND));
    const before = await counters(), slow = await SlowSubscriber.stuffed(target, STUFFING), stuffed = await counters();
    assertLess(stuffed.memory_alloc - before.memory_alloc, LIMIT + LEEWAY);
    beside.push(await fastRound(target, ROUND));
    const { messages_dropped } = await counters();
    assert(stuffed.messages_dropped - before.messages_dropped > 0.8 * STUFFING / 32_768, "stuffing was not dropped");
    assert(messages_dropped - stuffed.messages_dropped > 0.9 * ROUND.rate * ROUND.seconds, "drops were not counted");
    await slow.end();
  }
  assertEquals([...without, ...beside].map(({ lost }) => lost).filter((lost) => lost !== 0), []);
  const list = (rounds: Round[]) => rounds.map(({ p99 }) => p99).join(", ");
  assert(ratio() <= 1.5, `p99 in us without: ${list(without)}; beside the slow one: ${list(beside)}`);
  if (Deno.env.get("MOCHI_BENCH_PRINT") === "1") console.log(list(without), "|", list(beside), await counters());
  await child.stop();
});
