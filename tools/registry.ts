/**
 * Tells Deno where the `@std` packages come from on this machine.
 *
 * Prints nothing where the registry that `deno.json` names answers (or its packages are cached). Prints
 * `--import-map=tools/npm_import_map.json --no-lock` where it does not: that map sends the same names to small modules in
 * `tools/std/`, which need the npm registry only. Tasks use it as `deno run $(deno run -qA tools/registry.ts) ...`.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

/** Environment variable that settles the question: it holds what the tool would print. */
export const REGISTRY_FLAGS_VARIABLE = "MOCHI_REGISTRY_FLAGS";

const IMPORT_MAP = "tools/npm_import_map.json";
const STD_PACKAGES = ["@std/assert", "@std/http", "@std/log", "@std/yaml"];
const GIVE_UP_MILLISECONDS = 4_000;
const REMEMBER_MILLISECONDS = 10 * 60_000;

/**
 * Finds out which flags `deno run`, `deno test` and `deno check` need on this machine.
 *
 * Only "does not answer" is remembered (for ten minutes, in the folder for temporary files): where the packages are
 * cached the question is cheap, where they are not it can cost seconds.
 *
 * @param importMap path of the import map to name; by default the absolute one, which is right in every folder
 * @returns the flags; none where the registry answers
 */
export async function registryFlags(
  importMap: string = fileURLToPath(new URL(`../${IMPORT_MAP}`, import.meta.url)),
): Promise<string[]> {
  const told = Deno.env.get(REGISTRY_FLAGS_VARIABLE);
  if (told !== undefined) return told.split(" ").filter((flag) => flag !== "");
  return await registryAnswers() ? [] : [`--import-map=${importMap}`, "--no-lock"];
}

async function registryAnswers(): Promise<boolean> {
  const note = `${temporaryFolder()}/mochi_broker_registry_does_not_answer`;
  if (await isRecent(note)) return false;
  if (await importsWork()) return true;
  await Deno.writeTextFile(note, "").catch(() => {}); // the note saves time, nothing depends on it
  return false;
}

async function isRecent(file: string): Promise<boolean> {
  const stat = await Deno.stat(file).catch(() => undefined);
  return stat?.mtime != null && Date.now() - stat.mtime.getTime() < REMEMBER_MILLISECONDS;
}

/** Imports the packages themselves: the one question whose answer cannot be wrong. */
async function importsWork(): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const giveUp = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), GIVE_UP_MILLISECONDS);
  });
  const imports = Promise.all(STD_PACKAGES.map((name) => import(name))).then(() => true, () => false);
  const works = await Promise.race([imports, giveUp]);
  clearTimeout(timer);
  return works;
}

function temporaryFolder(): string {
  return Deno.env.get("TMPDIR") ?? Deno.env.get("TEMP") ?? "/tmp";
}

if (import.meta.main) {
  const flags = await registryFlags(IMPORT_MAP);
  if (flags.length > 0) console.log(flags.join(" "));
  Deno.exit(0); // an import that hangs must not keep the tool alive
}
