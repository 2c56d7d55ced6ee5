/** A crash after any single commit: what belongs together is in one. */
import { assert, assertEquals } from "@std/assert";
import type { MemoryStore } from "../../hooks/storage/memory_engine.ts";
import { PacketType } from "../../src/packets/types.ts";
import { away, HOOKS, later, momentsOf, payloadsAt } from "./moments.ts";
import { RestartWorld } from "./restart_world.ts";

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

/** What each of the two gets, one after the other. */
async function sharesAt(store: MemoryStore): Promise<string[]> {
  await using world = await new RestartWorld().start(store);
  const payloads: string[] = [];
  for (const clientId of ["member", "second"]) {
    const client = await world.connect(clientId);
    await client.barrier();
    for (let packet = client.take(); packet !== undefined; packet = client.take()) {
      if (packet.type === PacketType.PUBLISH) payloads.push(new TextDecoder().decode(packet.payload));
    }
  }
  return payloads.sort();
}

for (const [name, hooks] of Object.entries(HOOKS)) {
  for (const [divided, mutations] of [["", 1_000], [", in small commits", 6]] as const) {
    Deno.test(`messages of a member that leaves are with it or with another one, whatever the moment of the crash${name}${divided}`, async () => {
      const wanted = ["0", "1", "2", "3", "4"];
      let first = 0;
      const moments = await momentsOf(
        async (world) => {
          await away(world, "member", "$share/group/t");
          const publisher = await world.connect("publisher");
          for (const payload of wanted) await publisher.publish("t", payload, { qos: 1 });
          await away(world, "second", "$share/group/t");
          await world.advance(0);
          first = world.hook.stats.commits;
          await world.connect("member", { cleanStart: true });
          await later(undefined, 20);
        },
        hooks,
        mutations,
      );
      assert(moments.length > first);
      for (const store of moments.slice(first - 1)) {
        const payloads = await sharesAt(store);
        assertEquals([...new Set(payloads)], wanted);
        if (name + divided === "") assertEquals(payloads, wanted); // in one commit
      }
      assertEquals(await sharesAt(moments.at(-1)!), wanted);
    });
  }
}
