import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import { MemoryListener } from "../../listeners/memory.ts";
import { Broker } from "../../src/broker/broker.ts";
import type { Listener, ListenerContext } from "../../src/broker/core/listener.ts";
import type { Hook, HookContext } from "../../src/hook/hook.ts";
import { silentLogger } from "../../src/hook/logger.ts";
import { PacketType } from "../../src/packets/types.ts";
import type { Client } from "../../src/session/client.ts";
import { Harness } from "../helpers/harness.ts";

/** A hook that writes down what happens to it. */
function recording(id: string, log: string[], more: Partial<Hook> = {}): Hook {
  return {
    id,
    init: () => void log.push(`init ${id}`),
    stop: () => void log.push(`stop ${id}`),
    onStarted: () => void log.push(`started ${id}`),
    onStopped: () => void log.push(`stopped ${id}`),
    ...more,
  };
}

/** A listener that writes down what happens to it. */
function listening(id: string, log: string[], more: Partial<Listener> = {}): Listener {
  return {
    id,
    protocol: "test",
    address: id,
    listen: () => void log.push(`listen ${id}`),
    close: () => void log.push(`close ${id}`),
    ...more,
  };
}

async function brokerOf(hooks: Hook[], listeners: Listener[] = [], options = {}): Promise<Broker> {
  const broker = new Broker({ sysTopicResendInterval: 0, closeTimeout: 0.05, logger: silentLogger, ...options });
  for (const hook of hooks) await broker.addHook(hook);
  for (const listener of listeners) await broker.addListener(listener);
  return broker;
}

function fail(): never {
  throw new Error("broken");
}

Deno.test("hooks start before listeners, and everything ends in the opposite order", async () => {
  const log: string[] = [];
  const broker = await brokerOf([recording("a", log), recording("b", log)], [listening("x", log), listening("y", log)]);
  assertEquals(log, []);
  await broker.serve();
  assertEquals(broker.serving, true);
  await broker.close();
  assertEquals(broker.serving, false);
  const start = ["init a", "init b", "listen x", "listen y", "started a", "started b"];
  assertEquals(log, [...start, "close x", "close y", "stopped a", "stopped b", "stop b", "stop a"]);
});

Deno.test("a broker serves once", async () => {
  const broker = await brokerOf([]);
  await broker.serve();
  await assertRejects(() => broker.serve(), Error, "Cannot serve: this broker has been started before");
  assertEquals(broker.serving, true);
  await broker.close();
  await assertRejects(() => broker.serve(), Error, "Cannot serve: the broker was closed");
});

Deno.test("closing twice is closing once", async () => {
  const log: string[] = [];
  const broker = await brokerOf([recording("a", log)]);
  await broker.serve();
  await Promise.all([broker.close(), broker.close()]);
  await broker.close();
  assertEquals(log.filter((line) => line === "stop a").length, 1);
});

Deno.test("a broker that never served closes without a word to its hooks, and stays closed", async () => {
  const log: string[] = [];
  const broker = await brokerOf([recording("a", log)], [listening("x", log)]);
  await broker.close();
  assertEquals(log, ["close x"]);
  await assertRejects(() => broker.serve(), Error, "Cannot serve: the broker was closed");
  await assertRejects(() => broker.addHook(recording("b", log)), Error, "Cannot add hook: the broker was closed");
  await assertRejects(
    () => broker.addListener(listening("y", log)),
    Error,
    "Cannot add listener: the broker was closed",
  );
});

/** Every call that does something, with what it is called in its error. */
const CALLS: [action: string, call: (broker: Broker, client: Client) => unknown][] = [
  ["publish", (broker) => broker.publish("t", "x", { retain: true, qos: 1 })],
  ["inject a packet", (broker, client) => broker.injectPacket(client, { type: PacketType.PINGREQ })],
  ["serve", (broker) => broker.serve()],
  ["add hook", (broker) => broker.addHook({ id: "late", init: unexpected, stop: unexpected })],
  ["remove hook", (broker) => broker.removeHook("a")],
  ["add listener", (broker) => broker.addListener(listening("late", [], { listen: unexpected, close: unexpected }))],
  ["remove listener", (broker) => broker.removeListener("x")],
];

const CALLS_AT_ONCE: typeof CALLS = [
  ["subscribe", (broker) => broker.subscribe("t", unexpected)],
  ["unsubscribe", (broker) => broker.unsubscribe("t")],
  ["make client", (broker) => broker.newClient()],
];

function unexpected(): never {
  throw new Error("this must not be called");
}

async function assertAllRefused(broker: Broker, client: Client): Promise<void> {
  for (const [action, call] of CALLS) {
    await assertRejects(async () => await call(broker, client), Error, `Cannot ${action}: the broker was closed`);
  }
  for (const [action, call] of CALLS_AT_ONCE) {
    assertThrows(() => call(broker, client), Error, `Cannot ${action}: the broker was closed`);
  }
}

