/**
 * Runs one suite as a `deno test` process of its own, or the type check of all of them.
 *
 * @module
 */

import { readReport, type Report } from "./junit.ts";
import { REGISTRY_FLAGS_VARIABLE } from "./registry.ts";
import { permissionFlags, type Suite } from "./suites.ts";

/** Where reports go. */
export const RESULTS_FOLDER = "test-results";

/** How a run ended. */
export interface Outcome extends Report {
  /** Name of the suite. */
  readonly name: string;
  /** How long it took. */
  readonly seconds: number;
  /** What it printed; nothing where it printed directly. */
  readonly output: string;
}

/** How to run. */
export interface RunOptions {
  /** Flags that say where packages come from. */
  readonly registry: readonly string[];
  /** Further arguments for `deno test`; names of files replace the folder of the suite. */
  readonly passOn: readonly string[];
  /** Whether to print as it goes, instead of collecting the output. */
  readonly direct: boolean;
}

/**
 * Runs the tests of a suite.
 *
 * @param suite the suite
 * @param options how
 * @returns how it ended; a process that fails without a failed test counts as one failed test
 */
export async function runSuite(suite: Suite, options: RunOptions): Promise<Outcome> {
  const started = performance.now();
  const report = `${RESULTS_FOLDER}/${suite.name}.xml`;
  await Deno.remove(report).catch(() => {});
  const temporary = await Deno.realPath(await Deno.makeTempDir({ prefix: `mochi_${suite.name}_` }));
  try {
    const args = [...testArguments(suite, options, temporary), `--junit-path=${report}`, ...targets(suite, options)];
    const environment = { TMPDIR: temporary, [REGISTRY_FLAGS_VARIABLE]: options.registry.join(" ") };
    const run = await runDeno(args, { ...options, environment, limitSeconds: suite.limitSeconds ?? 300 });
    const result = judge(await readIfExists(report), run.code);
    return { ...result, name: suite.name, seconds: (performance.now() - started) / 1000, output: run.output };
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
}

/**
 * Checks the types of all tests and of what they import, once for all suites.
 *
 * @param suites the suites
 * @param options how
 * @returns how it ended: one passed or failed test
 */
export async function checkTypes(suites: readonly Suite[], options: RunOptions): Promise<Outcome> {
  const started = performance.now();
  const args = ["check", "--quiet", ...options.registry, ...suites.flatMap((suite) => targets(suite, options))];
  const run = await runDeno(args, { ...options, environment: {}, limitSeconds: 300 });
  const counts = run.code === 0 ? { passed: 1, failed: [] } : { passed: 0, failed: ["type check"] };
  const seconds = (performance.now() - started) / 1000;
  return { ...counts, skipped: [], name: "types", seconds, output: run.output };
}

function testArguments(suite: Suite, options: RunOptions, temporary: string): string[] {
  const permissions = permissionFlags(suite, { temporary, deno: Deno.execPath() });
  const flags = options.passOn.filter((argument) => !isFile(argument));
  return ["test", "--no-check", "--no-prompt", "--sanitize-ops", "--sanitize-resources", ...permissions].concat(
    options.registry,
    flags,
  );
}

function targets(suite: Suite, options: RunOptions): string[] {
  const files = options.passOn.filter(isFile);
  return files.length > 0 ? files : [`tests/${suite.name}/`];
}

function isFile(argument: string): boolean {
  return !argument.startsWith("-") && argument.endsWith(".ts");
}

/** A process can fail without a failed test in the report: an error outside of tests, a crash, the time limit. */
function judge(xml: string | undefined, code: number): Report {
  const report = xml === undefined ? { passed: 0, failed: [], skipped: [] } : readReport(xml);
  if (code === 0 || report.failed.length > 0) return report;
  return { ...report, failed: [`deno test ended with code ${code}`] };
}

async function readIfExists(file: string): Promise<string | undefined> {
  return await Deno.readTextFile(file).catch(() => undefined);
}

interface ProcessOptions {
  readonly environment: Record<string, string>;
  readonly limitSeconds: number;
  readonly direct: boolean;
}

async function runDeno(args: string[], options: ProcessOptions): Promise<{ code: number; output: string }> {
  const io = options.direct ? "inherit" : "piped";
  const env = { ...childEnvironment(Deno.env.toObject()), ...options.environment };
  const child = new Deno.Command(Deno.execPath(), { args, env, clearEnv: true, stdin: "null", stdout: io, stderr: io })
    .spawn();
  const output: string[] = [];
  const readers = options.direct ? [] : [collect(child.stdout, output), collect(child.stderr, output)];
  const stop = stopAfter(child, options.limitSeconds);
  const { code } = await child.status;
  clearTimeout(stop.timer);
  if (stop.happened()) output.push(`\nstopped: not done after ${options.limitSeconds} seconds\n`);
  await Promise.race([Promise.all(readers), delay(1_000)]); // an orphan of a test may still hold the pipe
  return { code: stop.happened() ? code || 1 : code, output: output.join("") };
}

/** `deno test` answers SIGINT by naming the tests that are not done; who does not answer is killed. */
function stopAfter(child: Deno.ChildProcess, seconds: number) {
  let happened = false;
  const timer = setTimeout(async () => {
    happened = true;
    child.kill("SIGINT");
    await Promise.race([child.status, delay(5_000)]);
    try {
      child.kill("SIGKILL");
    } catch {
      // it has ended
    }
  }, seconds * 1000);
  return { timer, happened: () => happened };
}

async function collect(stream: ReadableStream<Uint8Array>, output: string[]): Promise<void> {
  for await (const text of stream.pipeThrough(new TextDecoderStream())) output.push(text);
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => Deno.unrefTimer(setTimeout(resolve, milliseconds)));
}

/**
 * Chooses what a process of a suite inherits.
 *
 * @param environment the environment of this process
 * @returns the same without `LD_*`: Deno starts no named program while one of them is set
 */
export function childEnvironment(environment: Record<string, string>): Record<string, string> {
  const inherited = Object.entries(environment).filter(([name]) => !/^(LD|DYLD)_/.test(name));
  const colour: Record<string, string> = Deno.stdout.isTerminal() ? {} : { NO_COLOR: "1" };
  return {
    DENO_TLS_CA_STORE: "mozilla,system",
    DENO_NO_UPDATE_CHECK: "1",
    ...Object.fromEntries(inherited),
    ...colour,
  };
}
