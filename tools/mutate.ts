/**
 * Shows that the tests notice when a rule is gone.
 *
 * Turns one rule of `src/` at a time into its opposite, in a copy of the checkout, and runs the tests that should notice.
 *
 *     deno task mutate                          30 mutants
 *     deno task mutate --sample 200 --seed 7    more, and others
 *     deno task mutate --sample all --only handle_publish.ts,wills.ts
 *     deno task mutate --list                   all mutants, without running any
 *
 * Ends with 1 when more than 5 % of the mutants survive.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { findMutants, type Mutant } from "./mutations.ts";
import { NO_RULES, type NoRule, SUITES_OF, WITHOUT_RULES } from "./mutation_rules.ts";
import { Laboratory, type Verdict } from "./mutation_run.ts";
import { readSources, type Source } from "./sources.ts";

/** Share of mutants that may survive. */
const TOLERATED = 0.05;

/** What the command line asks for. */
export interface Arguments {
  /** How many mutants. */
  readonly sample: number;
  /** Which ones. */
  readonly seed: number;
  /** Ends of file names; all files when empty. */
  readonly only: readonly string[];
  /** Whether to name the mutants instead of running them. */
  readonly list: boolean;
  /** How many at a time. */
  readonly jobs: number;
  /** Seconds after which a run counts as noticed: most endless loops begin with a condition. */
  readonly limit: number;
}

/**
 * Reads the command line.
 *
 * @param args the arguments
 * @returns what they ask for
 * @throws {TypeError} for options that do not exist, {RangeError} for numbers that are none
 */
export function readArguments(args: readonly string[]): Arguments {
  const text = (standard: string) => ({ type: "string", default: standard }) as const;
  const { values } = parseArgs({
    args: args.filter((argument) => argument !== "--"),
    options: {
      ...{ sample: text("30"), seed: text("1"), only: text(""), jobs: text("2"), limit: text("60") },
      list: { type: "boolean", default: false },
    },
  });
  const number = (name: "sample" | "seed" | "jobs" | "limit", lowest: number) => {
    const value = Number(values[name]);
    if (Number.isInteger(value) && value >= lowest) return value;
    throw new RangeError(`Cannot use --${name}: current value is ${values[name]}, expected a number from ${lowest} on`);
  };
  return {
    ...{ seed: number("seed", 0), jobs: number("jobs", 1), limit: number("limit", 1), list: values.list },
    sample: values.sample === "all" ? Infinity : number("sample", 1),
    only: values.only.split(",").filter((name) => name !== ""),
  };
}

/**
 * Names the suites that should notice a mutant.
 *
 * @param file the file of the mutant
 * @returns the suites, the fastest first; none for files without rules
 */
export function suitesFor(file: string): readonly string[] {
  if (Object.values(WITHOUT_RULES).some((files) => files.includes(file))) return [];
  return Object.entries(SUITES_OF).find(([start]) => file.startsWith(start))?.[1] ?? [];
}

/**
 * Finds the mutants of a file that break a rule.
 *
 * @param file path of the file
 * @param text what is in it
 * @param noRules places to leave out
 * @returns the mutants, in the order of the text
 */
export function mutantsOf(file: string, text: string, noRules = Object.values(NO_RULES).flat()): Mutant[] {
  const places = noRules.filter((place) => place.file === file).flatMap(({ code }) => occurrences(text, code));
  return findMutants(file, text).filter(({ start, end }) => {
    return !places.some((place) => place.start <= start && end <= place.end);
  });
}

/** Exclusions and tables as {@linkcode staleEntries} checks them. */
export interface Tables {
  /** Suites by the start of file names. */
  readonly suitesOf: Readonly<Record<string, readonly string[]>>;
  /** Files without rules. */
  readonly withoutRules: Readonly<Record<string, readonly string[]>>;
  /** Places without rules. */
  readonly noRules: Readonly<Record<string, readonly NoRule[]>>;
}

/**
 * Finds entries that leave out what is not there: they would hide a rule that comes to stand in the same place.
 *
 * @param sources the files of the checkout
 * @param tables what is left out
 * @returns one line for each
 */
export function staleEntries(
  sources: readonly Source[],
  { suitesOf, withoutRules, noRules }: Tables = {
    ...{ suitesOf: SUITES_OF, withoutRules: WITHOUT_RULES, noRules: NO_RULES },
  },
): string[] {
  const texts = new Map(sources.map(({ path, text }) => [path, text])), paths = [...texts.keys()];
  const starts = Object.keys(suitesOf).filter((start) => !paths.some((path) => path.startsWith(start)));
  const whole = Object.values(withoutRules).flat(), files = whole.filter((file) => !texts.has(file));
  const places = Object.values(noRules).flat().flatMap((place) => {
    const text = texts.get(place.file);
    if (text === undefined) return [`${place.file}: there is no such file, its place without a rule "${place.code}"`];
    if (whole.includes(place.file)) return [`${place.file}: left out as a whole, and again "${place.code}"`];
    if (!text.includes(place.code)) return [`${place.file}: does not have the code "${place.code}"`];
    const all = findMutants(place.file, text).length;
    return mutantsOf(place.file, text, [place]).length < all ? [] : [`${place.file}: no mutant in "${place.code}"`];
  });
  return [...[...starts, ...files].map((file) => `${file}: there is no such file`), ...places];
}

