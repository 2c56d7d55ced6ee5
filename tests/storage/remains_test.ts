import { assert, assertEquals, assertRejects } from "@std/assert";
import { MemoryStore } from "../../hooks/storage/memory_engine.ts";
import { newSystemInfo } from "../../src/hook/system_info.ts";
import { load, messageProperties, start, stored } from "./stored.ts";
import { connect, LineLogger, message, outbound } from "./world.ts";

Deno.test("retained messages are set, replaced, cleared and expired", async () => {
  const long = "t/" + "x".repeat(60_000), longer = "t/" + "x".repeat(60_001);
  const { retained } = await stored((hook) => {
    const { client } = connect("p", 0);
    for (const topic of ["kept", "replaced", "cleared", "expired", "#", "=kept", long, longer]) {
      hook.onRetainMessage!(client, message(topic, topic.slice(0, 9), { retain: true, qos: 0 }));
    }
    hook.onRetainMessage!(client, message("replaced", "new", { properties: messageProperties, qos: 2 }));
    hook.onRetainMessage!(client, message("cleared", ""));
    hook.onRetainedExpired!("expired");
    hook.onRetainedExpired!("never");
  });
  const byTopic = new Map(retained.map((each) => [each.topic, each]));
  assertEquals([...byTopic.keys()].sort(), ["#", "=kept", "kept", "replaced", long, longer].sort());
  assertEquals(byTopic.get("replaced")!.properties, messageProperties);
  assertEquals(new TextDecoder().decode(byTopic.get("replaced")!.payload), "new");
  assertEquals(byTopic.get("kept")!.retain, true);
});

Deno.test("counters are stored now and then", async () => {
  const store = new MemoryStore(), hook = await start(store), info = newSystemInfo("1.2.3", 4);
  assertEquals(await hook.storedSysInfo!(), undefined);
  info.messagesReceived = 9_007_199_254_740_991;
  assertEquals(hook.onSysInfoTick!(info), undefined);
  hook.onSysInfoTick!({ ...info, messagesReceived: 0 }); // too soon
  await hook.stop!();
  const loaded = await load(store);
  assertEquals(await loaded.hook.storedSysInfo!(), info);
  await loaded.hook.stop!();
});

Deno.test("ids of any text and length do not meet", async () => {
  const ids = ["a", "a=b", "c=a", "a/c", "", "__proto__", "x".repeat(65_535), "x".repeat(65_534), "#", "x".repeat(101)];
  const { clients, inflight } = await stored((hook) => {
    for (const id of ids) {
      const { client, session } = connect(id);
      hook.onSessionEstablished!(client, session);
      hook.onQosPublish!(client, outbound(session, message("t", id.slice(0, 20))));
    }
  });
  assertEquals(clients.map(({ clientId }) => clientId).sort(), ids.toSorted());
  for (const { clientId, message } of inflight) {
    assertEquals(new TextDecoder().decode(message!.payload), clientId.slice(0, 20));
  }
  assertEquals(inflight.length, ids.length);
});

Deno.test("a message of many sessions is stored once, and goes with the last of them", async () => {
  const store = new MemoryStore(), hook = await start(store), content = message("t", "x".repeat(5_000));
  await hook.storedClients!();
  const all = Array.from({ length: 100 }, (_, index) => connect(`c${index}`));
  for (const { client, session } of all) {
    hook.onSessionEstablished!(client, session);
    await hook.onQosPublish!(client, outbound(session, content));
  }
  assertEquals(store.groups.get("m")!.size, 1);
  await hook.stop!();

  const loaded = await load(store), records = loaded.inflight;
  assertEquals(records.length, 100);
  assert(records.every((record) => record.message!.payload.length === 5_000));
  loaded.hook.onStarted!();
  const next = message("t", "y".repeat(5_000)), first = connect("c0");
  first.session.restoreSequence(1);
  await loaded.hook.onQosPublish!(first.client, outbound(first.session, next)); // must not take the old number
  for (const record of records.slice(0, 50)) {
    loaded.hook.onQosComplete!(first.client, { ...record, message: undefined });
  }
  for (let index = 50; index < 99; index++) loaded.hook.onClientExpired!(connect(`c${index}`).client);
  await loaded.hook.onSessionEstablished!(first.client, first.session);
  assertEquals(store.groups.get("m")!.size, 2);
  loaded.hook.onClientExpired!(connect("c99").client);
  await loaded.hook.onSessionEstablished!(first.client, first.session);
  assertEquals(store.groups.get("m")!.size, 1);
  await loaded.hook.stop!();

  const last = await load(store);
  assertEquals(last.inflight.map(({ sequence, message }) => [sequence, message!.payload[0]]), [[2, "y".charCodeAt(0)]]);
  await last.hook.stop!();
});

