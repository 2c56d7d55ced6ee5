/** A crash after any single commit: what belongs together is in one. */
import { assert, assertEquals } from "@std/assert";
import type { MemoryStore } from "../../hooks/storage/memory_engine.ts";
import type { Hook } from "../../src/hook/hook.ts";
import { PacketType } from "../../src/packets/types.ts";
import { MomentsEngine, RestartWorld } from "./restart_world.ts";

/** Runs something against a broker. @returns what its store held after each commit */
async function momentsOf(
  run: (world: RestartWorld) => Promise<void>,
  hooks: Hook[] = [],
  mutations = 1_000,
): Promise<MemoryStore[]> {
  const engines: MomentsEngine[] = [];
  const engine = (store: MemoryStore) => {
    const made = engines[engines.push(new MomentsEngine(store)) - 1];
    Object.defineProperty(made, "limits", { value: { ...made.limits, mutations } });
    return made;
  };
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

function later<T>(value: T, milliseconds = 1): Promise<T> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds, value));
}

const HOOKS: Record<string, Hook[]> = {
  "": [],
  ", with a hook that takes its time": [{ id: "slow", onPublish: () => later(undefined) }],
  ", with a subscriber choice that takes its time": [{
    id: "slow",
    onSelectSubscribers: (_message, selected) => later(selected),
  }],
  ", with rights that take their time": [{ id: "slow", onAclCheck: () => later(true) }],
  ", with rights that take their time for one only": [{
    id: "slow",
    onAclCheck: (client) => client.id === "second" ? later(true) : true,
  }],
  ", with a share whose rights take their time": [{
    id: "slow",
    onAclCheck: (client) => client.id === "member" ? later(true) : undefined,
  }],
};

/** Makes a session that waits for messages. */
async function away(world: RestartWorld, clientId: string, filter: string): Promise<void> {
  const client = await world.connect(clientId);
  await client.subscribe(filter, { qos: 2 });
  await client.cut();
}

for (const [name, hooks] of Object.entries(HOOKS)) {
  Deno.test(`a will is sent once, whatever the moment of the crash${name}`, async () => {
    let first = 0;
    const moments = await momentsOf(async (world) => {
      const observer = await world.connect("observer");
      await observer.subscribe("w", { qos: 2 });
      await observer.cut();
      await away(world, "second", "w");
      const will = { topic: "w", payload: "gone", qos: 2 as const, properties: { willDelayInterval: 5 } };
      await (await world.connect("owner", { will })).cut();
      first = world.hook.stats.commits;
      await world.advance(5_000);
      await later(undefined, 20);
    }, hooks);
    assert(moments.length > first);
    for (const store of moments.slice(first - 1)) {
      assertEquals(await payloadsAt(store, (world) => world.advance(5_000)), ["gone"]);
    }
  });
}

/** How often each of them has the message. */
async function countsAt(store: MemoryStore, packetId: number): Promise<Record<string, number>> {
  await using world = await new RestartWorld().start(store);
  const publisher = await world.connect("publisher");
  await publisher.sendPublish("t", "once", { qos: 2, dup: true, packetId });
  await publisher.expect({ type: PacketType.PUBREC, packetId });
  const counts: Record<string, number> = {};
  for (const clientId of ["first", "second", "third", "member"]) {
    const client = await world.connect(clientId);
    await client.barrier();
    counts[clientId] = 0;
    for (let packet = client.take(); packet !== undefined; packet = client.take()) {
      if (packet.type === PacketType.PUBLISH) counts[clientId]++;
    }
  }
  return counts;
}

for (const [name, hooks] of Object.entries(HOOKS)) {
  Deno.test(`a QoS 2 message is taken once, whatever the moment of the crash${name}`, async () => {
    let first = 0, packetId = 0;
    const moments = await momentsOf(async (world) => {
      for (const clientId of ["first", "second", "third"]) await away(world, clientId, "t");
      await away(world, "member", "$share/group/t");
      const publisher = await world.connect("publisher");
      first = world.hook.stats.commits;
      packetId = await publisher.sendPublish("t", "once", { qos: 2 });
      await publisher.expect({ type: PacketType.PUBREC, packetId });
    }, hooks);
    assert(moments.length > first);
    for (const store of moments.slice(first - 1)) {
      assertEquals(await countsAt(store, packetId), { first: 1, second: 1, third: 1, member: 1 });
    }
  });
}

Deno.test("QoS 2 messages of one read are taken once each, wherever the store divides them", async () => {
  const packets = (dup: boolean) =>
    Array.from({ length: 30 }, (_, index) => ({
      type: PacketType.PUBLISH,
      topic: "t",
      payload: new TextEncoder().encode(String(index)),
      qos: 2,
      retain: false,
      dup,
      packetId: index + 1,
    } as const));
  let first = 0;
  const moments = await momentsOf(
    async (world) => {
      for (const clientId of ["observer", "second", "third"]) await away(world, clientId, "t");
      const publisher = await world.connect("publisher");
      first = world.hook.stats.commits;
      await publisher.send(...packets(false));
      for (let packetId = 1; packetId <= 30; packetId++) await publisher.expect({ type: PacketType.PUBREC, packetId });
    },
    [],
    10,
  );
  assert(moments.length > first + 3);
  const wanted = Array.from({ length: 30 }, (_, index) => String(index));
  for (const store of moments.slice(first - 1)) {
    const payloads = await payloadsAt(store, async (world) => {
      const publisher = await world.connect("publisher");
      await publisher.send(...packets(true));
      for (let packetId = 1; packetId <= 30; packetId++) await publisher.expect({ type: PacketType.PUBREC, packetId });
    });
    assertEquals(payloads, wanted);
  }
});
