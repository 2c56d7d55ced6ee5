/**
 * Attacks as a program of their own, so that they have a processor of their own. Prints "ready" when each has begun, and a
 * report for each line of standard input. It goes on until it is killed.
 *
 *     deno run -A tests/security/attacks/attack_program.ts PORTS-AS-JSON FORCES-AS-JSON
 */

import { type AttackName, ATTACKS, type Forces } from "./all_attacks.ts";
import { type Ports, rest } from "./attack.ts";

/** What was done, by attack. */
export type AttackReport = Partial<
  Record<AttackName, { bytes: number; steps: number; failures: number; failure?: string }>
>;

/** After a connection that has ended, and until all of them have to have begun, in milliseconds. */
const REST = 20, BEGINNING = 25_000;
const report: AttackReport = {};

/** Goes on for ever; `begun` is called after each step. */
async function attack(name: AttackName, ports: Ports, begun: () => void): Promise<never> {
  const tally = report[name] ??= { bytes: 0, steps: 0, failures: 0 };
  for (;;) {
    try {
      for await (const bytes of ATTACKS[name](ports)) {
        tally.bytes += bytes;
        tally.steps++;
        begun();
        await rest(0); // writes that are taken at once let nobody else go on
      }
    } catch (error) { // the broker has had enough
      tally.failures++;
      tally.failure = String(error);
      begun();
    }
    await rest(REST);
  }
}

const ports: Ports = JSON.parse(Deno.args[0]), forces: Forces = JSON.parse(Deno.args[1]);
const late = new Set<string>();
const beginnings = Object.entries(forces).flatMap(([name, count]) =>
  Array.from({ length: count }, (_, at) => {
    late.add(`${name} ${at}`);
    const { promise, resolve } = Promise.withResolvers<void>();
    attack(name as AttackName, ports, () => late.delete(`${name} ${at}`) && resolve());
    return promise;
  })
);
const timer = setTimeout(() => console.log(`${[...late]} did not begin`), BEGINNING);
await Promise.all(beginnings);
clearTimeout(timer);
console.log("ready");
const line = new Uint8Array(1_024);
while (await Deno.stdin.read(line) !== null) console.log(JSON.stringify(report));
Deno.exit();
