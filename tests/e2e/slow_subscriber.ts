/** A hundred subscribers that read at once, and one that hardly reads. */

import { Flow } from "../bench/load/flow.ts";
import { type Link, openLink, type Target } from "../bench/load/link.ts";
import { connect, subscribe } from "../bench/load/packets.ts";
import { Publisher } from "../bench/load/publisher.ts";
import { Subscriber } from "../bench/load/subscriber.ts";

const LEVEL = 4, TOPIC = "load/all", STUFFING = "load/stuffing";
const TICK = 100;

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function publisher(
  target: Target,
  flow: Flow,
  { topic, size }: { topic: string; size: number },
): Promise<Publisher> {
  const options = { topic, size, number: 0, qos: 0, level: LEVEL, window: 0, paced: true } as const;
  const publisher = new Publisher(await openLink(target), flow, options);
  await publisher.begin(`publisher-${topic}`, LEVEL);
  return publisher;
}

/** What a round gave. */
export interface Round {
  /** Microseconds that 99 of 100 deliveries took at most. */
  readonly p99: number;
  /** Deliveries that did not come, connections that were closed. */
  readonly lost: number;
}

/** Publishes for some time to subscribers that read at once. */
export async function fastRound(target: Target, { subscribers, rate, seconds }: {
  subscribers: number;
  rate: number;
  seconds: number;
}): Promise<Round> {
  const flow = new Flow({ fan: subscribers, lag: 0, acknowledged: false });
  const fast: Subscriber[] = [];
  for (let number = 0; number < subscribers; number++) {
    const client = new Subscriber(await openLink(target), flow, { filter: TOPIC, qos: 0, level: LEVEL, publishers: 1 });
    await client.begin(`fast-${number}`, LEVEL);
    fast.push(client);
  }
  const source = await publisher(target, flow, { topic: TOPIC, size: 64 });
  const begun = performance.now();
  for (let passed = 0; passed < seconds; passed = (performance.now() - begun) / 1000) {
    flow.isWarm = passed > seconds / 4;
    const due = flow.take({ pump: () => {} }, Math.floor(passed * rate) - flow.published);
    if (due > 0) source.send(due);
    await pause(1);
  }
  flow.stop();
  const giveUp = setTimeout(() => flow.giveUp(), 10_000);
  await flow.done;
  clearTimeout(giveUp);
  for (const client of [source, ...fast]) client.end();
  return { p99: flow.latencies.percentile(0.99), lost: flow.expected - flow.delivered + flow.closed };
}

/** A client that subscribes to everything and reads 1 KB a second. */
export class SlowSubscriber {
  readonly #link: Link;
  #ended = false;

  private constructor(link: Link) {
    this.#link = link;
  }

  /** Connects, and gets more than all queues on the way to it can hold. */
  static async stuffed(target: Target, bytes: number): Promise<SlowSubscriber> {
    const link = await openLink(target), buffer = new Uint8Array(16);
    await link.write(connect("slow", LEVEL));
    await link.read(buffer);
    await link.write(subscribe("load/#", 0, LEVEL));
    await link.read(buffer);
    const slow = new SlowSubscriber(link), flow = new Flow({ fan: 0, lag: 0, acknowledged: false });
    slow.#read();
    const size = 32_768, source = await publisher(target, flow, { topic: STUFFING, size });
    for (let sent = 0; sent < bytes; sent += size) {
      source.send(1);
      if (sent % (32 * size) === 0) await pause(1);
    }
    await pause(300);
    source.end();
    return slow;
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(Math.floor(1024 * TICK / 1000));
    while (!this.#ended && await this.#link.read(buffer).catch(() => null) !== null) await pause(TICK);
  }

  /** Disconnects. */
  async end(): Promise<void> {
    this.#ended = true;
    this.#link.close();
    await pause(100);
  }
}
