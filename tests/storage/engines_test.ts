import { MemoryEngine, MemoryStore } from "../../hooks/storage/memory_engine.ts";
import { kvEngine } from "../../hooks/storage/kv_open.ts";
import { redisEngine } from "../../hooks/storage/redis_open.ts";
import { testEngine } from "./engine_suite.ts";
import { RedisServer } from "./redis_server.ts";

testEngine("memory", () => {
  const store = new MemoryStore();
  return Promise.resolve({ engine: () => new MemoryEngine(store), [Symbol.asyncDispose]: () => Promise.resolve() });
});

testEngine("kv", async () => {
  const folder = await Deno.makeTempDir({ prefix: "kv_" });
  return {
    engine: () => kvEngine({ path: `${folder}/not/there/yet/broker.kv` }),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
});

testEngine("redis", async () => {
  const server = await RedisServer.start();
  return {
    engine: () => redisEngine({ url: `${server.url}/3`, prefix: "plant 7", lease: 500 }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}, "redis-server");
