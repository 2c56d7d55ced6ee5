/** The broker is killed at any moment: nothing that it has acknowledged is lost, nothing comes twice at QoS 2. */
import { testWith } from "../helpers/programs.ts";
import { crashRounds } from "./crash_rounds.ts";
import { type CrashStore, kvStore, redisStore } from "./crash_stores.ts";

const rounds = Number(Deno.env.get("MOCHI_CRASH_ROUNDS") ?? 8);
const seed = Number(Deno.env.get("MOCHI_CRASH_SEED") ?? Date.now() % 1_000_000);

async function crash(store: CrashStore): Promise<void> {
  await using _ = store;
  console.log(await crashRounds(store, { rounds, seed }));
}

Deno.test(`kv: the broker is killed ${rounds} times, seed ${seed}`, async () => {
  await crash(await kvStore());
});

testWith(["redis-server"], `redis: broker and Redis are killed ${rounds} times, seed ${seed}`, async () => {
  await crash(await redisStore());
});