/** A hook that notes what reaches it after its `stop`. */
function storing(late: string[], more: Partial<Hook> = {}): Hook {
  let stopped = false;
  const note = (event: string) => () => {
    if (stopped) late.push(event);
  };
  return {
    ...{ id: "a", durable: true, stop: () => void (stopped = true) },
    ...{ onPublish: note("publish"), onPublished: note("published"), onRetainMessage: note("retain") },
    ...{ onAclCheck: () => void note("acl")(), onQosPublish: note("qos"), onDisconnect: note("disconnect") },
    ...more,
  };
}

Deno.test("after the end every call is refused with one error, and nothing is touched", async () => {
  const late: string[] = [];
  const broker = await brokerOf([storing(late)], [listening("x", [])]);
  await broker.serve();
  const client = broker.newClient();
  await broker.close();
  const { retained, subscriptions, packetsReceived } = broker.info;
  await assertAllRefused(broker, client);
  assertEquals(late, []);
  assertEquals([...broker.topics.retained()], []);
  assertEquals([broker.info.retained, broker.info.subscriptions, broker.info.packetsReceived], [
    retained,
    subscriptions,
    packetsReceived,
  ]);
});

Deno.test("while the end is under way every call is refused, by listeners and hooks too", async () => {
  const asked: Promise<void>[] = [], late: string[] = [], gate = Promise.withResolvers<void>();
  const ask = () => void asked.push(assertAllRefused(broker, client));
  const hooks = [storing(late), recording("last", [], { onStopped: ask, stop: () => gate.promise })];
  const broker = await brokerOf(hooks, [listening("x", [], { close: ask })]);
  await broker.serve();
  const client = broker.newClient();
  const closing = broker.close();
  ask();
  gate.resolve();
  await closing;
  assertEquals(asked.length, 3);
  await Promise.all(asked);
  assertEquals(late, []);
});

Deno.test("calls that are under way at the end come to an end, and reach no hook that is stopped", async () => {
  for (const answers of [true, false]) {
    const late: string[] = [], gate = Promise.withResolvers<void>();
    const slow: Hook = { id: "slow", onPublish: () => gate.promise };
    const broker = await brokerOf([storing(late), slow]);
    await broker.serve();
    const client = broker.newClient();
    const packet = { type: PacketType.PUBLISH, topic: "t", payload: new Uint8Array(1), dup: false } as const;
    const calls = [
      broker.publish("t", "x", { retain: true, qos: 1 }),
      broker.publish("t", "y", { retain: true, qos: 1 }),
      broker.injectPacket(client, { ...packet, qos: 1, retain: true, packetId: 1 }),
    ];
    const ended = Promise.allSettled(calls);
    await broker.close();
    if (answers) gate.resolve();
    for (const { status, ...rest } of await ended) {
      assertEquals([status, `${(rest as PromiseRejectedResult).reason.message.split(": ")[1]}`], [
        "rejected",
        "the broker was closed",
      ]);
    }
    await new Promise((resolve) => setTimeout(resolve, 0));
    assertEquals(late, []);
  }
});

Deno.test("what a call returns later never throws at once", async () => {
  await using harness = await Harness.start({ inlineClient: false });
  const wrong = undefined as never;
  const calls: ((broker: Broker) => Promise<unknown>)[] = [
    (broker) => broker.publish("a/#", ""),
    (broker) => broker.publish(wrong, wrong, wrong),
    (broker) => broker.injectPacket(wrong, wrong),
    (broker) => broker.addHook(wrong),
    (broker) => broker.addHook(harness.broker.hooks[0]),
    (broker) => broker.addListener(wrong),
    (broker) => broker.serve(),
  ];
  await using other = await Harness.start();
  for (const { broker } of [harness, other]) {
    for (const call of calls) {
      const promise = call(broker); // a throw here would fail the test
      await assertRejects(() => promise, Error);
    }
  }
});

Deno.test("await using closes", async () => {
  const log: string[] = [];
  {
    await using broker = await brokerOf([recording("a", log)]);
    await broker.serve();
  }
  assertEquals(log.at(-1), "stop a");
});

