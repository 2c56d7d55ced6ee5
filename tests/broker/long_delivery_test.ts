/** A message that reaches thousands is delivered in portions, and nobody can tell but by the time that others have meanwhile. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import { Core } from "../../src/broker/core/core.ts";
import { LongDeliveries } from "../../src/broker/core/long_deliveries.ts";
import { Portions } from "../../src/broker/core/portions.ts";
import { resolveOptions } from "../../src/broker/core/resolve_options.ts";
import { deliverTo } from "../../src/broker/routing/deliver_all.ts";
import { deliverInPortions, MANY, SOME } from "../../src/broker/routing/long_delivery.ts";
import { choose } from "../../src/broker/routing/recipients.ts";
import type { Hook } from "../../src/hook/hook.ts";
import { Message } from "../../src/session/message.ts";
import type { Session } from "../../src/session/session.ts";
import { parseTopicFilter } from "../../src/topics/topic_filter.ts";
import { Harness, PacketType } from "../helpers/harness.ts";
import { until } from "../helpers/until.ts";

/** What the subscribers have, each in the order in which it came. */
class Crowd {
  readonly received: string[][] = [];
  count = 0;
  /** Called when the first one has a message. */
  atFirst: (() => void) | undefined;
  readonly #harness: Harness;
  readonly #filter: string;

  constructor(harness: Harness, size: number = MANY, filter = "t") {
    this.#harness = harness;
    this.#filter = filter;
    for (let id = 1; id <= size; id++) {
      const mine: string[] = [];
      this.received.push(mine);
      harness.broker.subscribe(filter, (_, { payload }) => {
        this.count++;
        mine.push(new TextDecoder().decode(payload));
        if (id === 1) this.atFirst?.();
      }, { id });
    }
  }

  /** The last ones do not want it any more. */
  shrinkTo(size: number): void {
    for (let id = size + 1; id <= this.received.length; id++) this.#harness.broker.unsubscribe(this.#filter, { id });
    this.received.length = size;
  }

  assertAllHave(...payloads: string[]): void {
    const other = this.received.find((mine) => mine.join() !== payloads.join());
    assertEquals(other, undefined);
  }
}

Deno.test("others have their turn while a message is delivered to thousands, and it is acknowledged when all have it", async () => {
  await using harness = await Harness.start();
  const crowd = new Crowd(harness), publisher = await harness.connect("p");
  let meanwhile: number | undefined;
  crowd.atFirst = () => setImmediate(() => meanwhile = crowd.count);
  assertEquals(await publisher.publish("t", "x", { qos: 1 }), 0);
  assertEquals(crowd.count, MANY);
  assert(meanwhile! < MANY, `${meanwhile} have had it`);
  crowd.assertAllHave("x");
});

Deno.test("to one less it is delivered in one turn", async () => {
  await using harness = await Harness.start();
  const crowd = new Crowd(harness, MANY - 1), publisher = await harness.connect("p");
  let meanwhile: number | undefined;
  crowd.atFirst = () => queueMicrotask(() => meanwhile = crowd.count);
  await publisher.publish("t", "x", { qos: 1 });
  assertEquals(meanwhile, MANY - 1);
});

for (const qos of [0, 1, 2] as const) {
  Deno.test(`messages of a client keep their order, its will included, however many are left at QoS ${qos}`, async () => {
    await using harness = await Harness.start();
    const crowd = new Crowd(harness), payload = new TextEncoder().encode("will");
    const publisher = await harness.connect({ clientId: "p", will: { topic: "t", qos, payload } });
    const all = Promise.withResolvers<void>();
    harness.broker.subscribe("t", (_, packet) => {
      if (new TextDecoder().decode(packet.payload) === "will") all.resolve();
    }, { id: 100_000 });
    crowd.atFirst = () => {
      crowd.atFirst = undefined;
      crowd.shrinkTo(MANY / 2); // what comes next reaches fewer
      harness.broker.clients.get("p")!.disconnect();
    };
    const packet = { type: PacketType.PUBLISH, topic: "t", qos, retain: false, dup: false } as const;
    await publisher.send(...["1", "2"].map((text, index) => ({
      ...packet,
      payload: new TextEncoder().encode(text),
      packetId: qos === 0 ? 0 : index + 1,
    })));
    await all.promise;
    await harness.settle();
    for (const mine of crowd.received) {
      assertEquals([mine[0], mine.at(-1), mine.toSorted()], ["1", "will", mine]);
    }
  });
}

