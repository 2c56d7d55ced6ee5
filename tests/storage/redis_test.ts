import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { StoreLostError } from "../../hooks/storage/engine.ts";
import type { RedisStorageOptions } from "../../hooks/storage/redis.ts";
import type { RedisEngine } from "../../hooks/storage/redis_engine.ts";
import { redisEngine } from "../../hooks/storage/redis_open.ts";
import { parseRedisUrl } from "../../hooks/storage/redis_url.ts";
import { storageHook } from "../../hooks/storage/storage_hook.ts";
import { testWith } from "../helpers/programs.ts";
import { changes, contents, pattern } from "./engine_suite.ts";
import { redisCommand, RedisServer } from "./redis_server.ts";
import { connect, hookContext, LineLogger, message, outbound } from "./world.ts";
import { until } from "../helpers/until.ts";

const quick = { lease: 400, timeout: 300 };

async function opened(options: RedisStorageOptions): Promise<RedisEngine> {
  const engine = redisEngine(options);
  await engine.open();
  return engine;
}

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

testWith(["redis-server"], "redis: a server that dies and comes back", async () => {
  await using server = await RedisServer.start();
  const engine = redisEngine({ url: server.url, ...quick }), hook = storageHook(engine, { logPeriod: 60_000 });
  const logger = new LineLogger(), log: string[] = [];
  await hook.init!(undefined, hookContext(logger));
  await hook.storedClients!();
  const { client, session } = connect("c");
  await hook.onSessionEstablished!(client, session);
  await server.end();
  const promises = ["1", "2", "3"].map((text) =>
    (hook.onQosPublish!(client, outbound(session, message("t", text))) as Promise<void>).then(() => log.push(text))
  );
  await until(() => !hook.healthy!(), "the bad health");
  await sleep(500); // more than the lease
  assertEquals(log, []);
  await server.begin();
  await Promise.all(promises);
  assertEquals(log, ["1", "2", "3"]);
  assertEquals(hook.healthy!(), true);
  assertEquals(logger.of("error").length, 1);
  await hook.stop!();
  const next = await opened({ url: server.url, ...quick });
  assertEquals([...(await contents(next, "c")).keys()].sort(), ["c=c/c", "c=c/o1", "c=c/o2", "c=c/o3"]);
  await next.close();
});

testWith(["redis-server"], "redis: recovers while nothing is to be stored", async () => {
  await using server = await RedisServer.start();
  const engine = await opened({ url: server.url, ...quick });
  await server.end();
  await until(() => !engine.healthy(), "the bad health");
  await server.begin();
  await until(() => engine.healthy(), "the recovery");
  await engine.close();
});

testWith(["redis-server"], "redis: a server that does not answer", async () => {
  await using server = await RedisServer.start();
  const engine = await opened({ url: server.url, lease: 60_000, timeout: 200 });
  await engine.commit(changes({ a: { x: pattern(1) } }));
  server.signal("SIGSTOP");
  const began = performance.now();
  await assertRejects(() => engine.commit(changes({ a: { y: pattern(1) } })), Error, "does not answer");
  await assertRejects(() => engine.commit(changes({ a: { y: pattern(1) } })), Error);
  assert(performance.now() - began < 5_000);
  assertEquals(engine.healthy(), false);
  server.signal("SIGCONT");
  await engine.commit(changes({ a: { y: pattern(2) } }));
  assertEquals(await contents(engine), new Map([["a/x", pattern(1)], ["a/y", pattern(2)]]));
  await engine.close();
});

testWith(["redis-server"], "redis: the lease of a broker that was killed is waited for", async () => {
  await using server = await RedisServer.start();
  const killed = await opened({ url: server.url, lease: 700 });
  killed.abandon();
  const began = performance.now(), next = await opened({ url: server.url, lease: 700 });
  assert(performance.now() - began < 2_000);
  await next.commit(changes({ a: { x: pattern(1) } }));
  await next.close();
});

testWith(["redis-server"], "redis: a lease that is renewed is not waited for", async () => {
  await using server = await RedisServer.start();
  const engine = await opened({ url: server.url, lease: 3_000 });
  const began = performance.now();
  await assertRejects(() => opened({ url: server.url, lease: 3_000 }), Error, "another broker uses it");
  assert(performance.now() - began < 2_000, "the first renewal tells");
  await engine.close();
});

