/** A store that takes nothing: nothing is acknowledged, the broker stays, and all is well when the store is. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { StoreLostError } from "../../hooks/storage/engine.ts";
import type { Changes } from "../../hooks/storage/engine.ts";
import { MemoryEngine, type MemoryStore } from "../../hooks/storage/memory_engine.ts";
import { HttpHealthListener } from "../../listeners/http_health.ts";
import type { Hook } from "../../src/hook/hook.ts";
import { MqttError } from "../../src/packets/errors.ts";
import { PacketType } from "../../src/packets/types.ts";
import { RestartWorld } from "./restart_world.ts";
import type { RawClient } from "../helpers/raw_client.ts";
import { until } from "../helpers/until.ts";

/** A disk that may be full. */
class FullEngine extends MemoryEngine {
  error: Error | undefined;

  override async commit(changes: Changes): Promise<void> {
    if (this.error !== undefined) throw this.error;
    await super.commit(changes);
  }
}

/** A world with such a disk. */
class FullWorld extends RestartWorld {
  readonly health = new HttpHealthListener({ id: "health", address: "127.0.0.1:0" });
  readonly #engines: FullEngine[];

  constructor(maximumPendingMutations?: number, hooks: readonly Hook[] = []) {
    const engines: FullEngine[] = [];
    super({
      connectTimeout: 30,
      hooks,
      storage: { maximumPendingMutations, stopTimeout: 10 },
      engine(store) {
        const engine = new FullEngine(store);
        engines.push(engine);
        return engine;
      },
    });
    this.#engines = engines;
  }

  override async start(store?: MemoryStore): Promise<this> {
    await super.start(store);
    await this.broker.addListener(this.health);
    return this;
  }

  /** The disk is full, or there is room again. */
  full(error: Error | undefined = new Error("no space left on device")): void {
    this.#engines.at(-1)!.error = error;
  }

  /** There is room again, and the storage has noticed. */
  async recover(): Promise<void> {
    this.#engines.at(-1)!.error = undefined;
    await until(() => this.hook.healthy!() && this.hook.stats.pendingMutations === 0, "the recovery");
  }

  async status(): Promise<number> {
    const response = await fetch(`http://${this.health.address}/`);
    await response.body?.cancel();
    return response.status;
  }
}

Deno.test("nothing is acknowledged while the disk is full, everything once it is not", async () => {
  await using world = await new FullWorld().start();
  const away = await world.connect("away"), publisher = await world.connect("publisher");
  await away.subscribe("t", { qos: 2 });
  await away.cut();
  assertEquals(await world.status(), 200);
  world.full();
  const one = await publisher.sendPublish("t", "one", { qos: 1 });
  const two = await publisher.sendPublish("t", "two", { qos: 2 });
  const three = await publisher.sendPublish("r", "three", { qos: 1, retain: true });
  await publisher.sendPublish("t", "at most once");
  await until(() => world.hook.stats.failures > 2);
  await publisher.expectNothing();
  assertEquals([await world.status(), world.broker.healthy], [503, false]);
  await world.recover();
  await publisher.expect({ type: PacketType.PUBACK, packetId: one, reasonCode: 0 });
  await publisher.expect({ type: PacketType.PUBREC, packetId: two, reasonCode: 0 });
  await publisher.expect({ type: PacketType.PUBACK, packetId: three });
  assertEquals([await world.status(), world.broker.healthy], [200, true]);
  assertEquals(world.logger.of("error"), ["the store does not take changes, acknowledgements are withheld"]);
  await world.crash();
  const again = await world.connect("away");
  assertEquals([(await again.next()).topic, (await again.next()).topic], ["t", "t"]);
});

Deno.test("QoS 0 flows on while the disk is full, and so does PINGREQ", async () => {
  await using world = await new FullWorld().start();
  const subscriber = await world.connect("subscriber", { cleanStart: true, properties: { sessionExpiryInterval: 0 } });
  const publisher = await world.connect("publisher");
  await subscriber.subscribe("t", { qos: 0 });
  world.full();
  await publisher.sendPublish("t", "now");
  await subscriber.expectMessage("t", "now");
  await publisher.barrier();
  await world.recover();
});

Deno.test("a commit may take longer than any other hook: nobody is told 0x83 for what is stored in the end", async () => {
  await using world = await new FullWorld().start();
  const away = await world.connect("away"), publisher = await world.connect("publisher");
  await away.subscribe("t", { qos: 2 });
  await away.cut();
  world.full();
  const one = await publisher.sendPublish("t", "one", { qos: 1 });
  const two = await publisher.sendPublish("t", "two", { qos: 2 });
  await world.advance(60_000);
  await publisher.expectNothing();
  await world.recover();
  await publisher.expect({ type: PacketType.PUBACK, packetId: one, reasonCode: 0 });
  await publisher.expect({ type: PacketType.PUBREC, packetId: two, reasonCode: 0 });
});

