/**
 * Checks the types of every example in comments and in the pages.
 *
 * @module
 */

import { ROOT, runDeno } from "./package.ts";
import { registryFlags } from "./registry.ts";

const PLACES = ["mod.ts", "src", "listeners", "hooks", "README.md"];

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(new URL(path, ROOT)).then(() => true, () => false);
}

const places: string[] = [];
for (const place of PLACES) if (await exists(place)) places.push(place);
Deno.exit(await runDeno(["check", "--quiet", "--doc-only", ...await registryFlags(), ...places]));
