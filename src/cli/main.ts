/** The program: options and configuration in, exit code out.
 * @module */
import { VERSION } from "../broker/core/version.ts";
import { parseArguments } from "./args.ts";
import { helpText } from "./help.ts";
import { limitsInForce } from "./limits.ts";
import { flushLogs } from "./log_output.ts";
import { collectSettings } from "./load_settings.ts";
import { makePlan, type Plan } from "./plan.ts";
import { Problems } from "./problems.ts";
import { serve } from "./serve.ts";
import { checkStorePlace } from "./store_place.ts";
import { UsageError } from "./usage_error.ts";
import { warningsOf } from "./warnings.ts";

/**
 * Runs the broker as a program and ends the process with its exit code: 0 when it was stopped, 1 when it could not
 * start, 2 when the command line or the configuration is wrong.
 *
 * @param args the command line, see `--help`
 */
export async function main(args: string[]): Promise<void> {
  const code = await run(args);
  await flushLogs();
  Deno.exit(code);
}

async function run(args: readonly string[]): Promise<number> {
  try {
    return await runCommand(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    return error.exitCode;
  }
}

async function runCommand(args: readonly string[]): Promise<number> {
  const given = parseArguments(args);
  if (given.has("--help")) return print(helpText());
  if (given.has("--version")) return print(VERSION);
  const problems = new Problems();
  const settings = await collectSettings(given, problems), { store } = settings;
  if (given.has("--check") && store !== undefined) await problems.collectLater(() => checkStorePlace(store));
  const plan = await makePlan(settings, problems);
  return given.has("--check") ? check(plan) : await serve(plan);
}

function check({ settings }: Plan): number {
  for (const warning of warningsOf(settings)) console.error(`warning: ${warning}`);
  const limits = Object.entries(limitsInForce(settings) ?? {}).map(([name, value]) => `\n  ${name}: ${value}`);
  if (limits.length > 0) print(`limits in force, for clients from elsewhere (options.capabilities):${limits.join("")}`);
  return print("the configuration is right");
}

function print(text: string): number {
  console.log(text.trimEnd());
  return 0;
}