testWith(["redis-server"], "redis: a broker that stalled writes nothing once another one has the store", async () => {
  await using server = await RedisServer.start();
  const options = { url: server.url, lease: 60_000, timeout: 2_000 }, stalled = await opened(options);
  await stalled.commit(changes({ a: { x: pattern(1) } }));
  await redisCommand(server, ["DEL", "{mochi}:lock"]); // as if it had lapsed
  const next = await opened(options);
  await assertRejects(() => stalled.commit(changes({ a: { y: pattern(1) } })), StoreLostError, "another broker");
  await next.commit(changes({ a: { z: pattern(1) } }));
  assertEquals([...(await contents(next)).keys()].sort(), ["a/x", "a/z"]);
  await stalled.close();
  await next.commit(changes({ a: { w: pattern(1) } }));
  await next.close();
});

testWith(["redis-server"], "redis: who was away while another broker came and went writes nothing", async () => {
  await using server = await RedisServer.start();
  const options = { url: server.url, lease: 60_000, timeout: 2_000 }, away = await opened(options);
  await redisCommand(server, ["DEL", "{mochi}:lock"]);
  const other = await opened(options);
  await other.commit(changes({ a: { x: pattern(1) } }));
  await other.close();
  await assertRejects(() => away.commit(changes({ a: { y: pattern(1) } })), StoreLostError);
  away.abandon();
});

testWith(["redis-server"], "redis: a lease that lapsed and that nobody took is taken again", async () => {
  await using server = await RedisServer.start();
  const engine = await opened({ url: server.url, lease: 60_000 });
  await redisCommand(server, ["DEL", "{mochi}:lock"]);
  await engine.commit(changes({ a: { x: pattern(1) } }));
  await assertRejects(() => opened({ url: server.url, lease: 100 }), Error, "another broker uses it");
  await engine.close();
});

testWith(["redis-server"], "redis: user, password, database and prefix", async () => {
  await using server = await RedisServer.start(
    ...["--user", "mo:chi", "on", ">p@ss/w", "~{plant}*", "&*", "+@all"],
    ...["--requirepass", "other"],
  );
  const host = `127.0.0.1:${server.port}`, url = `redis://mo%3Achi:p%40ss%2Fw@${host}/5?prefix=plant`;
  const engine = await opened({ url });
  await engine.commit(changes({ a: { x: pattern(1) } }));
  const second = await opened({ url: `redis://:other@${host}/6`, prefix: "plant" }); // another database: not locked
  assertEquals((await contents(second)).size, 0);
  await second.close();
  await assertRejects(() => opened({ url: `redis://:wrong@${host}/5` }), Error, "WRONGPASS");
  await assertRejects(() => opened({ url: `redis://${host}/5` }), Error, "NOAUTH");
  await assertRejects(() => opened({ url: `redis://:other@${host}/5?prefix=plant` }), Error, "another broker");
  await engine.close();
});

testWith(["redis-server"], "redis: a server that is not there at the start", async () => {
  const server = await RedisServer.start();
  await server[Symbol.asyncDispose]();
  const error = await assertRejects(() => opened({ url: server.url }), Error);
  assert(error.message.includes(`127.0.0.1:${server.port}`), error.message);
});

testWith(["redis-server"], "redis: a server that refuses changes is tried again", async () => {
  await using server = await RedisServer.start();
  const engine = await opened({ url: server.url, lease: 60_000 });
  await redisCommand(server, ["CONFIG", "SET", "maxmemory", "1"]);
  await assertRejects(() => engine.commit(changes({ a: { x: pattern(1) } })), Error);
  await redisCommand(server, ["CONFIG", "SET", "maxmemory", "0"]);
  await engine.commit(changes({ a: { x: pattern(1) } }));
  assertEquals((await contents(engine)).size, 1);
  await engine.close();
});

testWith(["redis-server"], "redis: a cluster is asked who has our slot", async () => {
  await using first = await RedisServer.start("--cluster-enabled", "yes");
  await using second = await RedisServer.start("--cluster-enabled", "yes");
  await redisCommand(first, ["CLUSTER", "ADDSLOTSRANGE", "0", "8191"]);
  await redisCommand(second, ["CLUSTER", "ADDSLOTSRANGE", "8192", "16383"]);
  await redisCommand(first, ["CLUSTER", "MEET", "127.0.0.1", String(second.port)]);
  for (const server of [first, second]) {
    await untilSays(server, ["CLUSTER", "INFO"], "cluster_state:ok");
  }
  const url = `redis-cluster://127.0.0.1:1,127.0.0.1:${first.port}`;
  for (const prefix of ["a", "b", "c", "d"]) {
    const engine = await opened({ url, prefix });
    await engine.commit(changes({ a: { x: pattern(1) } }));
    assertEquals((await contents(engine)).size, 1);
    await engine.close();
  }
  const keys = [
    Number((await redisCommand(first, ["DBSIZE"])).slice(1)),
    Number((await redisCommand(second, ["DBSIZE"])).slice(1)),
  ];
  assert(keys[0] > 0 && keys[1] > 0, `both nodes are used: ${keys}`);
});

