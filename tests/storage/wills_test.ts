/** Wills and the end of the process: every client's will is stored while it is connected, sent once, and then gone. */
import { assert, assertEquals } from "@std/assert";
import type { MemoryStore } from "../../hooks/storage/memory_engine.ts";
import type { Hook } from "../../src/hook/hook.ts";
import { MqttError } from "../../src/packets/errors.ts";
import { ReasonCode } from "../../src/packets/reason_codes.ts";
import { PacketType } from "../../src/packets/types.ts";
import { HOOKS, later, momentsOf, payloadsAt } from "./moments.ts";
import { copyOf, RestartWorld } from "./restart_world.ts";
import type { ConnectOptions } from "../helpers/raw_client.ts";

const SECOND = 1_000;
const ENDS = { sessionExpiryInterval: 0 };

/** Sessions that end with their connection, in each version. */
const TRANSIENT: Record<string, ConnectOptions> = {
  "MQTT 3.1": { protocolVersion: 3, cleanStart: true },
  "MQTT 3.1.1": { protocolVersion: 4, cleanStart: true },
  "MQTT 5": { properties: { sessionExpiryInterval: 0 } },
  "MQTT 5 with a delay": { properties: { sessionExpiryInterval: 0 }, will: delayed(1_000) },
};

function delayed(willDelayInterval: number): ConnectOptions["will"] {
  return { topic: "will", qos: 1, properties: { willDelayInterval } };
}

/** Topics of the messages that a session of its own has got. */
async function received(world: RestartWorld): Promise<string[]> {
  const observer = await world.connect("observer"), topics: string[] = [];
  await observer.barrier();
  for (let packet = observer.take(); packet !== undefined; packet = observer.take()) {
    if (packet.type !== PacketType.PUBLISH) continue;
    topics.push(packet.topic!);
    await observer.ack(PacketType.PUBACK, packet.packetId!);
  }
  await observer.barrier(); // they are acknowledged
  await observer.cut();
  return topics;
}

/** A session that waits for wills. */
async function observe(world: RestartWorld): Promise<void> {
  const observer = await world.connect("observer");
  await observer.subscribe("will/#", { qos: 1 });
  await observer.cut();
}

/** ClientIDs of the sessions in a store, those included of which it has the will alone. */
function sessionsIn(store: MemoryStore): string[] {
  return [...store.groups.keys()].filter((group) => group.startsWith("c")).map((group) => group.slice(2)).sort();
}

for (const [name, options] of Object.entries(TRANSIENT)) {
  const will: ConnectOptions = { will: { topic: "will", qos: 1 }, ...options };

  Deno.test(`[v5 MQTT-3.1.2-8] [v311 MQTT-3.1.2-8] the will of a session that ends with its connection outlives the process: ${name}`, async () => {
    await using world = await new RestartWorld().start();
    await observe(world);
    await world.connect("transient", will);
    await world.crash();
    assertEquals(await received(world), ["will"]);
    assertEquals(sessionsIn(world.store), ["observer"]);
    await world.crash();
    await world.crash();
    assertEquals(await received(world), []);
    const again = await world.connect("transient", { ...options, will: undefined, cleanStart: false, properties: {} });
    assertEquals(again.connack!.sessionPresent ?? false, false);
  });

  Deno.test(`[v5 MQTT-3.14.4-3] the will of a client that has gone politely is not stored any more: ${name}`, async () => {
    await using world = await new RestartWorld().start();
    await observe(world);
    const client = await world.connect("transient", will);
    assertEquals(sessionsIn(world.store), ["observer", "transient"]);
    await client.disconnect();
    await world.advance(0);
    assertEquals(sessionsIn(world.store), ["observer"]);
    await world.crash();
    assertEquals(await received(world), []);
  });
}

Deno.test("[v5 MQTT-3.1.2-8] a new session of the same client takes the will over, or has none", async () => {
  await using world = await new RestartWorld().start();
  await observe(world);
  const will = (topic: string) => ({ will: { topic: `will/${topic}`, qos: 1 as const }, properties: ENDS });
  await world.connect("transient", will("first"));
  await world.connect("transient", will("second"));
  assertEquals(await received(world), ["will/first"]);
  await world.connect("other", will("third"));
  await world.connect("other", { properties: ENDS });
  assertEquals(await received(world), ["will/third"]);
  await world.crash();
  assertEquals(await received(world), ["will/second"]);
  assertEquals(sessionsIn(world.store), ["observer"]);
});

Deno.test("a session that goes on and is to end with its connection leaves its will alone", async () => {
  await using world = await new RestartWorld().start();
  await observe(world);
  const lasting = await world.connect("client"), publisher = await world.connect("publisher");
  await lasting.subscribe("t", { qos: 1 });
  await lasting.cut();
  await publisher.publish("t", "x".repeat(1_000), { qos: 1 });
  const transient = await world.connect("client", { will: { topic: "will", qos: 1 }, properties: ENDS });
  assertEquals(transient.connack!.sessionPresent, true);
  const { packetId } = await transient.next();
  await transient.ack(PacketType.PUBACK, packetId!);
  await world.advance(0);
  assertEquals([...world.store.groups.get("c=client")!.keys()], ["c"]);
  assertEquals(world.store.groups.has("m"), false);
  await world.crash();
  assertEquals(await received(world), ["will"]);
  assertEquals((await world.connect("client")).connack!.sessionPresent, false);
});

