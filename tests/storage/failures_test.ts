import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { StoreLostError } from "../../hooks/storage/engine.ts";
import { MemoryEngine, MemoryStore } from "../../hooks/storage/memory_engine.ts";
import { storageHook } from "../../hooks/storage/storage_hook.ts";
import { newSystemInfo } from "../../src/hook/system_info.ts";
import { MqttError } from "../../src/packets/errors.ts";
import { gated, note, settle, start } from "./gated_engine.ts";
import { connect, hookContext, inbound, message, outbound } from "./world.ts";
import { until } from "../helpers/until.ts";

Deno.test("a failing store withholds, is told once a period, and everything recovers in order", async () => {
  const { engine, hook, logger } = await gated({ logPeriod: 60_000 }),
    { client, session } = connect("c"),
    log: string[] = [];
  note(log, "session", hook.onSessionEstablished!(client, session));
  for (let failure = 0; failure < 3; failure++) {
    await engine.fail(new Error("no space left on device"));
    assertEquals(hook.healthy!(), false);
  }
  note(log, "message", hook.onQosPublish!(client, outbound(session, message("t", "1"))));
  assertEquals(log, []);
  assertEquals(logger.of("error"), ["the store does not take changes, acknowledgements are withheld"]);
  assertEquals(logger.lines.find(({ level }) => level === "error")!.fields!.error, "no space left on device");
  await engine.pass();
  assertEquals(log, ["session"]);
  assertEquals(hook.healthy!(), true);
  await engine.pass();
  assertEquals(log, ["session", "message"]);
  assertEquals(hook.stats.failures, 3);
  assertEquals(logger.of("info").at(-1), "the store works again");
  await hook.stop!();
});

Deno.test("every failure is told when the period is over", async () => {
  const { engine, hook, logger } = await gated({ logPeriod: 0 }), { client, session } = connect("c");
  hook.onSessionEstablished!(client, session);
  for (let failure = 0; failure < 3; failure++) await engine.fail(new Error("no"));
  assertEquals(logger.of("error").length, 3);
  await engine.pass();
  await hook.stop!();
});

Deno.test("a lost store refuses everything for good", async () => {
  const { engine, hook } = await gated(), { client, session } = connect("c"), log: string[] = [];
  note(log, "session", hook.onSessionEstablished!(client, session));
  await settle();
  note(log, "waiting", hook.onQosPublish!(client, outbound(session, message("t", "1"))));
  await engine.fail(new StoreLostError("another broker has taken over the store"));
  assertEquals(log, ["session: 131", "waiting: 131"]);
  assertEquals(hook.healthy!(), false);
  const error = assertThrows(() => hook.onQosPublish!(client, outbound(session, message("t", "2"))), MqttError);
  assertEquals(error.reasonCode, 0x83);
  await hook.stop!();
});

for (const reason of [undefined, null, "", 0, false]) {
  Deno.test(`a commit that fails with ${JSON.stringify(reason)} has failed`, async () => {
    const { engine, hook, logger } = await gated(), { client, session } = connect("c"), log: string[] = [];
    note(log, "session", hook.onSessionEstablished!(client, session));
    await engine.fail(reason as never);
    assertEquals([log, hook.healthy!(), hook.stats.failures], [[], false, 1]);
    assertEquals(logger.lines.find(({ level }) => level === "error")!.fields!.error, String(reason));
    await engine.pass();
    assertEquals([log, hook.healthy!()], [["session"], true]);
    await hook.stop!();
  });
}

Deno.test("a storage that was stopped refuses everything and leaves its engine alone", async () => {
  const { engine, hook } = await gated(), { client, session } = connect("c"), log: string[] = [];
  engine.gated = false;
  await hook.onSessionEstablished!(client, session);
  const record = outbound(session, message("t", "1"));
  await hook.onQosPublish!(client, record);
  await hook.stop!();
  engine.gated = true;
  assertThrows(() => hook.onQosPublish!(client, outbound(session, message("t", "2"))), MqttError, "was stopped");
  assertThrows(() => hook.onRetainMessage!(client, message("t", "3")), MqttError, "was stopped");
  note(log, "cleared", hook.onRetainMessage!(client, message("t", "")));
  note(log, "ended", hook.onClientExpired!(client));
  await until(() => log.length === 2, "the refusals");
  assertEquals(log, ["cleared: 131", "ended: 131"]);
  assertEquals(engine.begun, []);
});

