/**
 * Publishes the package, all but really: slow types, exports, licence and the list of files are checked.
 *
 * `deno publish` takes its imports from `deno.json` alone. Where the registry does not answer it cannot check the types
 * of `@std` packages, so it is told not to; `deno task check` checks them in either case.
 *
 * @module
 */

import { runDeno } from "./package.ts";
import { registryFlags } from "./registry.ts";

const answers = (await registryFlags()).length === 0;
Deno.exit(await runDeno(["publish", "--dry-run", "--allow-dirty", ...(answers ? [] : ["--no-check"])]));