function occurrences(text: string, code: string): { start: number; end: number }[] {
  const found = [];
  for (let start = text.indexOf(code); start >= 0; start = text.indexOf(code, start + 1)) {
    found.push({ start, end: start + code.length });
  }
  return found;
}

/**
 * Chooses mutants, the same ones for the same seed: from all rooms in turn, so that none is passed over.
 *
 * @param mutants all of them
 * @param options how many, and the seed
 * @returns the chosen ones
 */
export function choose(mutants: readonly Mutant[], options: Pick<Arguments, "sample" | "seed">): Mutant[] {
  const random = generator(options.seed);
  const shuffled = mutants.map((mutant) => ({ mutant, place: random() })).sort((a, b) => a.place - b.place);
  const rooms = Object.values(Object.groupBy(shuffled, ({ mutant }) => roomOf(mutant.file))) as typeof shuffled[];
  const chosen: Mutant[] = [];
  for (let turn = 0; chosen.length < Math.min(options.sample, mutants.length); turn++) {
    const next = rooms[turn % rooms.length].shift();
    if (next !== undefined) chosen.push(next.mutant);
  }
  return chosen;
}

/** The folder in `src/`. */
function roomOf(file: string): string {
  return file.split("/")[1];
}

/** Numbers from 0 to 1 that look random (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = state + 0x6d2b79f5 | 0;
    let mixed = Math.imul(state ^ state >>> 15, 1 | state);
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed;
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
  };
}

/**
 * Tells the share of survivors in words.
 *
 * @param verdicts how the mutants ended
 * @param seed which chose them
 * @returns the line, and whether there are too many
 */
export function summary(verdicts: readonly Verdict[], seed: number): { line: string; tooMany: boolean } {
  const survivors = verdicts.filter(({ noticedBy }) => noticedBy === undefined).length;
  const share = verdicts.length === 0 ? 0 : survivors / verdicts.length;
  const percent = (share * 100).toFixed(1);
  return {
    line: `${verdicts.length} mutants, ${
      verdicts.length - survivors
    } noticed, ${survivors} survived: ${percent} % (seed ${seed})`,
    tooMany: share > TOLERATED,
  };
}

/** The mutant in words. */
function describe({ file, line, kind }: Mutant): string {
  return `${file}:${line} ${kind}`;
}

async function main(args: readonly string[]): Promise<number> {
  const root = new URL("..", import.meta.url);
  const options = readArguments(args);
  const wanted = (file: string) =>
    options.only.length === 0 ? suitesFor(file).length > 0 : options.only.some((name) => file.endsWith(name));
  const all = await readSources(root), stale = staleEntries(all);
  if (stale.length > 0) {
    throw new Error(`Cannot use tools/mutation_rules.ts, take out or correct:\n${stale.join("\n")}`);
  }
  const sources = all.filter(({ path }) => path.startsWith("src/") && wanted(path));
  const texts = new Map(sources.map(({ path, text }) => [path, text]));
  const mutants = sources.flatMap(({ path, text }) => mutantsOf(path, text));
  if (options.list) {
    for (const mutant of mutants) console.log(`${describe(mutant)}: ${difference(mutant, texts.get(mutant.file)!)}`);
    console.log(`${mutants.length} mutants`);
    return 0;
  }
  const chosen = choose(mutants, options);
  await using laboratory = await Laboratory.open(root, options);
  const verdicts: Verdict[] = [];
  await laboratory.run(chosen, suitesOf, (verdict) => {
    verdicts.push(verdict);
    const { mutant, noticedBy, seconds } = verdict;
    const counted = `[${String(verdicts.length).padStart(String(chosen.length).length)}/${chosen.length}]`;
    const end = noticedBy === undefined ? "SURVIVED" : "noticed ";
    console.log(`${counted} ${end} ${describe(mutant)} (${seconds.toFixed(1)}s) ${noticedBy ?? ""}`.trimEnd());
    if (noticedBy === undefined) console.log(`        ${difference(mutant, texts.get(mutant.file)!)}`);
  });
  const { line, tooMany } = summary(verdicts, options.seed);
  console.log(`\n${line}; ${mutants.length} mutants are known`);
  return tooMany ? 1 : 0;
}

function suitesOf(mutant: Mutant): readonly string[] {
  const suites = suitesFor(mutant.file);
  return suites.length > 0 ? suites : ["conformance", "broker"]; // a file without rules that was asked for by name
}

function difference({ start, end, replacement }: Mutant, text: string): string {
  const shorten = (code: string) => code.replace(/\s+/g, " ").slice(0, 100);
  return `${shorten(text.slice(start, end))} -> ${shorten(replacement) || "nothing"}`;
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    Deno.exit(2);
  }
}