Deno.test("what fails at the start stops what has started, and nothing else", async () => {
  const table: [hooks: (log: string[]) => Hook[], listeners: (log: string[]) => Listener[], log: string[]][] = [
    [
      (log) => [recording("a", log), recording("bad", log, { init: fail }), recording("c", log)],
      (log) => [listening("x", log)],
      ["init a", "close x", "stop a"],
    ],
    [
      (log) => [recording("a", log), recording("bad", log, { init: () => Promise.reject(new Error("broken")) })],
      () => [],
      ["init a", "stop a"],
    ],
    [
      (log) => [recording("a", log, { storedClients: fail })],
      (log) => [listening("x", log)],
      ["init a", "close x", "stop a"],
    ],
    [
      (log) => [recording("a", log)],
      (log) => [listening("x", log), listening("bad", log, { listen: fail }), listening("z", log)],
      ["init a", "listen x", "close x", "close bad", "close z", "stop a"],
    ],
  ];
  for (const [hooks, listeners, expected] of table) {
    const log: string[] = [], broker = await brokerOf(hooks(log), listeners(log));
    await assertRejects(() => broker.serve(), Error);
    assertEquals(log, expected);
    assertEquals(broker.serving, false);
    await broker.close();
  }
});

Deno.test("a hook that hangs while it starts ends the start", async () => {
  const log: string[] = [], init = () => new Promise<void>(() => {});
  const broker = await brokerOf([recording("a", log), recording("slow", log, { init })], [], {
    hookLifecycleTimeout: 20,
  });
  await assertRejects(() => broker.serve(), Error, "no answer from hook slow to init within hookLifecycleTimeout");
  assertEquals(log, ["init a", "stop a"]);
});

Deno.test("a hook that throws, rejects or hangs at its end holds nobody up", async () => {
  for (const stop of [fail, () => Promise.reject(new Error("broken")), () => new Promise<void>(() => {})]) {
    const log: string[] = [];
    const hooks = [recording("a", log), recording("bad", log, { stop })];
    const broker = await brokerOf(hooks, [], { hookLifecycleTimeout: 20 });
    await broker.serve();
    await broker.close();
    assertEquals(log.at(-1), "stop a");
  }
});

Deno.test("a listener that throws, rejects or hangs at its end holds nobody up", async () => {
  for (const close of [fail, () => Promise.reject(new Error("broken")), () => new Promise<void>(() => {})]) {
    const log: string[] = [];
    const broker = await brokerOf([recording("a", log)], [listening("bad", log, { close }), listening("x", log)]);
    await broker.serve();
    await broker.close();
    assert(log.includes("close x"));
    assertEquals(log.at(-1), "stop a");
  }
});

Deno.test("closing while the start goes on leaves nothing behind", async () => {
  const log: string[] = [], gate = Promise.withResolvers<void>();
  const slow = recording("slow", log, { init: () => gate.promise });
  const broker = await brokerOf([slow, recording("b", log)], [listening("x", log)]);
  const serving = broker.serve();
  const closed = broker.close();
  gate.resolve();
  await assertRejects(() => serving, Error, "the broker was closed");
  await closed;
  assert(log.includes("stop slow") && !log.includes("listen x"));
  assertEquals(log.includes("init b"), log.includes("stop b"));
});

Deno.test("closing while a listener starts closes it", async () => {
  const log: string[] = [], gate = Promise.withResolvers<void>();
  const broker = await brokerOf([], [listening("slow", log, { listen: () => gate.promise }), listening("y", log)]);
  const serving = broker.serve();
  await new Promise((resolve) => setTimeout(resolve, 1));
  const closed = broker.close();
  gate.resolve();
  await assertRejects(() => serving, Error, "the broker was closed");
  await closed;
  assertEquals(log, ["close slow", "close y", "close slow"]);
});

Deno.test("hooks that are added at run time start, take part and stop", async () => {
  const log: string[] = [];
  await using harness = await Harness.start();
  const { broker } = harness;
  await broker.addHook(recording("late", log, { onConnect: () => void log.push("connect") }));
  await harness.connect("a");
  assertEquals(log, ["init late", "connect"]);
  assertEquals(broker.hooks.map(({ id }) => id), ["allow-all", "late"]);
  assertEquals(await broker.removeHook("late"), true);
  assertEquals(await broker.removeHook("late"), false);
  await harness.connect("b");
  assertEquals(log, ["init late", "connect", "stop late"]);
});

Deno.test("a hook that cannot be added is stopped if it was started", async () => {
  const log: string[] = [];
  await using harness = await Harness.start();
  const { broker } = harness;
  const taken = recording("allow-all", log);
  const store = { ...recording("store", log), durable: true };
  await assertRejects(
    () => broker.addHook(store),
    Error,
    "Cannot add hook store: a store has to be added before serve",
  );
  await assertRejects(() => broker.addHook(taken), Error, `Cannot add hook: id "allow-all" is already in use`);
  assertEquals(log, []);
  await assertRejects(() => broker.addHook(recording("bad", log, { init: fail })), Error, "broken");
  assertEquals(broker.hooks.length, 1);
  const gate = Promise.withResolvers<void>();
  const first = broker.addHook(recording("twin", log, { init: () => gate.promise }));
  await broker.addHook(recording("twin", log));
  gate.resolve();
  await assertRejects(() => first, Error, `id "twin" is already in use`);
  assertEquals(log, ["init twin", "stop twin"]);
});

