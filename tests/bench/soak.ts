/**
 * Half of the highest rate for a long time, while other clients come and go: memory has to stay where it is.
 *
 *     deno task soak                    10 minutes, after one to warm up
 *     deno task soak --minutes 60
 *     deno task soak --hostile          10 minutes of all attacks at once, beside a good client
 *
 * Exit code 1 when memory of the first and of the last minute differ by more than 10 %, or messages were lost; with `--hostile`
 * when the good client was not served, or what attackers took was not given back.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { ours, type Running, start } from "./brokers.ts";
import { hostileSoak } from "./hostile_soak.ts";
import type { ExchangeOptions } from "./load/exchange.ts";
import { usageOf } from "./load/usage.ts";
import { business, machine } from "./machine.ts";
import { generate } from "./measure.ts";
import { restlessClient } from "./restless_client.ts";
import { fault, SCENARIOS } from "./scenarios.ts";
import { median } from "./statistics.ts";

const TOLERANCE = 0.1, SAMPLE_MS = 1_000, ARRIVAL_MS = 20, NAMES = 200;
/** Deliveries under way, so that a machine that is busy with something else does not lose messages. */
const LAG = 50_000;

/** Half rate or full rate, against a broker that runs. */
function load({ pid, ports }: Running, part: Pick<ExchangeOptions, "rate" | "seconds" | "warmUp">): ExchangeOptions {
  const target = { transport: "tcp", port: ports.tcp } as const;
  return { kind: "exchange", target, pid, ...SCENARIOS[0].exchange!, lag: LAG, ...part };
}

/** Lets clients come and go until it is told to stop. */
function comeAndGo(port: number): { count: () => number; stop: () => void } {
  let seed = 0;
  const timer = setInterval(() => {
    const number = seed++, clientId = number % 2 === 0 ? `restless-${number % NAMES}` : `once-${number}`;
    restlessClient({ port, clientId, seed: number, stay: 200 + number * 7_919 % 2_000 }).catch(() => {});
  }, ARRIVAL_MS);
  return { count: () => seed, stop: () => clearInterval(timer) };
}

/** Memory of the minutes, the one of the warm-up first. */
async function watch(pid: number, minutes: number, come: () => number): Promise<number[]> {
  const medians: number[] = [];
  for (let minute = 0; minute <= minutes; minute++) {
    const samples: number[] = [], end = performance.now() + 60_000, before = usageOf(pid)!;
    while (performance.now() < end) {
      samples.push(usageOf(pid)!.rssMib);
      await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
    }
    const cpu = (usageOf(pid)!.cpuSeconds - before.cpuSeconds) / 60 * 100;
    medians.push(median(samples));
    const [least, most] = [Math.min(...samples), Math.max(...samples)].map((mib) => mib.toFixed(0));
    console.log(
      `${minute === 0 ? "warm-up " : `minute ${minute}`}: ${median(samples).toFixed(0)} MiB (${least} to ${most}), ` +
        `processor ${cpu.toFixed(0)} %, ${come()} clients have come`,
    );
  }
  return medians;
}

async function main(minutes: number): Promise<number> {
  console.log(machine());
  if (business() !== "") console.log(business());
  await using broker = (await start(await ours(), { transport: "tcp" }))!;
  const { perSecond } = await generate(load(broker, { rate: 0, seconds: 5, warmUp: 5 }));
  const rate = Math.floor(perSecond / 2);
  console.log(`highest rate ${Math.round(perSecond)} messages a second, now ${rate} a second for ${minutes} minutes`);
  const restless = comeAndGo(broker.ports.tcp);
  const running = generate(load(broker, { rate, seconds: minutes * 60, warmUp: 60 }));
  const [warm, first, ...rest] = await watch(broker.pid, minutes, restless.count);
  const result = await running;
  restless.stop();
  const last = rest.at(-1) ?? first, change = last / first - 1, words = fault(result);
  console.log(
    `${Math.round(result.perSecond)} a second, p99 ${(result.p99 / 1000).toFixed(1)} ms; memory after the warm-up ` +
      `${warm.toFixed(0)} MiB, first minute ${first.toFixed(0)}, last ${last.toFixed(0)}: ${
        (change * 100).toFixed(1)
      } %`,
  );
  if (words !== "") console.log(`FAILED: ${words}`);
  if (Math.abs(change) > TOLERANCE) console.log(`FAILED: memory has changed by more than ${TOLERANCE * 100} %`);
  return words === "" && Math.abs(change) <= TOLERANCE ? 0 : 1;
}

if (import.meta.main) {
  const options = { minutes: { type: "string", default: "10" }, hostile: { type: "boolean", default: false } } as const;
  const { values: { hostile, ...values } } = parseArgs({ args: Deno.args, options });
  const minutes = Number(values.minutes);
  if (!(hostile ? minutes > 0 : minutes >= 1)) {
    const least = hostile ? "more than 0" : "1 or more";
    throw new Error(`Cannot soak: --minutes has to be ${least}, current value is "${values.minutes}"`);
  }
  Deno.exit(await (hostile ? hostileSoak(minutes) : main(minutes)));
}
