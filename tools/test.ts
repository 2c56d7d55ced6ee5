/**
 * Runs the test suites and ends with one total.
 *
 *     deno task test                                    all suites
 *     deno task test --only broker,hook                 some
 *     deno task test:broker --filter "keep alive"       further arguments go to `deno test`
 *     deno task test:broker tests/broker/one_test.ts    some files only
 *     deno task test --no-check                         without the type check
 *
 * Reports: `test-results/<suite>.xml` (JUnit) and `test-results/totals.json`.
 *
 * @module
 */

import { registryFlags } from "./registry.ts";
import { checkTypes, type Outcome, RESULTS_FOLDER, type RunOptions, runSuite } from "./run_suite.ts";
import { type Suite, SUITES } from "./suites.ts";

/** What the command line asks for. */
export interface Arguments {
  /** Suites to run. */
  readonly suites: readonly Suite[];
  /** Whether to check types. */
  readonly check: boolean;
  /** Arguments for `deno test`. */
  readonly passOn: readonly string[];
}

/**
 * Reads the command line.
 *
 * @param args the arguments
 * @returns what they ask for
 * @throws {Error} for a suite that does not exist
 */
export function readArguments(args: readonly string[]): Arguments {
  const names: string[] = [];
  const passOn: string[] = [];
  const rest = args.filter((argument) => argument !== "--" && argument !== "--no-check");
  for (let index = 0; index < rest.length; index++) {
    if (rest[index] === "--only") names.push(...(rest[++index] ?? "").split(","));
    else if (rest[index].startsWith("--only=")) names.push(...rest[index].slice("--only=".length).split(","));
    else passOn.push(rest[index]);
  }
  const unknown = names.filter((name) => !SUITES.some((suite) => suite.name === name));
  if (unknown.length > 0) {
    throw new Error(`Cannot run suite "${unknown[0]}": suites are ${SUITES.map((suite) => suite.name).join(", ")}`);
  }
  const suites = names.length === 0 ? SUITES : SUITES.filter((suite) => names.includes(suite.name));
  return { suites, check: !args.includes("--no-check"), passOn };
}

/** Runs jobs, several at a time where they allow it. */
async function runAll(suites: readonly Suite[], options: RunOptions, check: boolean): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const run = async (job: () => Promise<Outcome>) => {
    const outcome = await job();
    print(outcome);
    outcomes.push(outcome);
  };
  const together = suites.filter((suite) => !suite.alone).map((suite) => () => runSuite(suite, options));
  const jobs = check ? [() => checkTypes(suites, options), ...together] : together;
  const worker = async () => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) await run(job);
  };
  const workers = options.direct ? 1 : navigator.hardwareConcurrency;
  await Promise.all(Array.from({ length: workers }, worker));
  for (const suite of suites.filter((suite) => suite.alone)) await run(() => runSuite(suite, options));
  return outcomes;
}

function print(outcome: Outcome): void {
  const { name, passed, failed, skipped, seconds, output } = outcome;
  const skips = skipped.length > 0 ? `, ${skipped.length} skipped` : "";
  const verdict = failed.length > 0 ? "FAILED" : "ok    ";
  if (failed.length > 0 && output !== "") console.log(withoutPassed(output));
  console.log(`${verdict} ${name}: ${passed} passed, ${failed.length} failed${skips} (${seconds.toFixed(1)}s)`);
  for (const test of skipped) console.log(`       skipped: ${test}`);
  for (const test of failed) console.log(`       failed: ${test}`);
}

function withoutPassed(output: string): string {
  return output.split("\n").filter((line) => !/ \.\.\. \S*ok\b/.test(line)).join("\n");
}

/** Suites without a single file are passed over: rooms are furnished one by one. */
async function hasTests(folder: string): Promise<boolean> {
  try {
    for await (const entry of Deno.readDir(folder)) {
      if (entry.name.endsWith("_test.ts")) return true;
      if (entry.isDirectory && await hasTests(`${folder}/${entry.name}`)) return true;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return false;
}

async function main(args: readonly string[]): Promise<number> {
  const started = performance.now();
  const { suites, check, passOn } = readArguments(args);
  Deno.chdir(new URL("..", import.meta.url));
  await Deno.mkdir(RESULTS_FOLDER, { recursive: true });
  const present: Suite[] = [];
  for (const suite of suites) if (await hasTests(`tests/${suite.name}`)) present.push(suite);
  const options = { registry: await registryFlags(), passOn, direct: present.length === 1 };
  const outcomes = present.length === 0 ? [] : await runAll(present, options, check);
  const total = (count: (outcome: Outcome) => number) => outcomes.reduce((sum, outcome) => sum + count(outcome), 0);
  const passed = total((outcome) => outcome.passed);
  const failed = total((outcome) => outcome.failed.length);
  const skipped = total((outcome) => outcome.skipped.length);
  const seconds = Math.round((performance.now() - started) / 1000);
  await Deno.writeTextFile(
    `${RESULTS_FOLDER}/totals.json`,
    JSON.stringify({ passed, failed, skipped, seconds }) + "\n",
  );
  console.log(`\ntotal: ${passed} passed, ${failed} failed, ${skipped} skipped (${seconds}s)`);
  return failed > 0 ? 1 : 0;
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    Deno.exit(2);
  }
}
