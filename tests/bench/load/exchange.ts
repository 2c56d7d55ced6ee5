/** One run of publishers and subscribers. */

import process from "node:process";
import { BURST, Flow } from "./flow.ts";
import { openLink, type Target } from "./link.ts";
import type { Level } from "./packets.ts";
import { Publisher } from "./publisher.ts";
import { Subscriber } from "./subscriber.ts";
import { type Usage, usageOf } from "./usage.ts";

const STALLED_MS = 8_000, LONGEST_DRAIN_MS = 60_000, AFTERWARDS_MS = 50, OPENED_AT_ONCE = 20;

type Timer = ReturnType<typeof setInterval>;

/** What a run is made of. */
export interface ExchangeOptions {
  readonly kind: "exchange";
  readonly target: Target;
  /** Process of the broker. */
  readonly pid: number;
  readonly publishers: number;
  readonly subscribers: number;
  /** Publisher and subscriber `n` share topic `n % topics`. */
  readonly topics: number;
  readonly level: Level;
  readonly qos: number;
  readonly size: number;
  /** Seconds that are measured, and before that seconds that are not. */
  readonly seconds: number;
  readonly warmUp: number;
  readonly lag: number;
  readonly window: number;
  /** Messages a second in all, 0 for as many as possible. */
  readonly rate: number;
}

/** What came of a run. */
export interface ExchangeResult {
  readonly lost: number;
  readonly repeated: number;
  readonly closed: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Processor seconds for a million packets, in and out. */
  readonly brokerCpu: number | undefined;
  readonly loadCpu: number;
  readonly peakMib: number | undefined;
}

/** Where a run stood at some moment. */
interface Mark {
  readonly at: number;
  readonly delivered: number;
  readonly published: number;
  readonly broker: Usage | undefined;
  readonly load: number;
}

/** A run with its clients. */
class Exchange {
  readonly #options: ExchangeOptions;
  readonly #flow: Flow;
  #start: Mark;

  constructor(options: ExchangeOptions) {
    const { subscribers, topics, lag, qos } = options;
    this.#options = options;
    this.#flow = new Flow({ fan: Math.max(1, Math.floor(subscribers / topics)), lag, acknowledged: qos > 0 });
    this.#start = this.#mark();
  }

  async run(): Promise<ExchangeResult> {
    const { subscribers, publishers } = this.#options;
    const listening = await inBatches(subscribers, (number) => this.#subscriber(number));
    const talking = await inBatches(publishers, (number) => this.#publisher(number));
    const pace = this.#options.rate > 0 ? this.#pace(talking) : undefined;
    for (const publisher of talking) publisher.start();
    await pause(this.#options.warmUp * 1000);
    this.#start = this.#mark();
    this.#flow.isWarm = true;
    await pause(this.#options.seconds * 1000);
    const end = this.#mark();
    await this.#drain();
    clearInterval(pace);
    await pause(AFTERWARDS_MS); // for what should not come
    for (const client of [...talking, ...listening]) client.end();
    return this.#result(end);
  }

  async #subscriber(number: number): Promise<Subscriber> {
    const { target, topics, qos, level, publishers } = this.#options;
    const options = { filter: `load/${number % topics}`, qos, level, publishers };
    const subscriber = new Subscriber(await openLink(target), this.#flow, options);
    await subscriber.begin(`subscriber-${number}`, level);
    return subscriber;
  }

  async #publisher(number: number): Promise<Publisher> {
    const { target, topics, rate, ...rest } = this.#options;
    const options = { ...rest, number, topic: `load/${number % topics}`, paced: rate > 0 };
    const publisher = new Publisher(await openLink(target), this.#flow, options);
    await publisher.begin(`publisher-${number}`, rest.level);
    return publisher;
  }

  /** Sends what is due: a little from one publisher after the other, much from all of them. */
  #pace(publishers: readonly Publisher[]): Timer {
    const start = performance.now(), everyone = { pump: () => {} };
    let next = 0;
    return setInterval(() => {
      let due = Math.floor((performance.now() - start) / 1000 * this.#options.rate) - this.#flow.published;
      for (let turn = 0; due > 0 && turn < 10 * publishers.length; turn++) {
        const count = this.#flow.take(everyone, Math.min(due, BURST));
        if (count === 0) break;
        publishers[next++ % publishers.length].send(count);
        due -= count;
      }
    }, 1);
  }

  /** Waits until all has arrived that is under way, or nothing happens any more. */
  async #drain(): Promise<void> {
    const flow = this.#flow, begun = performance.now();
    let seen = -1, changed = begun;
    const watch = setInterval(() => {
      const now = performance.now(), sum = flow.delivered + flow.acknowledged;
      if (sum !== seen) [seen, changed] = [sum, now];
      if (now - changed > STALLED_MS || now - begun > LONGEST_DRAIN_MS) flow.giveUp();
    }, 500);
    flow.stop();
    await flow.done;
    clearInterval(watch);
  }

  #mark(): Mark {
    const { delivered, published } = this.#flow;
    const { user, system } = process.cpuUsage();
    const load = (user + system) / 1e6;
    return { at: performance.now(), delivered, published, broker: usageOf(this.#options.pid), load };
  }

  #result(end: Mark): ExchangeResult {
    const flow = this.#flow, start = this.#start, seconds = (end.at - start.at) / 1000;
    const delivered = end.delivered - start.delivered;
    const millions = (delivered + end.published - start.published) / 1e6;
    const broker = end.broker && start.broker && end.broker.cpuSeconds - start.broker.cpuSeconds;
    return {
      lost: flow.expected - flow.delivered,
      repeated: flow.repeated,
      closed: flow.closed,
      seconds,
      perSecond: delivered / seconds,
      p50: flow.latencies.percentile(0.5),
      p99: flow.latencies.percentile(0.99),
      brokerCpu: broker === undefined ? undefined : broker / millions,
      loadCpu: (end.load - start.load) / millions,
      peakMib: end.broker?.peakMib || end.broker?.rssMib,
    };
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Makes many of something, some at the same time. */
async function inBatches<T>(count: number, make: (number: number) => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  while (made.length < count) {
    const batch = Math.min(OPENED_AT_ONCE, count - made.length);
    made.push(...await Promise.all(Array.from({ length: batch }, (_, at) => make(made.length + at))));
  }
  return made;
}

/** Runs publishers and subscribers against a broker. */
export function exchange(options: ExchangeOptions): Promise<ExchangeResult> {
  return new Exchange(options).run();
}
