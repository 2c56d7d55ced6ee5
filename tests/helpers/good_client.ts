/** The good client: a process of its own that makes a round trip every 20 ms, and whom no attack may hurt. */

import { registryFlags } from "../../tools/registry.ts";
import { Child } from "./child.ts";
import type { GoodClientOptions, Served } from "./good_client_program.ts";
import { within } from "./within.ts";

export type { GoodClientOptions, Served } from "./good_client_program.ts";

/** Milliseconds in which 99 of 100 round trips have to be done, and each of them, and each new connection. */
const P99_BELOW = 100, WORST_BELOW = 1_000;
const LOOKS = 3;

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
 * @param port of a TCP or TLS listener
 * @param options who it is
 * @returns the client
 */
export async function startGoodClient(port: number, options: GoodClientOptions = {}): Promise<GoodClient> {
  const args = [String(port), JSON.stringify(options)];
  const flags = ["run", "-A", "--no-check", ...await registryFlags()];
  const child = new Child(Deno.execPath(), [...flags, "tests/helpers/good_client_program.ts", ...args]);
  const first = await within(child.nextLine(), "the first round trips of the good client");
  if (first !== "ready") throw new Error(`The good client cannot begin: ${first}`);
  return new GoodClient(child);
}

/**
 * Looks how a good client is served while an attack goes on. Shared machines stand still now and then: when it is slow there is
 * a second look, and a third one. A broker that lets its clients wait does so each time.
 *
 * @param good the client
 * @param milliseconds of one look
 * @throws {Error} with all figures of the last look, or when something has failed
 */
export async function assertServedDuringAttack(good: GoodClient, milliseconds: number): Promise<void> {
  await good.report(); // what was before does not count
  for (let looks = 1;; looks++) {
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    const seen = await good.report();
    try {
      return assertServed(seen);
    } catch (error) {
      if (looks === LOOKS || seen.errors.length > 0) throw error;
    }
  }
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