for (const topic of ["t", "u"]) {
  Deno.test(`a message to ${topic} for few overtakes none for many that waits behind one to t`, async () => {
    await using harness = await Harness.start();
    const crowd = new Crowd(harness, MANY, "+"), third = Promise.withResolvers<unknown>();
    const [first, last] = [await harness.connect("first"), await harness.connect("last")];
    crowd.atFirst = () => {
      crowd.atFirst = undefined;
      harness.broker.publish(topic, "2").catch(third.reject);
      setImmediate(() => {
        crowd.shrinkTo(10);
        third.resolve(last.publish(topic, "3", { qos: 1 }));
      });
    };
    await first.publish("t", "1", { qos: 1 });
    await third.promise;
    crowd.assertAllHave("1", "2", "3");
  });
}

Deno.test("[v5 MQTT-3.10.4-2] who unsubscribes while others get a message does not get it after UNSUBACK", async () => {
  await using harness = await Harness.start();
  const crowd = new Crowd(harness, 4 * MANY),
    publisher = await harness.connect("p"),
    leaves = await harness.connect("l");
  await leaves.subscribe("t", { qos: 1 });
  const left = Promise.withResolvers<void>();
  crowd.atFirst = () => leaves.unsubscribe("t").then(() => left.resolve());
  assertEquals(await publisher.publish("t", "x", { qos: 1 }), 0);
  await left.promise;
  await leaves.expectNothing();
  crowd.assertAllHave("x");
});

Deno.test("[v5 MQTT-3.3.2-5] who has not got a message when it expires does not get it", async () => {
  await using harness = await Harness.start();
  const most = 2 * MANY, crowd = new Crowd(harness, most), publisher = await harness.connect("p");
  crowd.atFirst = () => void harness.clock.advance(1_001);
  const properties = { messageExpiryInterval: 1 };
  await publisher.publish("t", "x", { qos: 1, properties });
  assert(crowd.count > 0 && crowd.count < most, `${crowd.count} have had it`);
});

Deno.test("who may not read the topic does not get the message, however many do", async () => {
  let isForbidden = false;
  const acl: Hook = { id: "acl", onAclCheck: ({ id }, _, access) => !(isForbidden && id === "f" && access === "read") };
  await using harness = await Harness.start({ hooks: [acl, allowAll()] });
  const forbidden = await harness.connect("f");
  await forbidden.subscribe("t", { qos: 1 });
  await forbidden.subscribe("$share/g/t", { qos: 1 });
  const crowd = new Crowd(harness), publisher = await harness.connect("p");
  isForbidden = true;
  assertEquals(await publisher.publish("t", "x", { qos: 1 }), 0);
  await forbidden.expectNothing();
  crowd.assertAllHave("x");
});

Deno.test("a share group has another member where the chosen one leaves meanwhile", async () => {
  await using harness = await Harness.start();
  const crowd = new Crowd(harness), publisher = await harness.connect("p");
  const members = [await harness.connect("a"), await harness.connect("b")];
  for (const member of members) await member.subscribe("$share/g/t", { qos: 1 });
  crowd.atFirst = () => void members[0].cut();
  for (const text of ["1", "2"]) assertEquals(await publisher.publish("t", text, { qos: 1 }), 0);
  await members[1].expectMessage("t", "1");
  await members[1].expectMessage("t", "2");
});

Deno.test("who subscribes while others get a retained message gets it once, as a retained one", async () => {
  await using harness = await Harness.start();
  const crowd = new Crowd(harness), publisher = await harness.connect("p"), late = await harness.connect("l");
  const subscribed = Promise.withResolvers<void>();
  crowd.atFirst = () => late.subscribe("t", { qos: 1 }).then(() => subscribed.resolve());
  await publisher.publish("t", "x", { qos: 1, retain: true });
  await subscribed.promise;
  await late.expectMessage("t", "x", { retain: true });
  await late.send({ type: PacketType.PINGREQ });
  await late.expect({ type: PacketType.PINGRESP });
});

Deno.test("hooks are told that it is published when all have it", async () => {
  const seen: number[] = [], hook: Hook = { id: "seen", onPublished: () => void seen.push(crowd.count) };
  await using harness = await Harness.start({ hooks: [allowAll(), hook] });
  const crowd: Crowd = new Crowd(harness);
  await harness.broker.publish("t", "x");
  assertEquals(seen, [MANY]);
});

