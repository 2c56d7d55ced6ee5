/** The program: options and configuration in, exit code out.
 * @module */
import { VERSION } from "../broker/core/version.ts";
import { parseArguments } from "./args.ts";
import { helpText } from "./help.ts";
import { loadSettings } from "./load_settings.ts";
import { makePlan } from "./plan.ts";
import { serve } from "./serve.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Runs the broker as a program and ends the process with its exit code: 0 when it was stopped, 1 when it could not
 * start, 2 when the command line or the configuration is wrong.
 *
 * @param args the command line, see `--help`
 */
export async function main(args: string[]): Promise<void> {
  Deno.exit(await run(args));
}

async function run(args: readonly string[]): Promise<number> {
  try {
    return await runCommand(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    return 2;
  }
}

async function runCommand(args: readonly string[]): Promise<number> {
  const given = parseArguments(args);
  if (given.has("--help")) return print(helpText());
  if (given.has("--version")) return print(VERSION);
  const plan = await makePlan(await loadSettings(given));
  return given.has("--check") ? print("the configuration is right") : await serve(plan);
}

function print(text: string): number {
  console.log(text.trimEnd());
  return 0;
}
