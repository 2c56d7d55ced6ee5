/** Redis that loses everything under a running broker: nothing is acknowledged that the next start could not find. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { StoreLostError } from "../../hooks/storage/engine.ts";
import { redisStorage } from "../../hooks/storage/redis.ts";
import type { RedisEngine } from "../../hooks/storage/redis_engine.ts";
import { redisEngine } from "../../hooks/storage/redis_open.ts";
import type { StorageHook } from "../../hooks/storage/options.ts";
import { MqttError } from "../../src/packets/errors.ts";
import { testWith } from "../helpers/programs.ts";
import { until } from "../helpers/until.ts";
import { changes, contents, pattern } from "./engine_suite.ts";
import { redisCommand, RedisServer } from "./redis_server.ts";
import { connect, hookContext, LineLogger, message, outbound } from "./world.ts";

type Emptying = (server: RedisServer) => Promise<unknown>;

/** Ways in which it happens. */
const EMPTYINGS: Record<string, Emptying> = {
  "FLUSHALL": (server) => redisCommand(server, ["FLUSHALL"]),
  "FLUSHDB": (server) => redisCommand(server, ["FLUSHDB"]),
  "a start without its files": async (server) => {
    await server.end();
    await Deno.remove(`${server.folder}/appendonlydir`, { recursive: true });
    await server.begin();
  },
};

async function started(server: RedisServer, lease = 60_000): Promise<{ hook: StorageHook; logger: LineLogger }> {
  const hook = redisStorage({ url: server.url, lease }), logger = new LineLogger();
  await hook.init!(undefined, hookContext(logger));
  await hook.storedClients!();
  return { hook, logger };
}

async function opened(server: RedisServer, lease = 60_000): Promise<RedisEngine> {
  const engine = redisEngine({ url: server.url, lease });
  await engine.open();
  return engine;
}

for (const [name, empty] of Object.entries(EMPTYINGS)) {
  testWith(
    ["redis-server"],
    `redis, emptied by ${name}: nothing is acknowledged, and the next start begins anew`,
    async () => {
      await using server = await RedisServer.start();
      const { hook, logger } = await started(server), { client, session } = connect("c");
      await hook.onSessionEstablished!(client, session);
      await empty(server);
      const refused = await assertRejects(
        () => hook.onQosPublish!(client, outbound(session, message("t", "1"))) as Promise<void>,
        MqttError,
        "Redis has lost what was stored in it",
      );
      assertEquals(refused.reasonCode, 0x83);
      assertEquals(hook.healthy!(), false);
      assertEquals(logger.of("error"), ["the store does not take changes, acknowledgements are withheld"]);
      const next = connect("d");
      assertThrows(() => hook.onSessionEstablished!(next.client, next.session), MqttError, "Redis has lost");
      await hook.stop!();
      const again = await started(server, 400);
      assertEquals([...(await again.hook.storedClients!())!], []);
      await again.hook.onSessionEstablished!(next.client, next.session);
      await again.hook.stop!();
      const last = await started(server, 400);
      assertEquals([...(await last.hook.storedClients!())!].map(({ clientId }) => clientId), ["d"]);
      await last.hook.stop!();
    },
  );

  testWith(["redis-server"], `redis, emptied by ${name}: whoever begins there afterwards is left alone`, async () => {
    await using server = await RedisServer.start();
    const engine = await opened(server);
    await engine.commit(changes({ a: { x: pattern(1) } }));
    await empty(server);
    const other = await opened(server);
    await other.commit(changes({ a: { z: pattern(1) } }));
    await other.close();
    await assertRejects(() => engine.commit(changes({ a: { y: pattern(1) } })), StoreLostError);
    engine.abandon();
    const last = await opened(server);
    assertEquals([...(await contents(last)).keys()], ["a/z"]);
    await last.close();
  });
}

testWith(["redis-server"], "redis: a broker that has nothing to store notices that it was emptied, too", async () => {
  await using server = await RedisServer.start();
  const { hook } = await started(server, 300);
  assert(hook.healthy!());
  await redisCommand(server, ["FLUSHALL"]);
  await until(() => !hook.healthy!(), "the bad health");
  await hook.stop!();
});

testWith(["redis-server"], "redis: what is acknowledged while it is being emptied was there before", async () => {
  await using server = await RedisServer.start();
  const engine = await opened(server), committed: number[] = [];
  let emptied = Infinity;
  const writing = (async () => {
    for (let number = 0;; number++) {
      await engine.commit(changes({ a: { [`i${number}`]: pattern(1) } }));
      assert(number <= emptied + 1, "nothing is taken afterwards"); // one may have been under way
      committed.push(number);
    }
  })();
  const ended = assertRejects(() => writing, StoreLostError);
  await until(() => committed.length > 50, "some commits");
  await redisCommand(server, ["FLUSHALL"]);
  emptied = committed.length;
  await ended;
  engine.abandon();
  const next = await opened(server, 400);
  assertEquals((await contents(next)).size, 0);
  await next.close();
});

testWith(
  ["redis-server"],
  "redis: after its end an engine writes nothing and does not take the lease back",
  async () => {
    await using server = await RedisServer.start();
    const engine = await opened(server);
    await engine.commit(changes({ a: { x: pattern(1) } }));
    await engine.close();
    await assertRejects(() => engine.commit(changes({ a: { y: pattern(1) } })), StoreLostError, "is closed");
    const next = await opened(server, 400);
    assertEquals([...(await contents(next)).keys()], ["a/x"]);
    await next.close();
  },
);