testWith(["redis-server"], "redis: sentinels are asked for the primary, again after a failover", async () => {
  await using primary = await RedisServer.start("--repl-diskless-sync-delay", "0");
  await using replica = await RedisServer.start("--replicaof", "127.0.0.1", String(primary.port));
  await untilSays(replica, ["ROLE"], "connected");
  const configuration = `${replica.folder}/sentinel.conf`;
  await Deno.writeTextFile(configuration, `sentinel monitor plant 127.0.0.1 ${primary.port} 1\n`);
  await using sentinel = await RedisServer.sentinel(configuration);
  await untilSays(sentinel, ["SENTINEL", "REPLICAS", "plant"], String(replica.port));
  const engine = await opened({ url: `redis-sentinel://127.0.0.1:${sentinel.port}/0?name=plant`, lease: 60_000 });
  await engine.commit(changes({ a: { x: pattern(1) } }));
  await untilSays(replica, ["HKEYS", "{mochi}:g:a"], "x");
  await untilSays(sentinel, ["SENTINEL", "FAILOVER", "plant"], "OK");
  await untilSays(replica, ["ROLE"], "master");
  await untilSays(primary, ["ROLE"], "slave");
  await untilAsync(() => engine.commit(changes({ a: { y: pattern(1) } })).then(() => true, () => false));
  assertEquals([...(await contents(engine)).keys()].sort(), ["a/x", "a/y"]);
  assert((await redisCommand(replica, ["HKEYS", "{mochi}:g:a"])).includes("y"));
  await engine.close();
});

Deno.test("redis: URLs", () => {
  assertEquals(parseRedisUrl("redis://u:p%3A%40@[::1]:7000/15?prefix=a%20b&lease=900"), {
    kind: "single",
    tls: false,
    addresses: [{ host: "::1", port: 7000 }],
    username: "u",
    password: "p:@",
    database: 15,
    parameters: new Map([["prefix", "a b"], ["lease", "900"]]),
  });
  const sentinel = parseRedisUrl("rediss-sentinel://:secret@a,b:1/2?name=m");
  assertEquals([sentinel.kind, sentinel.tls, sentinel.username, sentinel.password], [
    "sentinel",
    true,
    undefined,
    "secret",
  ]);
  assertEquals(sentinel.addresses, [{ host: "a", port: 26379 }, { host: "b", port: 1 }]);
  assertEquals(parseRedisUrl("redis-cluster://a:1,b").addresses, [{ host: "a", port: 1 }, { host: "b", port: 6379 }]);
  for (
    const [url, reason] of [
      ["http://a", "expected redis://"],
      ["redis://", "expected redis://"],
      ["redis://:secret@a:b", "expected host:port"],
      ["redis://a,b", "several servers"],
      ["redis://a/x", "number of a database"],
      ["redis-cluster://a/1", "only database 0"],
      ["redis://:secret@a?perfix=x", 'unknown parameter "perfix"'],
    ]
  ) {
    const error = assertThrows(() => parseRedisUrl(url), Error, reason);
    assert(!error.message.includes("secret"), error.message);
  }
  for (const prefix of ["", "a{b", "}"]) assertThrows(() => redisEngine({ prefix }), Error, "prefix");
  assertThrows(() => redisEngine({ lease: 5 }), Error, "lease");
  assertThrows(() => redisEngine({ url: "redis://a?lease=soon" }), Error, "lease");
});

/** Asks until the answer has this text. A sentinel ends all connections of a server to which it gives another role. */
async function untilSays(server: RedisServer, command: string[], text: string): Promise<void> {
  await untilAsync(async () => {
    try {
      return (await redisCommand(server, command)).includes(text);
    } catch (error) {
      if (error instanceof Deno.errors.ConnectionReset) return false;
      throw error;
    }
  });
}

async function untilAsync(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!await condition()) {
    if (performance.now() > deadline) throw new Error("it does not come");
    await sleep(5);
  }
}
