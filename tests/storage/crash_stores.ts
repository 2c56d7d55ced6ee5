/** The stores of a crash test, and how each of them can crash as well.
 * @module */
import { pause, type Random } from "./crash_random.ts";
import { RedisServer } from "./redis_server.ts";

/** A store that outlives the broker. */
export interface CrashStore extends AsyncDisposable {
  /** Value of `--store`. */
  readonly url: string;
  /** Crashes while the broker lives, and comes back. */
  disturb?(random: Random): Promise<void>;
  /** Crashes with the broker; `begin` brings it back. */
  crash?(): Promise<void>;
  /** Is there again. */
  begin?(): Promise<void>;
}

/** A file of Deno KV. */
export async function kvStore(): Promise<CrashStore> {
  const folder = await Deno.makeTempDir({ prefix: "crash_" });
  return {
    url: `kv:${folder}/broker.kv`,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** A Redis server of its own: what it has confirmed is on the disk. */
export async function redisStore(): Promise<CrashStore> {
  const server = await RedisServer.start("--appendfsync", "always");
  return {
    url: `${server.url}/3?prefix=crash&lease=400`,
    async disturb(random) {
      await server.end("SIGKILL");
      await pause(random.between(0, 400));
      await server.begin();
    },
    crash: () => server.end("SIGKILL"),
    begin: () => server.begin(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
