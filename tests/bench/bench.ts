/**
 * Measures the broker: one table, on any machine, with a load generator of its own in a process of its own.
 *
 *     deno task bench                                       all rows, beside mosquitto where it is installed
 *     deno task bench --only qos0-pairs,latency-1k          some
 *     deno task bench --transport ws,tls                    all rows over these transports
 *     deno task bench --hook                                all rows with an async function for every message
 *     deno task bench --peer 'other-broker --port {port}'   beside another broker ({ws} and {tls}: ports for those)
 *
 * @module
 */

import { type Amount, measure } from "./measure.ts";
import { type Arguments, HELP, readArguments } from "./arguments.ts";
import { byCommand, type Contender, mosquitto, ours, StartError } from "./brokers.ts";
import { business, machine } from "./machine.ts";
import { lineNames, type Row, rows } from "./scenarios.ts";
import { format, head, type Line, linesOf, type RowResults } from "./table.ts";

const CLEAR = "\r\x1b[2K";

/** Tells on a terminal what is going on. */
class Progress {
  readonly #terminal = Deno.stderr.isTerminal();
  readonly #begun = performance.now();
  readonly #runs: number;
  #done = 0;

  constructor(runs: number) {
    this.#runs = runs;
  }

  next(what: string): void {
    const each = (performance.now() - this.#begun) / 1000 / this.#done++;
    const left = Number.isFinite(each) ? `, about ${Math.ceil(each * (this.#runs - this.#done + 1))} s left` : "";
    this.#show(`run ${this.#done} of ${this.#runs}: ${what}${left}`);
  }

  clear(): void {
    this.#show("");
  }

  #show(text: string): void {
    if (this.#terminal) Deno.stderr.writeSync(new TextEncoder().encode(CLEAR + text));
  }
}

/** Who takes part. */
interface Contenders {
  readonly ours: Contender;
  readonly peer: Contender | undefined;
}

async function runRow(row: Row, who: Contenders, { rounds, amount }: Arguments, progress: Progress): Promise<Line[]> {
  let { peer } = who;
  const results: RowResults = { ours: [], base: [], peer: [] };
  const { scenario, variant, base } = row, [name] = lineNames(row);
  const run = async (into: keyof RowResults, contender: Contender, variant: Row["variant"], amount: Amount) => {
    const result = await measure(contender, { scenario, variant, amount });
    if (result !== undefined) results[into].push(result);
  };
  for (let round = 1; round <= rounds; round++) {
    progress.next(`${name}, round ${round} of ${rounds}`);
    await run("ours", who.ours, variant, amount);
    if (base !== undefined) await run("base", who.ours, base, amount);
    if (peer === undefined) continue;
    try {
      await run("peer", peer, variant, amount);
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      console.error(`\n${name} is measured without the peer: ${error.message}`);
      peer = undefined;
    }
  }
  progress.clear();
  return linesOf(row, results);
}

function chosen({ only, transports, hook }: Arguments): Row[] {
  const all = rows({ transports, hook });
  const names = (row: Row) => [...lineNames(row), `${row.scenario.name}${row.suffix}`];
  const unknown = only.find((name) => !all.some((row) => names(row).includes(name)));
  if (unknown !== undefined) {
    throw new Error(`Cannot measure "${unknown}": there are ${[...new Set(all.flatMap(names))].join(", ")}`);
  }
  return only.length === 0 ? all : all.filter((row) => names(row).some((name) => only.includes(name)));
}

async function main(options: Arguments): Promise<number> {
  const selected = chosen(options), say = options.json ? () => {} : console.log;
  const peer = options.peer === "" ? mosquitto() : options.peer === "none" ? undefined : byCommand(options.peer);
  const own = options.ours === "" ? await ours() : byCommand(options.ours),
    progress = new Progress(selected.length * options.rounds);
  say(machine());
  if (business() !== "") say(business());
  say(
    `${options.rounds} rounds of ${options.amount.seconds} s, medians; ${options.amount.connections} idle connections\n`,
  );
  say(head());
  const lines: Line[] = [];
  for (const row of selected) {
    const added = await runRow(row, { ours: own, peer }, options, progress);
    for (const line of added) say(format(line));
    lines.push(...added);
  }
  say("\n* what is left of the same row over TCP and without a hook, measured in turns");
  if (options.json) console.log(JSON.stringify({ machine: machine(), lines }));
  return lines.some(({ fault }) => fault.includes("ours")) ? 1 : 0;
}

if (import.meta.main) {
  try {
    const options = readArguments(Deno.args);
    if (options === undefined) console.log(HELP);
    Deno.exit(options === undefined ? 0 : await main(options));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    Deno.exit(2);
  }
}
