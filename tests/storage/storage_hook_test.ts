import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Changes, StorageEngine } from "../../hooks/storage/engine.ts";
import { StoreLostError } from "../../hooks/storage/engine.ts";
import { MemoryEngine, MemoryStore } from "../../hooks/storage/memory_engine.ts";
import type { StorageHook, StorageOptions } from "../../hooks/storage/options.ts";
import { storageHook } from "../../hooks/storage/storage_hook.ts";
import { MqttError } from "../../src/packets/errors.ts";
import { connect, hookContext, inbound, LineLogger, message, outbound, until } from "./world.ts";

/** An engine whose commits the test lets through, one by one, or fails. */
class GatedEngine extends MemoryEngine {
  readonly begun: Changes[] = [];
  gated = true;
  readonly #gates: { let: () => void; fail: (error: Error) => void }[] = [];

  override async commit(changes: Changes): Promise<void> {
    if (this.gated) {
      this.begun.push(changes);
      await new Promise<void>((resolve, reject) => this.#gates.push({ let: resolve, fail: reject }));
    }
    await super.commit(changes);
  }

  async pass(): Promise<void> {
    await until(() => this.#gates.length > 0, "a commit");
    this.#gates.shift()!.let();
    await settle();
  }

  async fail(error: Error): Promise<void> {
    await until(() => this.#gates.length > 0, "a commit");
    this.#gates.shift()!.fail(error);
    await settle();
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

async function start(
  engine: StorageEngine,
  options: StorageOptions = {},
): Promise<{ hook: StorageHook; logger: LineLogger }> {
  const hook = storageHook(engine, options), logger = new LineLogger();
  await hook.init!(undefined, hookContext(logger));
  await hook.storedClients!();
  return { hook, logger };
}

/** A gated engine with an open hook. */
async function gated(
  options: StorageOptions = {},
): Promise<{ engine: GatedEngine; hook: StorageHook; logger: LineLogger }> {
  const engine = new GatedEngine();
  engine.gated = false;
  const started = await start(engine, options);
  engine.gated = true;
  return { engine, ...started };
}

function itemsOf(changes: Changes): string[] {
  const all: string[] = [];
  for (const [group, { dropped, items }] of changes) {
    if (dropped) all.push(`drop ${group}`);
    for (const [item, value] of items) all.push(`${value === undefined ? "delete" : "put"} ${group}/${item}`);
  }
  return all;
}

/** Notes when a promise settles. */
function note(log: string[], name: string, promise: unknown): void {
  (promise as Promise<void>).then(() => log.push(name), (error) => log.push(`${name}: ${error.reasonCode}`));
}

Deno.test("changes gather while a commit is under way, and settle in order after theirs", async () => {
  const { engine, hook } = await gated(), { client, session } = connect("c"), log: string[] = [];
  note(log, "session", hook.onSessionEstablished!(client, session));
  await settle();
  note(log, "first", hook.onQosPublish!(client, outbound(session, message("t", "1"))));
  await settle();
  note(log, "second", hook.onQosPublish!(client, outbound(session, message("t", "2"))));
  await settle();
  assertEquals(log, []);
  assertEquals(engine.begun.map(itemsOf), [["put c=c/c"]]);
  await engine.pass();
  assertEquals(log, ["session"]);
  assertEquals(itemsOf(engine.begun[1]), ["put c=c/o1", "put c=c/o2"]);
  assertEquals(hook.stats.pendingMutations, 2);
  await engine.pass();
  assertEquals(log, ["session", "first", "second"]);
  assertEquals(hook.stats.pendingMutations, 0);
  assertEquals(hook.stats.commits, 2);
  await hook.stop!();
});

Deno.test("all changes of one turn are one commit, of many clients too", async () => {
  const { engine, hook } = await gated();
  const clients = [1, 2, 3].map((id) => connect(`c${id}`));
  for (const { client, session } of clients) hook.onSessionEstablished!(client, session);
  await settle();
  assertEquals(engine.begun.length, 1);
  assertEquals(itemsOf(engine.begun[0]).length, 3);
  await engine.pass();
  await hook.stop!();
});

Deno.test("what is finished before its commit began is never written", async () => {
  const { engine, hook } = await gated(), { client, session } = connect("c"), log: string[] = [];
  hook.onSessionEstablished!(client, session);
  await settle();
  const record = outbound(session, message("t", "1"));
  note(log, "put", hook.onQosPublish!(client, record));
  hook.onQosComplete!(client, record);
  const large = outbound(session, message("t", "x".repeat(1_000)));
  hook.onQosPublish!(client, large);
  hook.onQosDropped!(client, large);
  await engine.pass();
  assertEquals(log, ["put"]); // nothing to commit: the acknowledgement may go
  assertEquals(engine.begun.length, 1);
  await hook.stop!();
});

Deno.test("what an earlier commit has written, or is writing, is removed", async () => {
  const { engine, hook } = await gated(), { client, session } = connect("c");
  hook.onSessionEstablished!(client, session);
  const record = outbound(session, message("t", "1"));
  hook.onQosPublish!(client, record);
  await settle();
  record.state = "sent";
  record.packetId = 7;
  hook.onQosPublish!(client, record); // while the first state is being written
  hook.onQosComplete!(client, record);
  await engine.pass();
  assertEquals(itemsOf(engine.begun[1]), ["delete c=c/o1"]);
  await engine.pass();
  await hook.stop!();
});

Deno.test("a Packet Identifier that is used again is not lost", async () => {
  const { engine, hook } = await gated(), { client, session } = connect("c"), record = inbound(session, 7);
  hook.onSessionEstablished!(client, session);
  hook.onQosPublish!(client, record);
  await engine.pass();
  hook.onQosComplete!(client, record);
  hook.onQosPublish!(client, inbound(session, 7));
  await settle();
  assertEquals(itemsOf(engine.begun[1]), ["put c=c/i7"]);
  await engine.pass();
  await hook.stop!();
});

Deno.test("the messages of one PUBLISH and its Packet Identifier are never divided", async () => {
  const engine = new GatedEngine();
  Object.defineProperty(engine, "limits", { value: { mutations: 10, keyBytes: 100_000, valueBytes: 100_000 } });
  engine.gated = false;
  const { hook } = await start(engine), publisher = connect("p"), receivers = [1, 2, 3].map((id) => connect(`r${id}`));
  for (const { client, session } of [publisher, ...receivers]) await hook.onSessionEstablished!(client, session);
  engine.gated = true;
  for (let packetId = 1; packetId <= 30; packetId++) { // one read with 30 packets
    const content = message("t", String(packetId), { qos: 2 });
    for (const { client, session } of receivers) hook.onQosPublish!(client, outbound(session, content));
    hook.onQosPublish!(publisher.client, inbound(publisher.session, packetId));
  }
  await settle();
  while (hook.stats.pendingMutations > 0) await engine.pass();
  for (const changes of engine.begun) {
    const inboundIds = [...changes.get("c=p")!.items.keys()].map((item) => Number(item.slice(1)));
    assert(inboundIds.length <= 2, "more than the engine likes");
    for (const { client } of receivers) {
      const sequences = [...changes.get(`c=${client.id}`)!.items.keys()].map((item) => Number(item.slice(1)));
      assertEquals(sequences, inboundIds);
    }
  }
  assert(engine.begun.length >= 15);
  await hook.stop!();
});

Deno.test("what others get instead of an ended session is in the same commit", async () => {
  const engine = new GatedEngine();
  Object.defineProperty(engine, "limits", { value: { mutations: 10, keyBytes: 100_000, valueBytes: 100_000 } });
  engine.gated = false;
  const { hook } = await start(engine), gone = connect("gone"), heir = connect("heir");
  for (const { client, session } of [gone, heir]) await hook.onSessionEstablished!(client, session);
  engine.gated = true;
  for (let filler = 0; filler < 8; filler++) {
    hook.onQosPublish!(heir.client, outbound(heir.session, message("t", "filler")));
  }
  hook.onClientExpired!(gone.client);
  for (let count = 0; count < 20; count++) {
    hook.onQosPublish!(heir.client, outbound(heir.session, message("t", "passed on")));
  }
  await settle();
  while (hook.stats.pendingMutations > 0) await engine.pass();
  const withDrop = engine.begun.find((changes) => changes.has("c=gone"))!;
  assert(withDrop.get("c=gone")!.dropped);
  assert(
    [...withDrop.get("c=heir")!.items.keys()].includes("o9") &&
      [...withDrop.get("c=heir")!.items.keys()].includes("o28"),
  );
  await hook.stop!();
});

Deno.test("sessions that end with their connection cost nothing", async () => {
  const { engine, hook } = await gated(), { client, session } = connect("c", 0);
  assertEquals(hook.onSessionEstablished!(client, session), undefined);
  const record = outbound(session, message("t", "1"));
  assertEquals(hook.onQosPublish!(client, record), undefined);
  assertEquals(hook.onQosPublish!(client, inbound(session, 1)), undefined);
  assertEquals(hook.onQosComplete!(client, record), undefined);
  assertEquals(hook.onSubscribed!(client, []), undefined);
  assertEquals(hook.onUnsubscribed!(client, ["t"]), undefined);
  assertEquals(hook.onDisconnect!(client, { reasonCode: 0, error: undefined, sessionEnded: true }), undefined);
  assertEquals(hook.onClientExpired!(client), undefined);
  await settle();
  assertEquals(engine.begun, []);
  assertEquals(hook.stats.pendingMutations, 0);
  await hook.stop!();
});

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

Deno.test("a backlog has a limit: new things are refused, progress is not", async () => {
  const { engine, hook } = await gated({ maximumPendingMutations: 4 }), { client, session } = connect("c");
  hook.onSessionEstablished!(client, session);
  const records = [1, 2, 3].map((text) => outbound(session, message("t", String(text), { qos: 2 })));
  for (const record of records) hook.onQosPublish!(client, record);
  const refusals = [
    () => hook.onQosPublish!(client, outbound(session, message("t", "4"))),
    () => hook.onQosPublish!(client, inbound(session, 9)),
    () => hook.onRetainMessage!(client, message("t", "5")),
    () => hook.onSubscribed!(client, []),
    () => hook.onSessionEstablished!(connect("d").client, connect("d").session),
  ];
  for (const refused of refusals) assertEquals(assertThrows(refused, MqttError).reasonCode, 0x97);
  assertEquals(hook.stats.refused, 5);
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

Deno.test("options that make no sense are refused", async () => {
  assertThrows(() => storageHook(new MemoryEngine(), { durability: "often" as "strict" }), Error, 'durability "often"');
  const engine = new MemoryEngine();
  const hook = storageHook(engine), second = storageHook(engine);
  await hook.init!(undefined, hookContext());
  await assertRejects(async () => await second.init!(undefined, hookContext()), Error, "another broker");
  await hook.stop!();
});
