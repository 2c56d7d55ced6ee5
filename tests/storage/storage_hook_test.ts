import { assert, assertEquals } from "@std/assert";
import { gated, GatedEngine, itemsOf, note, settle, start } from "./gated_engine.ts";
import { connect, inbound, message, outbound } from "./world.ts";

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