/** A core whose rounds come when they are called for. */
function startCore() {
  const core = new Core(resolveOptions({})), rounds: (() => void)[] = [];
  const portions = new Portions({ later: (run) => void rounds.push(run), onError: () => {} });
  return { core: Object.assign(core, { portions }), next: () => rounds.splice(0).forEach((run) => run()) };
}

function messageTo(topic: string): Message {
  return new Message({ topic, payload: new Uint8Array(0), receivedAt: 0 });
}

Deno.test("one is delivered behind the other, whatever their topics", async () => {
  const { core, next } = startCore(), done: string[] = [];
  const deliver = (topic: string, name: string) =>
    deliverInPortions(core, messageTo(topic), {
      all: 2_000,
      deliverTo: (at) => void (at === 1_999 && done.push(name)),
    });
  const all = [deliver("a", "a1"), deliver("a", "a2"), deliver("b", "b1")];
  for (let round = 0; round < 5; round++) {
    next();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(all);
  await core.longDeliveries.settled();
  assertEquals([done, core.longDeliveries.isBusy], [["a1", "a2", "b1"], false]);
});

Deno.test("what one delivery throws its publisher is told, and the next one goes on", async () => {
  const { core } = startCore();
  const fails = deliverInPortions(core, messageTo("t"), {
    all: 1,
    deliverTo: () => {
      throw new Error("no");
    },
  });
  let delivered = 0;
  const goesOn = deliverInPortions(core, messageTo("t"), { all: 3, deliverTo: () => void delivered++ });
  await assertRejects(() => fails, Error, "no");
  await goesOn;
  await core.longDeliveries.settled();
  assertEquals([delivered, core.longDeliveries.isBusy], [3, false]);
});

Deno.test("who gets a message that waits for another one is found out when it is its turn: nothing of it is held before", async () => {
  await using harness = await Harness.start();
  const crowd = new Crowd(harness), publisher = await harness.connect("p"), other = await harness.connect("other");
  for (let id = 1; id <= MANY; id++) harness.broker.subscribe("u", () => {}, { id });
  const late: string[] = [];
  crowd.atFirst = () => {
    harness.broker.publish("u", "x").catch(() => {});
    harness.broker.subscribe("u", (_, { payload }) => void late.push(new TextDecoder().decode(payload)), { id: 0 });
  };
  await publisher.publish("t", "x", { qos: 1 });
  await other.publish("u", "y", { qos: 1 });
  assertEquals(late, ["x", "y"]);
});

Deno.test("a message is acknowledged when the member has it that an async hook lets have it instead of one who left", async () => {
  const gate = Promise.withResolvers<void>(), asked = Promise.withResolvers<void>();
  let isSlow = false;
  const slow: Hook = {
    id: "slow",
    onConnectAuthenticate: () => true,
    onAclCheck({ id }, _topic, access) {
      if (!isSlow || id !== "b" || access !== "read") return true;
      asked.resolve();
      return gate.promise.then(() => true);
    },
  };
  await using harness = await Harness.start({ hooks: [slow] });
  const crowd = new Crowd(harness), publisher = await harness.connect("p");
  const [a, b] = [await harness.connect("a"), await harness.connect("b")];
  for (const member of [a, b]) await member.subscribe("$share/g/t", { qos: 1 });
  crowd.atFirst = () => {
    isSlow = true;
    a.cut();
  };
  const packetId = await publisher.sendPublish("t", "x", { qos: 1 });
  await asked.promise;
  await b.barrier();
  assertEquals(publisher.take(), undefined);
  gate.resolve();
  await b.expect({ type: PacketType.PUBLISH, topic: "t" });
  await publisher.expect({ type: PacketType.PUBACK, packetId });
});

Deno.test("a stop waits until all have a message", async () => {
  await using harness = await Harness.start();
  const crowd = new Crowd(harness), publisher = await harness.connect("p");
  crowd.atFirst = () => void harness.broker.close();
  const packetId = await publisher.sendPublish("t", "x", { qos: 2 });
  await publisher.expect({ type: PacketType.PUBREC, packetId });
  await publisher.expectDisconnect(0x8b);
  crowd.assertAllHave("x");
});

Deno.test("a message for hundreds waits for the next round when nothing is left of this one, one for less does not", async () => {
  const { core, next } = startCore(), session = () => ({ clientId: "s", client: { id: "s" } }) as Session;
  const options = { qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0, identifier: 0 } as const;
  for (let count = 0; count < SOME; count++) {
    core.tree.subscribe(session(), parseTopicFilter("many"), options);
    if (count > 0) core.tree.subscribe(session(), parseTopicFilter("few"), options);
  }
  const chosen = (topic: string) => choose(core, messageTo(topic));
  assert(!(chosen("many") instanceof Promise));
  core.portions.spend(1_000_000);
  assert(!(chosen("few") instanceof Promise));
  const later = chosen("many");
  assert(later instanceof Promise);
  await new Promise((resolve) => setImmediate(resolve)); // its turn has come, but there is nothing left
  next();
  assertEquals((await later).matched.subscribers.length, SOME);
});

for (const [receivers, isCounted] of [[SOME, true], [SOME - 1, false]] as const) {
  Deno.test(`the time that a message for ${receivers} takes ${isCounted ? "is" : "is not"} taken from the round`, () => {
    const { core } = startCore(),
      took = 5,
      slow = {
        get ended() {
          for (const until = performance.now() + took / 200; performance.now() < until;);
          return true;
        },
        client: { id: "s" },
      };
    const one = { subscriber: slow, qos: 0, subscriptions: [] };
    const matched = { subscribers: Array.from({ length: receivers }, () => one), shares: [] };
    deliverTo(core, messageTo("t"), { matched, deniedSubscribers: undefined, members: undefined } as never);
    assertEquals(core.portions.isSpent, isCounted);
  });
}

Deno.test("writes to connections that have nothing else to write count as well", async () => {
  const { core, next } = startCore();
  let delivered = 0;
  const done = deliverInPortions(core, messageTo("t"), {
    all: 2_000,
    deliverTo: () => {
      delivered++;
      core.turn.schedule({ flush: () => {} });
    },
  });
  assertEquals(delivered, 640); // four units each, in steps of 64
  while (delivered < 2_000) next();
  await done;
});

Deno.test("[v5 MQTT-3.1.2-8] what waits behind a message for thousands when the broker stops is not acknowledged, wills are sent", async () => {
  await using harness = await Harness.start();
  const crowd = new Crowd(harness, 8 * MANY), payload = new TextEncoder().encode("will");
  const publisher = await harness.connect("p"), waits = await harness.connect("w");
  await harness.connect({ clientId: "d", will: { topic: "t", payload } });
  const begun = Promise.withResolvers<void>();
  crowd.atFirst = begun.resolve;
  await Promise.all([publisher.sendPublish("t", "1", { qos: 1 }), waits.sendPublish("t", "2", { qos: 1 })]);
  await begun.promise;
  await until(() => harness.broker.info.messagesReceived === 2);
  await harness.close();
  crowd.assertAllHave("1", "will");
  await waits.expectDisconnect(0x8b);
});

Deno.test("a hook that looks at a message for hundreds holds up nobody else's", async () => {
  const gate = Promise.withResolvers<void>(), asked = Promise.withResolvers<void>();
  const slow: Hook = {
    id: "slow",
    onSelectSubscribers({ topic }, matched) {
      if (topic !== "slow") return matched;
      asked.resolve();
      return gate.promise.then(() => matched);
    },
  };
  await using harness = await Harness.start({ hooks: [slow, allowAll()] });
  const crowd = new Crowd(harness), publisher = await harness.connect("p"), other = await harness.connect("o");
  for (let id = 1; id <= SOME; id++) {
    for (const topic of ["slow", "fast"]) harness.broker.subscribe(topic, () => {}, { id });
  }
  const slowly = Promise.withResolvers<unknown>();
  crowd.atFirst = () => harness.broker.publish("slow", "x").then(slowly.resolve);
  await publisher.publish("t", "x", { qos: 1 });
  await asked.promise;
  assertEquals(await other.publish("fast", "x", { qos: 1 }), 0);
  gate.resolve();
  await slowly.promise;
});

Deno.test("hooks that do not answer hold only so much in memory: others wait then", async () => {
  const deliveries = new LongDeliveries(), gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  assertEquals(deliveries.hold(65_536, gates[0].promise), undefined);
  const waits = deliveries.hold(1, gates[1].promise);
  assert(waits instanceof Promise);
  gates[0].resolve();
  await gates[0].promise;
  await new Promise((resolve) => setImmediate(resolve));
  assertEquals(deliveries.hold(65_535, new Promise(() => {})), undefined);
  gates[1].reject(new Error("no"));
  await waits;
});
