/** A crash after any single commit: what belongs together is in one. */
import { assert, assertEquals } from "@std/assert";
import type { MemoryStore } from "../../hooks/storage/memory_engine.ts";
import type { Hook } from "../../src/hook/hook.ts";
import { PacketType } from "../../src/packets/types.ts";
import { MomentsEngine, RestartWorld } from "./restart_world.ts";

/** Runs something against a broker. @returns what its store held after each commit */
async function momentsOf(run: (world: RestartWorld) => Promise<void>, hooks: Hook[] = []): Promise<MemoryStore[]> {
  const engines: MomentsEngine[] = [];
  const engine = (store: MemoryStore) => engines[engines.push(new MomentsEngine(store)) - 1];
  await using world = await new RestartWorld({ engine, hooks }).start();
  await run(world);
  await world.advance(0);
  return engines.flatMap(({ moments }) => moments);
}

/** Starts a broker on one of these moments. @returns payloads that the observer gets */
async function payloadsAt(store: MemoryStore, run: (world: RestartWorld) => Promise<void>): Promise<string[]> {
  await using world = await new RestartWorld().start(store);
  await world.advance(0);
  await run(world);
  const observer = await world.connect("observer"), payloads: string[] = [];
  await observer.barrier();
  for (let packet = observer.take(); packet !== undefined; packet = observer.take()) {
    if (packet.type === PacketType.PUBLISH) payloads.push(new TextDecoder().decode(packet.payload));
  }
  return payloads;
}

Deno.test("a will is sent once, whatever the moment of the crash", async () => {
  let first = 0;
  const moments = await momentsOf(async (world) => {
    const observer = await world.connect("observer");
    await observer.subscribe("w", { qos: 2 });
    await observer.cut();
    const will = { topic: "w", payload: "gone", qos: 2 as const, properties: { willDelayInterval: 5 } };
    await (await world.connect("owner", { will })).cut();
    first = world.hook.stats.commits;
    await world.advance(5_000);
  });
  assert(moments.length > first);
  for (const store of moments.slice(first - 1)) {
    assertEquals(await payloadsAt(store, (world) => world.advance(5_000)), ["gone"]);
  }
});

const HOOKS: Record<string, Hook[]> = {
  "": [],
  ", with a hook that takes its time": [{
    id: "slow",
    onPublish: () => new Promise((resolve) => setTimeout(resolve, 1)),
  }],
};

for (const [name, hooks] of Object.entries(HOOKS)) {
  Deno.test(`a QoS 2 message is taken once, whatever the moment of the crash${name}`, async () => {
    let first = 0, packetId = 0;
    const moments = await momentsOf(async (world) => {
      const observer = await world.connect("observer");
      await observer.subscribe("t", { qos: 2 });
      await observer.cut();
      const publisher = await world.connect("publisher");
      first = world.hook.stats.commits;
      packetId = await publisher.sendPublish("t", "once", { qos: 2 });
      await publisher.expect({ type: PacketType.PUBREC, packetId });
    }, hooks);
    assert(moments.length > first);
    for (const store of moments.slice(first - 1)) {
      const payloads = await payloadsAt(store, async (world) => {
        const publisher = await world.connect("publisher");
        await publisher.sendPublish("t", "once", { qos: 2, dup: true, packetId });
        await publisher.expect({ type: PacketType.PUBREC, packetId });
      });
      assertEquals(payloads, ["once"]);
    }
  });
}
