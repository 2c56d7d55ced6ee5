/** Runs the generator against a broker. */

import { fileURLToPath } from "node:url";
import { CA, type Contender, start } from "./brokers.ts";
import type { LoadOptions, LoadResult } from "./load/generator.ts";
import type { Scenario, Variant } from "./scenarios.ts";

/** How much is measured. */
export interface Amount {
  /** Seconds of a run. */
  readonly seconds: number;
  /** Seconds before them that do not count. */
  readonly warmUp: number;
  /** Connections that do nothing. */
  readonly connections: number;
}

const GENERATOR = fileURLToPath(new URL("./load/generator.ts", import.meta.url));

/**
 * Starts a broker, runs one scenario, stops the broker.
 *
 * @returns what came of it, `undefined` where the broker cannot do that
 */
export async function measure(
  contender: Contender,
  { scenario, variant, amount }: { scenario: Scenario; variant: Variant; amount: Amount },
): Promise<LoadResult | undefined> {
  await using broker = await start(contender, variant);
  if (broker === undefined) return undefined;
  const { pid, ports } = broker, { transport } = variant;
  const target = { transport, port: ports[transport], ...(transport === "tls" ? { ca: CA } : {}) };
  const { exchange } = scenario, { connections, seconds, warmUp } = amount;
  return await generate(
    exchange === undefined
      ? { kind: "idle", target, pid, connections }
      : { kind: "exchange", target, pid, seconds, warmUp, ...exchange },
  );
}

/** Runs the generator. */
export async function generate(options: LoadOptions): Promise<LoadResult> {
  const args = ["run", "-A", "--no-check", GENERATOR, JSON.stringify(options)];
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), { args, stdin: "null" }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`the load generator failed: ${decoder.decode(stderr).trim()}`);
  return JSON.parse(decoder.decode(stdout));
}
