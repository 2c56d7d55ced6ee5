/** One read of 64 PUBLISH packets, until the last of them is written to the last subscriber; without a network. Deliveries
 * a second are iter/s times 64 times the number of subscribers. */

import type { Level } from "./load/packets.ts";
import { publishes, Wire } from "./wire.ts";

const PACKETS = 64, SIZE = 64;

interface Case {
  readonly level: Level;
  readonly subscribers: number;
  /** What each subscriber asks for. */
  readonly filter: (number: number) => string;
}

const cases: Record<string, Case> = {
  "1 subscriber": { level: 4, subscribers: 1, filter: () => "load/1" },
  "1 subscriber, MQTT 5": { level: 5, subscribers: 1, filter: () => "load/1" },
  "100 subscribers": { level: 4, subscribers: 100, filter: () => "load/1" },
  "100 subscribers, MQTT 5": { level: 5, subscribers: 100, filter: () => "load/1" },
  "100 subscribers with different filters": {
    level: 4,
    subscribers: 100,
    filter: (number) => ["load/1", "load/+", "load/#", "+/1", "#"][number % 5],
  },
  "1,000 subscribers": { level: 4, subscribers: 1_000, filter: () => "load/1" },
};

for (const [name, { level, subscribers, filter }] of Object.entries(cases)) {
  const wire = await Wire.start(), chunk = publishes(PACKETS, { topic: "load/1", level, size: SIZE });
  for (let at = 0; at < subscribers; at++) await wire.subscriber(`${at}`, { filter: filter(at), qos: 0, level });
  const feed = await wire.client("publisher", level);
  const run = async () => {
    await wire.answers(chunk.length * subscribers, () => feed(chunk));
  }; // Deno.bench waits for async functions only
  for (let at = 0; at < 2_000 / Math.sqrt(subscribers); at++) await run();
  Deno.bench(`fan-out of 64 messages: ${name}`, { group: "fan-out" }, run);
}