Deno.test("a hook is given its options, the clock, the logger and the counters", async () => {
  let seen: unknown[] = [];
  const hook: Hook = {
    id: "a",
    init(options: unknown, context: HookContext) {
      seen = [options, typeof context.clock.now(), typeof context.logger.info, context.info().clientsConnected];
    },
  };
  const broker = new Broker({ sysTopicResendInterval: 0 });
  await broker.addHook(hook, { folder: "x" });
  await broker.serve();
  assertEquals(seen, [{ folder: "x" }, "number", "function", 0]);
  await broker.close();
});

Deno.test("listeners come and go while clients stay", async () => {
  await using harness = await Harness.start();
  const { broker } = harness, second = new MemoryListener({ id: "second" });
  const first = await harness.connect("a");
  await broker.addListener(second);
  await assertRejects(() => broker.addListener(second), Error, `Cannot add listener: id "second" is already in use`);
  assertEquals([...broker.listeners.keys()], ["memory", "second"]);
  assertEquals(await broker.removeListener("memory"), true);
  assertEquals(await broker.removeListener("memory"), false);
  await first.expectNothing();
  await assertRejects(() => harness.connect("b"), Error, "does not listen");
  second.connect().close();
});

Deno.test("a listener that cannot listen at run time is not kept", async () => {
  await using harness = await Harness.start();
  const bad = listening("bad", [], { listen: fail });
  await assertRejects(() => harness.broker.addListener(bad), Error, "broken");
  assertEquals([...harness.broker.listeners.keys()], ["memory"]);
});

Deno.test("listeners ask for counters and health", async () => {
  const contexts: ListenerContext[] = [];
  let well = true;
  const hooks: Hook[] = [allowAll(), { id: "store", healthy: () => well }];
  const broker = await brokerOf(hooks, [listening("x", [], { listen: (given) => void contexts.push(given) })]);
  assertEquals(broker.healthy, false);
  await broker.serve();
  assertEquals([contexts[0].healthy(), contexts[0].info().clientsTotal], [true, 0]);
  well = false;
  assertEquals([contexts[0].healthy(), broker.healthy], [false, false]);
  well = true;
  await broker.close();
  assertEquals(contexts[0].healthy(), false);
});

Deno.test("a socket that comes behind the end is closed", async () => {
  const contexts: ListenerContext[] = [];
  const broker = await brokerOf([allowAll()], [listening("x", [], { listen: (given) => void contexts.push(given) })]);
  await broker.serve();
  await broker.close();
  let closed = false;
  await contexts[0].accept({
    remoteAddress: "test",
    read: () => Promise.reject(new Error("nobody reads")),
    write: () => Promise.reject(new Error("nobody writes")),
    close: () => void (closed = true),
  });
  assertEquals(closed, true);
});

Deno.test("the end tells MQTT 5 clients, lets last words leave and ends within its time", async () => {
  await using harness = await Harness.start();
  const five = await harness.connect("five");
  const four = await harness.connect({ clientId: "four", protocolVersion: 4 });
  const dying = await harness.connect({ clientId: "dying", will: { topic: "will" } });
  await five.subscribe("will");
  await harness.close();
  await five.expectMessage("will", "gone");
  await five.expectDisconnect(0x8b);
  await four.expectClosed();
  await dying.expectDisconnect(0x8b);
});

Deno.test("packets are injected only for clients that newClient has made", async () => {
  const broker = new Broker();
  await assertRejects(() => broker.injectPacket({} as never, { type: 12 }), Error, "was not made by newClient");
  await broker.close();
});

Deno.test("info is a copy", () => {
  const broker = new Broker();
  broker.info.clientsConnected = 99;
  assertEquals(broker.info.clientsConnected, 0);
});

Deno.test("errors of a hook are told once a period, and anew when it was taken off and added again", async () => {
  const failing = (id: string): Hook => ({
    id,
    onSessionEstablished: () => {
      throw new Error(`${id} fails`);
    },
  });
  await using harness = await Harness.start({ hooks: [allowAll(), failing("a"), failing("b")], errorsExpected: true });
  const told = () => harness.errors.splice(0).map((line) => /Error: (\w)/.exec(line)?.[1]);
  await harness.connect("1");
  assertEquals(told(), ["a", "b"]);
  await harness.connect("2");
  assertEquals(told(), []);
  await harness.broker.removeHook("a");
  await harness.broker.addHook(failing("a"));
  await harness.connect("3");
  assertEquals(told(), ["a"]);
});
