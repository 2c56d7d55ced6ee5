/** Retained messages in a broker. `deno task bench:scale` prints what 1,000,000 of them take (or `NUMBER` as the argument);
 * `deno bench` measures replacing one, and clients that subscribe to few and to many. */

import { publishes, Wire } from "./wire.ts";
import { median } from "./statistics.ts";
import { DISCONNECT, subscribe } from "./load/packets.ts";

const SIZE = 64, SITES = 1_000;

function topicOf(index: number): string {
  const topic = `site${index % SITES}/device${Math.floor(index / SITES)}/temperature`;
  return new TextDecoder().decode(new TextEncoder().encode(topic)); // one piece, as from the network
}

async function filled(count: number): Promise<Wire> {
  const wire = await Wire.start();
  for (let index = 0; index < count; index++) {
    await wire.broker.publish(topicOf(index), new Uint8Array(SIZE), { retain: true });
  }
  return wire;
}

function memory(): number {
  (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

/** Bytes of the PUBLISH packets that a subscriber to these messages gets. */
function bytesOf(indexes: Iterable<number>): number {
  let bytes = 0;
  for (const index of indexes) bytes += publishes(1, { topic: topicOf(index), level: 4, size: SIZE }).length;
  return bytes;
}

function* range(from: number, to: number, step: number): Generator<number> {
  for (let at = from; at < to; at += step) yield at;
}

/** What a filter asks for, and the bytes of the answer. */
function reads(count: number): Record<string, { filter: string; bytes: number }> {
  const rows = count / SITES;
  return {
    "one message": { filter: topicOf(7), bytes: bytesOf([7]) },
    "one level of a site": { filter: "site7/+/temperature", bytes: bytesOf(range(7, count, SITES)) },
    "one device of all sites": { filter: "+/device1/#", bytes: bytesOf(range(SITES, Math.min(rows, 2) * SITES, 1)) },
  };
}

async function print(count: number): Promise<void> {
  const before = memory(), begun = performance.now(), wire = await filled(count);
  const seconds = (performance.now() - begun) / 1_000, each = (memory() - before) / count;
  console.log(
    `${count} retained messages of ${SIZE} bytes: ${each.toFixed(0)} bytes each, payload and topic included; ` +
      `${Math.round(count / seconds)} a second`,
  );
  const feed = await wire.client("reader", 4);
  for (const [name, { filter, bytes }] of Object.entries(reads(count))) {
    const times: number[] = [], packet = subscribe(filter, 0, 4);
    for (let round = 0; round < 9; round++) {
      const begun = performance.now();
      await wire.answers(bytes + 5, () => feed(packet));
      times.push(performance.now() - begun);
    }
    console.log(
      `  ${name} (${filter}): first ${times[0].toFixed(2)} ms, then ${median(times).toFixed(2)} ms, ${bytes} bytes`,
    );
  }
  await wire.broker.close();
}

async function benches(): Promise<void> {
  const count = 100_000, wire = await filled(count), feed = await wire.client("reader", 4);
  for (const [name, { filter, bytes }] of Object.entries(reads(count))) {
    const packet = subscribe(filter, 0, 4);
    Deno.bench(`subscribe, 100,000 retained messages: ${name}`, async () => {
      await wire.answers(bytes + 5, () => feed(packet));
    });
  }
  const payload = new Uint8Array(SIZE);
  let turn = 0;
  Deno.bench("replace one of 100,000 retained messages", async () => {
    await wire.broker.publish(topicOf(turn++ % count), payload, { retain: true });
  });
  Deno.bench("connect and subscribe to one of 100,000 retained messages", async () => {
    const client = await wire.client(`client-${turn++}`, 4), { filter, bytes } = reads(SITES)["one message"];
    await wire.answers(bytes + 5, () => client(subscribe(filter, 0, 4)));
    client(DISCONNECT);
  });
}

if (import.meta.main) {
  await print(Number(Deno.args[0] ?? 1_000_000));
} else await benches();
