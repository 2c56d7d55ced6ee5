/** What is measured: one table. */

import type { ExchangeOptions } from "./load/exchange.ts";
import type { LoadResult } from "./load/generator.ts";
import type { Transport } from "./load/link.ts";

/** One figure of a run, and a line of the table. */
export interface Figure {
  readonly name: string;
  readonly key: "perSecond" | "p50" | "p99" | "kibEach";
  readonly unit: string;
  /** Whether less is better. */
  readonly less?: true;
}

/** The parts of a run that scenarios change. */
export type Exchange = Pick<
  ExchangeOptions,
  "publishers" | "subscribers" | "topics" | "level" | "qos" | "size" | "lag" | "window" | "rate"
>;

/** One scenario: a load, and what it tells. */
export interface Scenario {
  readonly name: string;
  readonly what: string;
  readonly figures: readonly Figure[];
  /** How messages are exchanged; without it connections do nothing. */
  readonly exchange?: Exchange;
}

/** How a broker is reached, and whether it has one async function for every message. */
export interface Variant {
  readonly transport: Transport;
  readonly hook?: "async";
}

/** A row of the benchmark. */
export interface Row {
  readonly scenario: Scenario;
  readonly variant: Variant;
  /** What the variant is compared with, in turns. */
  readonly base?: Variant;
  /** Ending of the names. */
  readonly suffix: string;
}

const PAIRS: Exchange = {
  publishers: 10,
  subscribers: 10,
  topics: 10,
  level: 4,
  qos: 0,
  size: 64,
  lag: 20_000,
  window: 64,
  rate: 0,
};

function speed(name: string, what: string, exchange: Partial<Exchange>): Scenario {
  return { name, what, figures: [{ name, key: "perSecond", unit: "msg/s" }], exchange: { ...PAIRS, ...exchange } };
}

function latency(name: string, what: string, exchange: Partial<Exchange>): Scenario {
  const figures = (["p50", "p99"] as const).map((key) => ({
    name: `${name}-${key}`,
    key,
    unit: "us",
    less: true as const,
  }));
  return { name, what, figures, exchange: { ...PAIRS, lag: 0, ...exchange } };
}

const IDLE: Scenario = {
  name: "idle",
  what: "connections that do nothing",
  figures: [
    { name: "idle-memory", key: "kibEach", unit: "KiB each", less: true },
    { name: "connects", key: "perSecond", unit: "conn/s" },
  ],
};

/** All scenarios. */
export const SCENARIOS: readonly Scenario[] = [
  speed("qos0-pairs", "10 publishers, a subscriber each", {}),
  speed("qos0-pairs-v5", "the same in MQTT 5", { level: 5 }),
  speed("qos0-fanout-100", "1 publisher, 100 subscribers", { publishers: 1, subscribers: 100, topics: 1 }),
  speed("qos0-fanin-100", "100 publishers, 1 subscriber", { publishers: 100, subscribers: 1, topics: 1, lag: 2_000 }),
  speed("qos1-pairs", "10 publishers, a subscriber each", { qos: 1, lag: 0 }),
  speed("qos2-pairs", "the same at QoS 2", { qos: 2, lag: 0 }),
  speed("qos1-fanout-100", "1 publisher, 100 subscribers", {
    qos: 1,
    publishers: 1,
    subscribers: 100,
    topics: 1,
    lag: 0,
  }),
  speed("qos0-4k-payload", "pairs with 4,096 bytes", { size: 4096, lag: 2_000 }),
  latency("latency-1k", "1,000 messages a second, 1 pair", { publishers: 1, subscribers: 1, topics: 1, rate: 1_000 }),
  latency("latency-20k", "20,000 messages a second, 10 pairs", { rate: 20_000 }),
  IDLE,
];

/** Scenarios that are measured over other transports, too, when nothing is asked for. */
const EVERYWHERE = ["qos0-pairs", "qos0-fanout-100", "qos1-pairs"];

const TCP: Variant = { transport: "tcp" };

function over(transport: Transport, scenarios: readonly Scenario[]): Row[] {
  if (transport === "tcp") return scenarios.map((scenario) => ({ scenario, variant: TCP, suffix: "" }));
  return scenarios.map((scenario) => ({ scenario, variant: { transport }, base: TCP, suffix: `-${transport}` }));
}

function hooked(scenarios: readonly Scenario[]): Row[] {
  const variant: Variant = { transport: "tcp", hook: "async" };
  return scenarios.map((scenario) => ({ scenario, variant, base: TCP, suffix: "-async-hook" }));
}

/**
 * Lists the rows.
 *
 * @param asked the transports, and whether the rows with an async hook are wanted; without any of these all transports
 * and the hook for some scenarios, and TCP for the rest
 * @returns the rows
 */
export function rows({ transports, hook }: { transports: readonly Transport[]; hook: boolean }): Row[] {
  const asked = transports.flatMap((transport) => over(transport, SCENARIOS));
  if (hook) asked.push(...hooked(SCENARIOS.filter(({ exchange }) => exchange !== undefined)));
  if (asked.length > 0) return asked;
  const some = SCENARIOS.filter(({ name }) => EVERYWHERE.includes(name));
  return [...over("tcp", SCENARIOS), ...over("ws", some), ...over("tls", some), ...hooked(SCENARIOS.slice(0, 1))];
}

/** The names of a row's lines. */
export function lineNames({ scenario, suffix }: Row): string[] {
  return scenario.figures.map(({ name }) => `${name}${suffix}`);
}

/** Why a result must not count: the empty string when it may. */
export function fault({ lost, repeated, closed }: LoadResult): string {
  const words: string[] = [];
  if (lost !== 0) words.push(`lost ${lost}`);
  if (repeated > 0) words.push(`repeated ${repeated}`);
  if (closed > 0) words.push(`dropped ${closed} connections`);
  return words.join(", ");
}
