/**
 * The good client: a process of its own that makes a round trip every 20 ms, and whom no attack may hurt.
 *
 * What counts is the time that the broker takes. Where others are at work on the machine it is not always let run, and no broker
 * can help that: time in which it, or the good client, was ready and had no core is no part of the figures. The kernel counts that
 * time for each thread. A broker that computes, collects garbage or serves others first does not wait for a core, so all of that
 * counts, and one look is enough.
 */

import { registryFlags } from "../../tools/registry.ts";
import type { BrokerProgram } from "./broker_program.ts";
import { Child } from "./child.ts";
import type { GoodClientOptions, Served } from "./good_client_program.ts";
import { within } from "./within.ts";

export type { GoodClientOptions, Served } from "./good_client_program.ts";

/** Milliseconds in which 99 of 100 round trips have to be done, and each of them, and each new connection. */
const P99_BELOW = 100, WORST_BELOW = 1_000;

/** The process. */
export class GoodClient implements AsyncDisposable {
  readonly #child: Child;

  /** @param child the process */
  constructor(child: Child) {
    this.#child = child;
  }

  /** How it was served since its start, or since the last report; a round trip that is under way counts as long as it takes. */
  async report(): Promise<Served> {
    await this.#child.write("report");
    return JSON.parse(await within(this.#child.nextLine(), "the report of the good client"));
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child[Symbol.asyncDispose]();
  }
}

/**
 * Starts a good client and waits until it has made its first round trips.
 *
 * @param broker the process, with a listener `tcp`, or `tls` where the client wants that
 * @param options who it is
 * @returns the client
 */
export async function startGoodClient(
  broker: Pick<BrokerProgram, "pid" | "port">,
  options: GoodClientOptions = {},
): Promise<GoodClient> {
  const args = [String(broker.port(options.tls ? "tls" : "tcp")), String(broker.pid), JSON.stringify(options)];
  const flags = ["run", "-A", "--no-check", ...await registryFlags()];
  const child = new Child(Deno.execPath(), [...flags, "tests/helpers/good_client_program.ts", ...args]);
  const first = await within(child.nextLine(), "the first round trips of the good client");
  if (first !== "ready") throw new Error(`The good client cannot begin: ${first}`);
  return new GoodClient(child);
}

/**
 * Looks how a good client is served while an attack goes on.
 *
 * @param good the client
 * @param milliseconds of the look
 * @throws {Error} with all figures
 */
export async function assertServedDuringAttack(good: GoodClient, milliseconds: number): Promise<void> {
  await good.report(); // what was before does not count
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  assertServed(await good.report());
}

/**
 * Fails when a good client was not served well.
 *
 * @param seen its report
 * @param options how many round trips there have to be at least, 20 by default
 * @throws {Error} with all figures
 */
export function assertServed(seen: Served, { roundTrips = 20 }: { roundTrips?: number } = {}): void {
  const wrong = [
    seen.roundTrips < roundTrips && `fewer than ${roundTrips} round trips`,
    seen.p99 >= P99_BELOW && `p99 not below ${P99_BELOW} ms`,
    seen.worst >= WORST_BELOW && `the worst not below ${WORST_BELOW} ms`,
    seen.slowestConnect >= WORST_BELOW && `a new connection not within ${WORST_BELOW} ms`,
    seen.errors.length > 0 && "errors",
  ].filter((problem) => problem !== false);
  if (wrong.length > 0) throw new Error(`The good client was not served: ${wrong.join(", ")}: ${JSON.stringify(seen)}`);
}