Deno.test("a session that cannot be stored is refused in time, and comes when the store is back", async () => {
  await using world = await new FullWorld().start();
  world.full();
  const refused = world.connect("late").then(() => "connected", (error) => String(error));
  await until(() => world.hook.stats.failures > 0);
  await world.advance(11_251);
  assertStringIncludes(await refused, "current value is 136"); // 0x88
  await world.recover();
  await (await world.connect("late")).barrier();
});

Deno.test("the broker stops in its time while the store does not answer", async () => {
  const silent = new (class extends MemoryEngine {
    silent = false;
    override async commit(changes: Changes): Promise<void> {
      if (this.silent) await new Promise(() => {});
      await super.commit(changes);
    }
  })();
  const world = await new RestartWorld({ engine: () => silent, storage: { stopTimeout: 10 } }).start();
  const publisher = await world.connect("publisher");
  silent.silent = true;
  await publisher.sendPublish("t", "one", { qos: 1, retain: true });
  const sent = world.broker.publish("t", "two", { qos: 1, retain: true });
  await publisher.expectNothing();
  await world.stop();
  await assertRejects(() => sent, MqttError, "stopped before the change was committed");
});

Deno.test("what does not fit into the backlog is refused with 0x97", async () => {
  await using world = await new FullWorld(8).start();
  const away = await world.connect("away"), publisher = await world.connect("publisher");
  await away.subscribe("t", { qos: 1 });
  await away.cut();
  world.full();
  const ids: number[] = [];
  for (let count = 0; count < 12; count++) ids.push(await publisher.sendPublish("t", `${count}`, { qos: 1 }));
  await until(() => world.hook.stats.refused > 0);
  await publisher.expectNothing(); // answers keep their order
  await world.recover();
  const codes: number[] = [];
  for (const packetId of ids) codes.push((await publisher.expect({ type: PacketType.PUBACK, packetId })).reasonCode!);
  assertEquals([codes[0], codes.at(-1)], [0, 0x97]);
  assert(codes.every((code) => code === 0 || code === 0x97), codes.join());
  assertEquals(await publisher.publish("t", "again", { qos: 1 }), 0);
});

Deno.test("a store that is lost refuses with 0x83 at once", async () => {
  await using world = await new FullWorld().start();
  const away = await world.connect("away"), publisher = await world.connect("publisher");
  await away.subscribe("t", { qos: 1 });
  await away.cut();
  world.full(new StoreLostError("another broker has taken over the store"));
  for (let count = 0; count < 3; count++) assertEquals(await publisher.publish("t", "x", { qos: 1 }), 0x83);
  assertEquals(await publisher.publish("t", "x", { qos: 2 }), 0x83);
  assertEquals(await world.status(), 503);
});

Deno.test("a message that a hook lets pass when the store has become full is refused before anybody has it", async () => {
  const gate = Promise.withResolvers<void>();
  const slow: Hook = { id: "slow", onPublish: (_client, packet) => gate.promise.then(() => packet) };
  await using world = await new FullWorld(8, [slow]).start();
  const live = await world.connect("live", { cleanStart: true, properties: { sessionExpiryInterval: 0 } });
  await live.subscribe("t", { qos: 0 });
  const away = await world.connect("away");
  await away.subscribe("t", { qos: 2 });
  await away.cut();
  const publishers: RawClient[] = [];
  for (let at = 0; at < 12; at++) publishers.push(await world.connect(`p${at}`));
  world.full();
  for (const [at, publisher] of publishers.entries()) await publisher.sendPublish("t", `m${at}`, { qos: 2 });
  await until(() => world.broker.info.messagesReceived === publishers.length);
  gate.resolve();
  await until(() => world.hook.stats.failures > 0);
  await world.recover();
  const taken: string[] = [], refused: number[] = [];
  for (const [at, publisher] of publishers.entries()) {
    const { reasonCode } = await publisher.next() as { reasonCode: number };
    if (reasonCode === 0) taken.push(`m${at}`);
    else refused.push(reasonCode);
  }
  assertEquals(new Set(refused), new Set([0x97]));
  await live.barrier();
  for (const payload of taken) await live.expectMessage("t", payload);
  await live.expectNothing();
});