const SLOW: Record<string, Hook[]> = {
  ...HOOKS,
  ", with a hook of wills that takes its time": [{ id: "slow", onWill: (_client, will) => later(will) }],
};
const SESSIONS = { "ends with its connection": ENDS, "goes on": { sessionExpiryInterval: 1_000 } };

for (const [session, properties] of Object.entries(SESSIONS)) {
  for (const [name, hooks] of Object.entries(SLOW)) {
    Deno.test(`[v5 MQTT-3.1.2-8] the will of a session that ${session} is sent once, whatever the moment of the crash${name}`, async () => {
      let first = 0;
      const moments = await momentsOf(async (world) => {
        const observer = await world.connect("observer");
        await observer.subscribe("will", { qos: 2 });
        await observer.cut();
        const owner = await world.connect("owner", { will: { topic: "will", qos: 2 }, properties });
        first = world.hook.stats.commits;
        await owner.cut();
        await later(undefined, 20);
      }, hooks);
      assert(moments.length > first);
      for (const store of moments.slice(first)) {
        assertEquals(await payloadsAt(store, (world) => world.advance(0)), ["gone"]);
      }
    });
  }
}

/** Ways in which a will is refused when it is due: the hook, and what it asks for each time. */
function refusals(asked: string[]): Record<string, Hook> {
  const note = () => void asked.push("asked");
  return {
    "a hook of wills": {
      id: "refusing",
      onWill() {
        note();
        throw new MqttError(ReasonCode.NotAuthorized, "no");
      },
    },
    "a hook that fails": {
      id: "failing",
      onWill() {
        note();
        return Promise.reject(new Error("broken"));
      },
    },
    "a hook that rejects without a reason": {
      id: "silent",
      onWill() {
        note();
        return Promise.reject();
      },
    },
    "its right": {
      id: "rights",
      onAclCheck(client, topic, access) { // allowed at CONNECT, not later
        if (topic !== "will" || access !== "write") return undefined;
        note();
        return client.connected ? true : false;
      },
    },
  };
}

for (const name of Object.keys(refusals([]))) {
  Deno.test(`a delayed will that was refused is not asked about again after a restart: ${name}`, async () => {
    const asked: string[] = [];
    await using world = await new RestartWorld({ hooks: [refusals(asked)[name]] }).start();
    await observe(world);
    await (await world.connect("owner", { will: delayed(5) })).cut();
    const before = asked.length;
    await world.advance(5 * SECOND);
    assertEquals(asked.length, before + 1);
    await world.crash();
    await world.advance(10 * SECOND);
    assertEquals(asked.length, before + 1);
    assertEquals(await received(world), []);
    assertEquals((await world.connect("owner")).connack!.sessionPresent, true);
  });
}

Deno.test("who is the first to connect after a restart finds no session whose time has passed", async () => {
  await using world = await new RestartWorld().start();
  const will = { topic: "will", qos: 1, properties: { willDelayInterval: 1_000 } } as const;
  await world.connect("transient", { will, properties: ENDS });
  await (await world.connect("short", { will, properties: { sessionExpiryInterval: 10 } })).cut();
  await (await world.connect("long", { will, properties: { sessionExpiryInterval: 11 } })).cut();
  const store = copyOf(world.store);
  await world.stop();
  await world.clock.advance(10 * SECOND);
  await world.start(store); // and no timer fires
  const present: unknown[] = [];
  for (const id of ["transient", "short", "long"]) present.push((await world.connect(id)).connack!.sessionPresent);
  assertEquals(present, [false, false, true]);
});

Deno.test("a right that asks where a client came from holds for its will after a restart", async () => {
  const origins: string[] = [];
  const rights: Hook = {
    id: "rights",
    onAclCheck(client, topic, access) {
      if (topic === "will" && access === "write") origins.push(`${client.remoteAddress} ${client.listenerId}`);
      return undefined;
    },
  };
  await using world = await new RestartWorld({ hooks: [rights] }).start();
  await observe(world);
  await world.connect("owner", { will: { topic: "will", qos: 1 }, properties: ENDS });
  await world.crash();
  assertEquals(await received(world), ["will"]);
  const [atConnect, ofFirstRun, afterRestart] = origins;
  assert(atConnect.length > 2, "there is something to compare");
  assertEquals([ofFirstRun, afterRestart], [atConnect, atConnect]);
});

Deno.test("a delayed will for which there is no room is given up for good", async () => {
  await using world = await new RestartWorld({ capabilities: { maximumRetainedMessages: 0 } }).start();
  const will = { topic: "will", retain: true, properties: { willDelayInterval: 5 } };
  await (await world.connect("owner", { will })).cut();
  const warnings = () => world.logger.of("warn").filter((line) => line === "a will was refused").length;
  await world.advance(5 * SECOND);
  assertEquals(warnings(), 1);
  await world.crash();
  await world.advance(10 * SECOND);
  assertEquals(warnings(), 1);
});

for (const [session, properties] of Object.entries(SESSIONS)) {
  Deno.test(`a will whose hook does not answer before the end is sent by the next run: a session that ${session}`, async () => {
    let answers = false;
    const silent: Hook = { id: "silent", onWill: () => answers ? undefined : new Promise<void>(() => {}) };
    await using world = await new RestartWorld({ hooks: [silent], hookTimeout: 600_000 }).start();
    await observe(world);
    await (await world.connect("owner", { will: { topic: "will", qos: 1 }, properties })).cut();
    const closing = world.stop();
    await world.advance(10 * SECOND);
    await closing;
    answers = true;
    await world.start();
    await world.advance(0);
    assertEquals(await received(world), ["will"]);
    await world.crash();
    assertEquals(await received(world), []);
  });
}
