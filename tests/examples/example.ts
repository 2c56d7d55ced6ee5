/** Runs an example as its users do. */

import { Child } from "../helpers/child.ts";

/** Any free port of this machine. */
export const ANY_PORT = "127.0.0.1:0";

/**
 * Starts an example, uses it, and stops it: SIGTERM has to end it with 0.
 * @param script its file, under `examples/`
 * @param args its arguments
 * @param use is told the address that the example printed
 * @returns what it printed
 */
export async function runExample(
  script: string,
  args: readonly string[],
  use: (address: string, example: Child) => Promise<void>,
): Promise<string> {
  await using example = await Child.deno(`examples/${script}`, args, await flagsOf(script));
  const [, address] = await example.line(/ at (\S+?)(?:,| |$)/m);
  await use(address, example);
  return (await example.stop()).out;
}

/** The permissions with which its first lines say that it runs. */
async function flagsOf(script: string): Promise<string[]> {
  const command = /^ \* +deno run (.*)examples\/(\S+)/m.exec(await Deno.readTextFile(`examples/${script}`));
  if (command?.[2] !== script) throw new Error(`${script} does not say in its first lines how it runs`);
  return command[1].trim().split(" ");
}
