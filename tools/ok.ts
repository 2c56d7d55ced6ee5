/**
 * Everything that has to hold: all checks, all tests, then one line `N passed, N failed`.
 *
 *     deno task ok
 *     deno task ok --without-tests      the checks alone
 *     deno task ok --after-tests        the checks, and the tests that `deno task test` has just run
 *
 * @module
 */

import { ROOT, runDeno } from "./package.ts";

/** Tasks that pass or fail as a whole. */
export const CHECKS = [
  "fmt:check",
  "lint",
  "check",
  "doc:lint",
  "doc:check",
  "layers",
  "remote",
  "publish:check",
] as const;

/** Tests of the last run. */
export interface Totals {
  /** Tests that passed. */
  readonly passed: number;
  /** Tests that failed. */
  readonly failed: number;
}

/**
 * Adds checks and tests up.
 *
 * @param failedChecks how many checks failed
 * @param tests the tests; where nobody knows how they ended, that is one failure
 * @returns all that passed and all that failed
 */
export function addUp(failedChecks: number, tests: Totals | undefined): Totals {
  const { passed, failed } = tests ?? { passed: 0, failed: 1 };
  return { passed: passed + CHECKS.length - failedChecks, failed: failed + failedChecks };
}

async function runCheck(name: string): Promise<boolean> {
  const started = performance.now();
  const env: Record<string, string> = Deno.stdout.isTerminal() ? {} : { NO_COLOR: "1" };
  const command = new Deno.Command(Deno.execPath(), { args: ["task", name], cwd: ROOT, env, stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (!success) {
    await Deno.stdout.write(stdout);
    await Deno.stdout.write(stderr);
  }
  console.log(`${success ? "ok    " : "FAILED"} ${name} (${seconds}s)`);
  return success;
}

async function readTotals(): Promise<Totals | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(new URL("test-results/totals.json", ROOT)));
  } catch {
    return undefined;
  }
}

const NO_TESTS: Totals = { passed: 0, failed: 0 };

/**
 * Runs the tests, or none of them, as the command line asks.
 *
 * @param args the command line
 * @param run the tests: how to run them, and how to learn how the last ones ended
 * @returns the tests that count; `undefined` where nobody knows how they ended
 */
export async function testsOf(
  args: readonly string[],
  { run, last }: { run(): Promise<unknown>; last(): Promise<Totals | undefined> },
): Promise<Totals | undefined> {
  if (args.includes("--without-tests")) return NO_TESTS;
  if (!args.includes("--after-tests")) await run();
  return await last();
}

async function runTests(): Promise<void> {
  await Deno.remove(new URL("test-results/totals.json", ROOT)).catch(() => {});
  await runDeno(["task", "test", "--no-check"]); // "check" has checked the types
}

if (import.meta.main) {
  let failedChecks = 0;
  for (const name of CHECKS) if (!await runCheck(name)) failedChecks++;
  const { passed, failed } = addUp(failedChecks, await testsOf(Deno.args, { run: runTests, last: readTotals }));
  console.log(`${passed} passed, ${failed} failed`);
  Deno.exit(failed === 0 ? 0 : 1);
}
