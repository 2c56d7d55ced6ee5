/**
 * The crash test by itself, as long as wanted.
 *
 *     deno task crash --rounds 200 --store kv,redis --seed 7
 *
 * @module
 */
import { crashRounds } from "./crash_rounds.ts";
import { kvStore, redisStore } from "./crash_stores.ts";

const STORES = { kv: kvStore, redis: redisStore };

function option(name: string, standard: string): string {
  const index = Deno.args.indexOf(`--${name}`);
  return index === -1 ? standard : Deno.args[index + 1];
}

if (import.meta.main) {
  const seed = Number(option("seed", String(Date.now() % 1_000_000))), rounds = Number(option("rounds", "200"));
  for (const name of option("store", "kv,redis").split(",") as (keyof typeof STORES)[]) {
    await using store = await STORES[name]();
    console.log(`${name}: seed ${seed}`);
    console.log(`${name}: ${await crashRounds(store, { rounds, seed })}`);
  }
}
