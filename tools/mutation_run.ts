/**
 * Runs the tests on mutants, in copies of the checkout.
 *
 * @module
 */

import { applied, type Mutant } from "./mutations.ts";
import { REGISTRY_FLAGS_VARIABLE, registryFlags } from "./registry.ts";
import { childEnvironment } from "./run_suite.ts";
import { permissionFlags, type Suite, SUITES } from "./suites.ts";

/** How a mutant ended. */
export interface Verdict {
  /** The mutant. */
  readonly mutant: Mutant;
  /** The test that failed, or what else went wrong; `undefined` when nothing did. */
  readonly noticedBy: string | undefined;
  /** How long it took to find out. */
  readonly seconds: number;
}

/** How to run. */
export interface LaboratoryOptions {
  /** How many mutants at a time. */
  readonly jobs: number;
  /** Seconds after which a suite is stopped, which counts as noticed; five times as long as without a mutant, if that is more. */
  readonly limit: number;
}

/** What a copy needs: everything that a test may import. */
const COPIED = ["src", "listeners", "hooks", "tests", "tools", "mod.ts", "deno.json"];

/** Copies of the checkout in which mutants live, one at a time in each. */
export class Laboratory implements AsyncDisposable {
  readonly #folder: string;
  readonly #options: LaboratoryOptions;
  readonly #registry: readonly string[];
  readonly #copies: string[] = [];
  readonly #limits = new Map<string, number>();

  private constructor(folder: string, options: LaboratoryOptions, registry: readonly string[]) {
    this.#folder = folder;
    this.#options = options;
    this.#registry = registry;
  }

  /**
   * Makes the copies.
   *
   * @param root the checkout, a URL that ends in `/`
   * @param options how to run
   * @returns the laboratory; it removes the copies when it is disposed of
   */
  static async open(root: URL, options: LaboratoryOptions): Promise<Laboratory> {
    const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "mochi_mutants_" }));
    const laboratory = new Laboratory(folder, options, await registryFlags("tools/npm_import_map.json"));
    for (let job = 0; job < options.jobs; job++) {
      const copy = `${folder}/${job}`;
      for (const name of COPIED) await copyAll(new URL(name, root), `${copy}/${name}`);
      laboratory.#copies.push(copy);
    }
    return laboratory;
  }

  /**
   * Runs the tests without a mutant and then on each mutant.
   *
   * @param mutants which ones
   * @param suitesOf names the suites that should notice a mutant
   * @param report told of each verdict
   * @throws {Error} when the tests fail without a mutant
   */
  async run(
    mutants: readonly Mutant[],
    suitesOf: (mutant: Mutant) => readonly string[],
    report: (verdict: Verdict) => void,
  ): Promise<void> {
    for (const suite of new Set(mutants.flatMap(suitesOf))) {
      const started = performance.now(), failed = await this.#runSuite(this.#copies[0], suite, 600);
      if (failed !== undefined) throw new Error(`Cannot judge mutants: without one, ${suite} fails: ${failed}`);
      this.#limits.set(suite, Math.max(this.#options.limit, 5 * (performance.now() - started) / 1000));
    }
    const waiting = [...mutants];
    await Promise.all(this.#copies.map(async (copy) => {
      for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
        report(await this.#judge(copy, mutant, suitesOf(mutant)));
      }
    }));
  }

  async #judge(copy: string, mutant: Mutant, suites: readonly string[]): Promise<Verdict> {
    const started = performance.now(), file = `${copy}/${mutant.file}`;
    const original = await Deno.readTextFile(file);
    await Deno.writeTextFile(file, applied(original, mutant));
    let noticedBy: string | undefined;
    for (const suite of suites) noticedBy ??= await this.#runSuite(copy, suite, this.#limits.get(suite)!);
    await Deno.writeTextFile(file, original);
    return { mutant, noticedBy, seconds: (performance.now() - started) / 1000 };
  }

  /** Runs a suite up to the first failure. @returns the test that failed */
  async #runSuite(copy: string, name: string, limit: number): Promise<string | undefined> {
    const suite = SUITES.find((suite) => suite.name === name) as Suite;
    const temporary = await Deno.makeTempDir({ dir: this.#folder });
    const flags = permissionFlags(suite, { temporary, deno: Deno.execPath() });
    const sanitize = ["--sanitize-ops", "--sanitize-resources"];
    const args = ["test", "--no-check", "--no-prompt", "--fail-fast", ...sanitize, ...flags, ...this.#registry];
    args.push(`tests/${name}/`);
    const own = { NO_COLOR: "1", TMPDIR: temporary, [REGISTRY_FLAGS_VARIABLE]: this.#registry.join(" ") };
    const env = { ...childEnvironment(Deno.env.toObject()), ...own };
    const io = { stdin: "null", stdout: "piped", stderr: "null" } as const;
    const child = new Deno.Command(Deno.execPath(), { args, cwd: copy, env, clearEnv: true, ...io }).spawn();
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, limit * 1000);
    const { code, stdout } = await child.output();
    clearTimeout(timer);
    if (late) return `the limit of ${Math.round(limit)} seconds`;
    return code === 0 ? undefined : failedTest(new TextDecoder().decode(stdout)) ?? `code ${code}`;
  }

  /** Removes the copies. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** The first test that failed, from what `deno test` prints. */
function failedTest(output: string): string | undefined {
  return /^(?:Uncaught error from )?(.+?) (?:\.\.\. )?FAILED\b/m.exec(output)?.[1];
}

async function copyAll(from: URL, to: string): Promise<void> {
  const stat = await Deno.stat(from).catch(() => undefined);
  if (stat === undefined) return;
  await Deno.mkdir(stat.isDirectory ? to : to.slice(0, to.lastIndexOf("/")), { recursive: true });
  if (!stat.isDirectory) return await Deno.copyFile(from, to);
  const folder = new URL(`${from.href}/`);
  for await (const { name } of Deno.readDir(folder)) await copyAll(new URL(name, folder), `${to}/${name}`);
}