Deno.test("a message that comes again after its last reader has gone is stored again", async () => {
  const store = new MemoryStore(), hook = await start(store), content = message("t", "x".repeat(1_000));
  const first = connect("first"), second = connect("second"), record = outbound(first.session, content);
  await hook.onQosPublish!(first.client, record);
  hook.onQosComplete!(first.client, record);
  await hook.onQosPublish!(second.client, outbound(second.session, content)); // another member of a shared subscription
  await hook.stop!();
  const loaded = await load(store);
  assertEquals(loaded.inflight.map(({ clientId, message }) => [clientId, message!.payload.length]), [[
    "second",
    1_000,
  ]]);
  await loaded.hook.stop!();
});

Deno.test("a restored record that is finished at once is removed", async () => {
  const store = new MemoryStore(),
    hook = await start(store),
    { client, session } = connect("c"),
    record = outbound(session, message("t", "1"));
  await hook.storedClients!();
  hook.onSessionEstablished!(client, session);
  await hook.onQosPublish!(client, record);
  await hook.stop!();
  const second = await load(store);
  second.hook.onQosPublish!(client, record); // sent again
  second.hook.onQosComplete!(client, record);
  await second.hook.stop!();
  const third = await load(store);
  assertEquals(third.inflight, []);
  await third.hook.stop!();
});

Deno.test("what has no owner is removed at the start", async () => {
  const store = new MemoryStore(), hook = await start(store);
  await hook.stop!();
  store.groups.set("c=gone", new Map([["o1", Uint8Array.of(0)], ["i1", Uint8Array.of(0)]]));
  store.groups.set("m", new Map([["7", (await bodyBytes())!]]));
  const loaded = await load(store);
  assertEquals([loaded.clients, loaded.inflight], [[], []]);
  await loaded.hook.stop!();
  assertEquals([...store.groups.keys()], ["s"]);
});

async function bodyBytes(): Promise<Uint8Array | undefined> {
  const store = new MemoryStore(), hook = await start(store), { client, session } = connect("c");
  await hook.onQosPublish!(client, outbound(session, message("t", "x".repeat(1_000))));
  await hook.stop!();
  return store.groups.get("m")!.values().next().value;
}

Deno.test("a message that is gone is told, and the rest comes back", async () => {
  const store = new MemoryStore(), hook = await start(store), { client, session } = connect("c");
  hook.onQosPublish!(client, outbound(session, message("t", "x".repeat(1_000))));
  await hook.onQosPublish!(client, outbound(session, message("t", "small")));
  await hook.stop!();
  store.groups.delete("m");
  const logger = new LineLogger(), loaded = await load(store, logger);
  assertEquals(loaded.inflight.map(({ sequence }) => sequence), [2]);
  assertEquals(logger.of("error"), ["a stored message is gone"]);
  await loaded.hook.stop!();
});

Deno.test("a store that cannot be read stops the start, and says where", async () => {
  for (const [group, item] of [["r", "=t"], ["c=c", "o1"], ["c=c", "c"], ["c=c", "s=t"], ["m", "1"]]) {
    const store = new MemoryStore(), hook = await start(store), { client, session } = connect("c");
    hook.onQosPublish!(client, outbound(session, message("t", "1")));
    await hook.stop!();
    store.groups.get(group)?.set(item, Uint8Array.of(1)) ??
      store.groups.set(group, new Map([[item, Uint8Array.of(1)]]));
    const broken = await start(store);
    await assertRejects(async () => await broken.storedClients!(), Error, `item "${item}" of "${group}"`);
    await broken.stop!();
  }
});

Deno.test("a hook that is added late stores what it sees, and nothing of an older session", async () => {
  const store = new MemoryStore(), early = await start(store), old = connect("c");
  await early.onQosPublish!(old.client, outbound(old.session, message("t", "old")));
  await early.stop!();
  const late = await start(store), { client, session } = connect("c");
  for (let count = 0; count < 5; count++) session.nextSequence();
  await late.onQosPublish!(client, outbound(session, message("t", "new")));
  await late.stop!();
  const loaded = await load(store);
  assertEquals(loaded.inflight.map(({ sequence }) => sequence), [6]);
  assertEquals(loaded.clients.length, 1);
  await loaded.hook.stop!();
});