Deno.test("a backlog has a limit: new things are refused, progress is not", async () => {
  const { engine, hook } = await gated({ maximumPendingMutations: 4 }), { client, session } = connect("c");
  hook.onSessionEstablished!(client, session);
  const records = [1, 2, 3].map((text) => outbound(session, message("t", String(text), { qos: 2 })));
  for (const record of records) hook.onQosPublish!(client, record);
  const transient = connect("e", 0);
  transient.session.will = {
    will: { topic: "w", payload: new Uint8Array(1), qos: 0, retain: false },
    dueAt: undefined,
  };
  const options = { qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0, identifier: 0 } as const;
  const granted = { clientId: "c", topicFilter: "t", ...options };
  assertEquals(hook.onSubscribed!(client, [{ ...granted, reasonCode: 0x97 }]), undefined); // there is nothing to store
  const refusals = [
    () => hook.onQosPublish!(client, outbound(session, message("t", "4"))),
    () => hook.onQosPublish!(client, inbound(session, 9)),
    () => hook.onRetainMessage!(client, message("t", "5")),
    () => hook.onSubscribed!(client, [{ ...granted, reasonCode: 0 }]),
    () => hook.onSessionEstablished!(connect("d").client, connect("d").session),
    () => hook.onSessionEstablished!(transient.client, transient.session), // it has a will
  ];
  for (const refused of refusals) assertEquals(assertThrows(refused, MqttError).reasonCode, 0x97);
  assertEquals(hook.stats.refused, 6);
  records[0].state = "released";
  records[0].message = undefined;
  const released = hook.onQosPublish!(client, records[0]);
  hook.onQosComplete!(client, records[1]);
  hook.onRetainMessage!(client, message("t", ""));
  await engine.pass();
  await released;
  engine.gated = false;
  await until(() => hook.stats.pendingMutations === 0);
  await hook.onQosPublish!(client, outbound(session, message("t", "6"))); // there is room again
  await hook.stop!();
});

Deno.test("a backlog has a limit in bytes", async () => {
  const { engine, hook } = await gated({ maximumPendingBytes: 10_000 }), { client, session } = connect("c");
  hook.onSessionEstablished!(client, session);
  hook.onQosPublish!(client, outbound(session, message("t", "x".repeat(20_000))));
  const refused = () => hook.onQosPublish!(client, outbound(session, message("t", "1")));
  assertEquals(assertThrows(refused, MqttError).reasonCode, 0x97);
  await engine.pass();
  await hook.stop!();
});

Deno.test("relaxed: nobody waits, and the stop commits what is left", async () => {
  const store = new MemoryStore();
  const { hook } = await start(new MemoryEngine(store), { durability: "relaxed" }), { client, session } = connect("c");
  assertEquals(hook.durable, false);
  assertEquals(hook.onSessionEstablished!(client, session), undefined);
  assertEquals(hook.onQosPublish!(client, outbound(session, message("t", "1"))), undefined);
  assertEquals(store.groups.has("c=c"), false);
  await hook.stop!();
  assertEquals([...store.groups.get("c=c")!.keys()].sort(), ["c", "o1"]);
});

Deno.test("relaxed: commits follow by themselves", async () => {
  const store = new MemoryStore();
  const { hook } = await start(new MemoryEngine(store), { durability: "relaxed" }), { client, session } = connect("c");
  hook.onSessionEstablished!(client, session);
  await until(() => store.groups.has("c=c"), "the commit");
  await hook.stop!();
});

Deno.test("stop waits for the last commit", async () => {
  const { engine, hook } = await gated(), { client, session } = connect("c"), log: string[] = [];
  note(log, "session", hook.onSessionEstablished!(client, session));
  const stopped = Promise.resolve(hook.stop!()).then(() => log.push("stopped"));
  await settle();
  assertEquals(log, []);
  await engine.pass();
  await stopped;
  assertEquals(log, ["session", "stopped"]);
});

Deno.test("stop does not wait for ever, and says what was lost", async () => {
  const { hook, logger } = await gated({ stopTimeout: 30 }), { client, session } = connect("c"), log: string[] = [];
  note(log, "session", hook.onSessionEstablished!(client, session));
  await hook.stop!();
  assertEquals(log, ["session: 131"]);
  assertEquals(logger.of("error"), ["changes were not committed before the stop"]);
});

Deno.test("a store that does not answer is told of and not well, until it answers", async () => {
  const { engine, hook, logger } = await gated(), { client, session } = connect("c"), { now } = performance;
  hook.onSessionEstablished!(client, session);
  await settle();
  assertEquals(hook.healthy!(), true);
  try {
    performance.now = () => now.call(performance) + 11_000;
    assertEquals(hook.healthy!(), false);
    hook.onSysInfoTick!(newSystemInfo("test", 0));
  } finally {
    performance.now = now;
  }
  assertEquals(logger.lines.at(-1)!.fields, { error: "no answer for 11 s", failures: 1, pending: 1 });
  assertEquals(hook.healthy!(), false);
  await engine.pass();
  assertEquals(hook.healthy!(), true);
  await hook.stop!();
});

Deno.test("options that make no sense are refused", async () => {
  assertThrows(
    () => storageHook(new MemoryEngine(), { durability: "often" as "strict" }),
    Error,
    'Cannot use durability: current value is "often"',
  );
  const engine = new MemoryEngine();
  const hook = storageHook(engine), second = storageHook(engine);
  await hook.init!(undefined, hookContext());
  await assertRejects(async () => await second.init!(undefined, hookContext()), Error, "another broker");
  await hook.stop!();
});
