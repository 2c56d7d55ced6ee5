/** The load generator: `deno run -A generator.ts OPTIONS` with options in JSON prints one line of JSON. */

import { exchange, type ExchangeOptions, type ExchangeResult } from "./exchange.ts";
import { idle, type IdleOptions, type IdleResult } from "./idle.ts";

/** What the generator can be asked for. */
export type LoadOptions = ExchangeOptions | IdleOptions;

/** What it answers. */
export type LoadResult = ExchangeResult & IdleResult;

if (import.meta.main) {
  const options: LoadOptions = JSON.parse(Deno.args[0]);
  console.log(JSON.stringify(await (options.kind === "idle" ? idle(options) : exchange(options))));
  Deno.exit();
}
