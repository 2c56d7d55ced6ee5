/** The table: a line for each figure. */

import type { LoadResult } from "./load/generator.ts";
import { fault, type Figure, type Row } from "./scenarios.ts";
import { median, spread } from "./statistics.ts";

/** What all rounds of a row gave. */
export interface RowResults {
  readonly ours: LoadResult[];
  readonly base: LoadResult[];
  readonly peer: LoadResult[];
}

/** A line as numbers. */
export interface Line {
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  /** Half of the distance between the best and the worst round, as a share. */
  readonly spread: number;
  readonly peer: number | undefined;
  /** How many times better than the peer; above 1 is better. */
  readonly ratio: number | undefined;
  /** Share of the row without this transport or hook. */
  readonly ofBase: number | undefined;
  /** Processor microseconds for each packet, in or out: of the broker, the peer and the generator. */
  readonly cpu: number | undefined;
  readonly peerCpu: number | undefined;
  readonly loadCpu: number | undefined;
  readonly mib: number | undefined;
  readonly peerMib: number | undefined;
  /** Why the line does not count. */
  readonly fault: string;
}

function middle(results: readonly LoadResult[], key: keyof LoadResult): number | undefined {
  const values = results.map((result) => result[key]).filter((value) => typeof value === "number");
  return values.length === 0 ? undefined : median(values);
}

/** How many times better: each round is compared with the one that ran beside it, and the median counts. */
function times(ours: readonly LoadResult[], others: readonly LoadResult[], { key, less }: Figure): number | undefined {
  const ratios = others.flatMap((other, round) => {
    const [own, its] = [ours[round]?.[key], other[key]];
    return !own || !its ? [] : [less ? its / own : own / its];
  });
  return ratios.length === 0 ? undefined : median(ratios);
}

function faults({ ours, base, peer }: RowResults): string {
  const words = (name: string, results: LoadResult[]) =>
    [...new Set(results.map(fault))].filter((word) => word !== "").map((word) => `${name} ${word}`);
  return [...words("ours", ours), ...words("base", base), ...words("peer", peer)].join("; ");
}

/** Makes the lines of a row. */
export function linesOf(row: Row, results: RowResults): Line[] {
  const { ours, base, peer } = results;
  return row.scenario.figures.map((figure) => {
    const { name, key, unit } = figure;
    return {
      name: `${name}${row.suffix}`,
      unit,
      ours: middle(ours, key) ?? 0,
      spread: spread(ours.map((result) => result[key] ?? 0)),
      peer: middle(peer, key),
      ratio: times(ours, peer, figure),
      ofBase: times(ours, base, figure),
      cpu: middle(ours, "brokerCpu"),
      peerCpu: middle(peer, "brokerCpu"),
      loadCpu: middle(ours, "loadCpu"),
      mib: middle(ours, "peakMib"),
      peerMib: middle(peer, "peakMib"),
      fault: faults(results),
    };
  });
}

const HEAD = ["scenario", "ours", "", "+-", "peer", "ratio", "of TCP*", "us/packet", "peer", "load", "MiB", "peer"];
const WIDTHS = [-27, 11, -8, 5, 11, 7, 7, 9, 7, 7, 6, 6];

function cells(words: readonly string[]): string {
  return words.map((word, at) => WIDTHS[at] < 0 ? word.padEnd(-WIDTHS[at]) : word.padStart(WIDTHS[at])).join(" ")
    .trimEnd();
}

function amount(value: number | undefined): string {
  if (value === undefined) return "-";
  return value.toLocaleString("en", { maximumFractionDigits: value < 100 ? 1 : 0 });
}

function fixed(value: number | undefined, digits: number, ending = ""): string {
  return value === undefined ? "-" : value.toFixed(digits) + ending;
}

/** The first line of the table. */
export function head(): string {
  return cells(HEAD);
}

/** Prints a line. */
export function format(line: Line): string {
  if (line.fault !== "") return `${line.name.padEnd(27)} VOID: ${line.fault}`;
  return cells([
    line.name,
    amount(line.ours),
    line.unit,
    `${(line.spread * 100).toFixed(0)}%`,
    amount(line.peer),
    fixed(line.ratio, 2, "x"),
    fixed(line.ofBase, 2, "x"),
    fixed(line.cpu, 2),
    fixed(line.peerCpu, 2),
    fixed(line.loadCpu, 2),
    amount(line.mib),
    amount(line.peerMib),
  ]);
}
