/**
 * Tests that need a program: they are skipped, by name, where it is not installed.
 *
 * Where `MOCHI_TEST_REQUIRE_PROGRAMS=1` is set (as `.ci/run` does) a missing program is a failure instead.
 *
 * @example
 * ```ts
 * import { testWith } from "./programs.ts";
 *
 * testWith(["mosquitto_pub"], "mosquitto_pub reaches a subscriber", async () => {
 *   await new Deno.Command("mosquitto_pub", { args: ["-t", "a", "-m", "1"] }).output();
 * });
 * ```
 *
 * @module
 */

/** A program that tests use. */
export type Program =
  | "mosquitto"
  | "mosquitto_pub"
  | "mosquitto_sub"
  | "redis-server"
  | "python3"
  | "paho"
  | "chromium";

/** How to see that a program is there: a command that ends at once; with `succeeds` it has to end well, too. */
const PROBES: Record<Program, { command: string; args: string[]; succeeds?: true }> = {
  mosquitto: { command: "mosquitto", args: ["-h"] },
  mosquitto_pub: { command: "mosquitto_pub", args: ["--help"] },
  mosquitto_sub: { command: "mosquitto_sub", args: ["--help"] },
  "redis-server": { command: "redis-server", args: ["--version"] },
  python3: { command: "python3", args: ["--version"] },
  paho: { command: "python3", args: ["-c", "import paho.mqtt.client"], succeeds: true },
  chromium: { command: "chromium", args: ["--version"] },
};

/** Environment variable that turns a missing program into a failure. */
export const REQUIRE_PROGRAMS_VARIABLE = "MOCHI_TEST_REQUIRE_PROGRAMS";

const answers = new Map<Program, boolean>();

/**
 * Tells whether a program is installed.
 *
 * @param program the program
 * @returns whether it can be started
 * @throws {Error} when the suite may not start it, since nobody could tell then
 */
export function hasProgram(program: Program): boolean {
  const known = answers.get(program);
  if (known !== undefined) return known;
  const answer = probe(program);
  answers.set(program, answer);
  return answer;
}

function probe(program: Program): boolean {
  const { command, args, succeeds } = PROBES[program];
  try {
    const result = new Deno.Command(command, { args, stdin: "null", stdout: "null", stderr: "null" }).outputSync();
    return succeeds ? result.success : true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    throw new Error(`Cannot look for ${program}: add --allow-run=${command} to the suite in tools/suites.ts`);
  }
}

/** Whether a missing program is a failure; without permission to look, it is not. */
function isRequired(): boolean {
  const permission = Deno.permissions.querySync({ name: "env", variable: REQUIRE_PROGRAMS_VARIABLE });
  return permission.state === "granted" && Deno.env.get(REQUIRE_PROGRAMS_VARIABLE) === "1";
}

/** How to register; tests of this file put their own in. */
export interface TestWithOptions {
  /** Registers a test. */
  readonly register?: (definition: Deno.TestDefinition) => void;
  /** Tells whether a program is installed. */
  readonly has?: (program: Program) => boolean;
  /** Whether a missing program is a failure. */
  readonly required?: boolean;
}

/**
 * Registers a test that needs programs.
 *
 * @param programs what it needs
 * @param name name of the test
 * @param fn the test
 * @param options how to register; the defaults are right in tests
 */
export function testWith(
  programs: readonly Program[],
  name: string,
  fn: (t: Deno.TestContext) => void | Promise<void>,
  options: TestWithOptions = {},
): void {
  const { register = Deno.test, has = hasProgram, required = isRequired() } = options;
  const missing = programs.filter((program) => !has(program));
  const why = `${missing.join(" and ")} not installed`;
  if (missing.length === 0) register({ name, fn });
  else if (!required) register({ name: `${name} (${why})`, ignore: true, fn });
  else register({ name, fn: () => Promise.reject(new Error(`${why}, and ${REQUIRE_PROGRAMS_VARIABLE} is set`)) });
}
