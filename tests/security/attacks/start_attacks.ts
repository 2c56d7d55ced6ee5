/** Attacks that run in a process of their own. */

import { Child } from "../../helpers/child.ts";
import { within } from "../../helpers/within.ts";
import type { Forces } from "./all_attacks.ts";
import type { Ports } from "./attack.ts";
import type { AttackReport } from "./attack_program.ts";

/** Milliseconds until all of them have begun. */
const BEGINNING = 30_000;

/** The process; it is killed at the end. */
export class Attacks implements AsyncDisposable {
  readonly #child: Child;

  /** @param child the process */
  constructor(child: Child) {
    this.#child = child;
  }

  /** What was done so far. */
  async report(): Promise<AttackReport> {
    await this.#child.write("report");
    return JSON.parse(await within(this.#child.nextLine(), "the report of the attacks"));
  }

  /** Ends them. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child[Symbol.asyncDispose]();
  }
}

/**
 * Starts attacks and waits until each has begun.
 *
 * @param ports where the broker listens
 * @param forces how many of which
 * @returns the attacks
 */
export async function startAttacks(ports: Ports, forces: Forces): Promise<Attacks> {
  const args = [JSON.stringify(ports), JSON.stringify(forces)];
  const child = await Child.deno("tests/security/attacks/attack_program.ts", args);
  const first = await within(child.nextLine(), "the attacks to begin", BEGINNING);
  if (first !== "ready") throw new Error(`The attacks cannot begin: ${first}`);
  return new Attacks(child);
}
