/** The command line of the benchmark. */

import { parseArgs } from "node:util";
import type { Transport } from "./load/link.ts";
import { possibleConnections } from "./machine.ts";
import type { Amount } from "./measure.ts";

/** What is asked for. */
export interface Arguments {
  readonly only: readonly string[];
  readonly rounds: number;
  readonly transports: readonly Transport[];
  /** All rows with an async function that looks at every message. */
  readonly hook: boolean;
  /** Command of the other broker, empty for the usual one, `none` for nobody. */
  readonly peer: string;
  /** Command of the broker to measure, empty for the one of this package. */
  readonly ours: string;
  readonly amount: Amount;
  readonly json: boolean;
}

/** The help text. */
export const HELP = `Usage: deno task bench [options]

  --only NAME,...       some rows only
  --rounds N            runs of each row, 3; the table shows medians
  --seconds N           seconds of a run, 2; as much comes before to warm up
  --transport NAME,...  tcp, ws, tls: all rows over these; without it TCP, and some rows over the others
  --hook                all rows with one async function for every message, beside the same without it
  --connections N       connections that do nothing, 10000 or what the system allows
  --peer COMMAND        another broker, {port} (and {ws}, {tls}) in place of its ports; mosquitto where installed; or none
  --ours COMMAND        the broker to measure in place of this package's
  --json                numbers instead of a table`;

const OPTIONS = {
  only: { type: "string", default: "" },
  rounds: { type: "string", default: "3" },
  seconds: { type: "string", default: "2" },
  transport: { type: "string", default: "" },
  hook: { type: "boolean", default: false },
  connections: { type: "string", default: "" },
  peer: { type: "string", default: "" },
  ours: { type: "string", default: "" },
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

function list(text: string): string[] {
  return text.split(",").map((word) => word.trim()).filter((word) => word !== "");
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`Cannot use --${name}: a number above 0 is needed, current value is "${text}"`);
  return value;
}

function transport(name: string): Transport {
  if (name === "tcp" || name === "ws" || name === "tls") return name;
  throw new Error(`Cannot use --transport: tcp, ws and tls are known, current value is "${name}"`);
}

/**
 * Reads the command line.
 *
 * @param args the arguments
 * @returns what they ask for, `undefined` for help
 * @throws {Error} for what cannot be understood
 */
export function readArguments(args: readonly string[]): Arguments | undefined {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  if (values.help) return undefined;
  const { peer, ours, json, hook } = values, seconds = positive("seconds", values.seconds);
  const connections = values.connections === "" ? possibleConnections() : positive("connections", values.connections);
  return {
    only: list(values.only),
    rounds: positive("rounds", values.rounds),
    transports: list(values.transport).map(transport),
    hook,
    peer,
    ours,
    json,
    amount: { seconds, warmUp: Math.min(seconds, 2), connections },
  };
}
