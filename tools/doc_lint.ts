/**
 * Runs `deno doc --lint` on every entry point of the package.
 *
 * @module
 */

import { readConfiguration, runDeno } from "./package.ts";
import { registryFlags } from "./registry.ts";

const { exports } = await readConfiguration();
Deno.exit(await runDeno(["doc", "--lint", ...await registryFlags(), ...Object.values(exports)]));
