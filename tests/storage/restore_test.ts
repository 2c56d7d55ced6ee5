import { assert, assertEquals, assertRejects } from "@std/assert";
import { MemoryEngine, MemoryStore } from "../../hooks/storage/memory_engine.ts";
import type { StorageHook } from "../../hooks/storage/options.ts";
import { storageHook } from "../../hooks/storage/storage_hook.ts";
import type {
  StoredClient,
  StoredInflightMessage,
  StoredRetainedMessage,
  StoredSubscription,
} from "../../src/hook/records.ts";
import { newSystemInfo } from "../../src/hook/system_info.ts";
import type { Properties } from "../../src/packets/types.ts";
import { connect, hookContext, inbound, LineLogger, message, outbound } from "./world.ts";

const messageProperties: Properties = {
  payloadFormatIndicator: 1,
  messageExpiryInterval: 0xffff_ffff,
  contentType: "text/ä",
  responseTopic: "answer/to",
  correlationData: Uint8Array.of(0, 255),
  userProperties: [["a", "1"], ["a", "2"], ["", ""]],
};

async function start(store: MemoryStore, logger: LineLogger = new LineLogger()): Promise<StorageHook> {
  const hook = storageHook(new MemoryEngine(store));
  await hook.init!(undefined, hookContext(logger));
  return hook;
}

interface Loaded {
  hook: StorageHook;
  clients: StoredClient[];
  subscriptions: StoredSubscription[];
  inflight: StoredInflightMessage[];
  retained: StoredRetainedMessage[];
}

async function load(store: MemoryStore, logger?: LineLogger): Promise<Loaded> {
  const hook = await start(store, logger);
  const retained = [...(await hook.storedRetainedMessages!())!], clients = [...(await hook.storedClients!())!];
  const subscriptions = [...(await hook.storedSubscriptions!())!],
    inflight = [...(await hook.storedInflightMessages!())!];
  return { hook, clients, subscriptions, inflight, retained };
}

/** Does something to an empty store and reads it back. */
async function stored(run: (hook: StorageHook) => void): Promise<Loaded> {
  const store = new MemoryStore(), hook = await start(store);
  await hook.storedClients!();
  run(hook);
  await hook.stop!();
  const loaded = await load(store);
  await loaded.hook.stop!();
  return loaded;
}

Deno.test("a session comes back as it was", async () => {
  const will = {
    will: {
      topic: "w/ä",
      payload: Uint8Array.of(1, 2),
      qos: 2,
      retain: true,
      properties: { ...messageProperties, willDelayInterval: 9 },
    },
    dueAt: 1_700_000_000_123,
  } as const;
  const properties = {
    receiveMaximum: 5,
    userProperties: [["x", "y"]] as [string, string][],
    authenticationMethod: "SCRAM",
  };
  const { clients } = await stored((hook) => {
    const init = { username: "üser", properties: { ...properties, authenticationData: Uint8Array.of(1) } };
    const { client, session } = connect("ä\u{1f4a1}", 0xffff_ffff, init);
    session.will = will;
    session.disconnectedAt = 1_700_000_000_456;
    hook.onSessionEstablished!(client, session);
    const plain = connect("plain", 1, { protocolVersion: 3 });
    hook.onSessionEstablished!(plain.client, plain.session);
    const open = connect("", 2, { protocolVersion: 4, username: "" });
    open.session.will = { will: { topic: "t", payload: new Uint8Array(0), qos: 0, retain: false }, dueAt: undefined };
    hook.onSessionEstablished!(open.client, open.session);
  });
  assertEquals(clients.sort((a, b) => a.sessionExpiryInterval - b.sessionExpiryInterval), [
    {
      clientId: "plain",
      username: undefined,
      protocolVersion: 3,
      properties: undefined,
      sessionExpiryInterval: 1,
      disconnectedAt: undefined,
      will: undefined,
    },
    {
      clientId: "",
      username: "",
      protocolVersion: 4,
      properties: undefined,
      sessionExpiryInterval: 2,
      disconnectedAt: undefined,
      will: { will: { topic: "t", payload: new Uint8Array(0), qos: 0, retain: false }, dueAt: undefined },
    },
    {
      clientId: "ä\u{1f4a1}",
      username: "üser",
      protocolVersion: 5,
      properties,
      sessionExpiryInterval: 0xffff_ffff,
      disconnectedAt: 1_700_000_000_456,
      will,
    },
  ]);
});

Deno.test("the end of a connection and of a will is stored", async () => {
  const { clients } = await stored((hook) => {
    const { client, session } = connect("c", 60);
    session.will = { will: { topic: "t", payload: new Uint8Array(1), qos: 0, retain: false }, dueAt: undefined };
    hook.onSessionEstablished!(client, session);
    session.disconnectedAt = 5;
    session.expiryInterval = 70;
    session.will.dueAt = 6;
    hook.onDisconnect!(client, { reasonCode: 4, error: undefined, sessionEnded: false });
    const sent = connect("sent", 80);
    sent.session.will = session.will;
    hook.onSessionEstablished!(sent.client, sent.session);
    sent.session.will = undefined;
    hook.onWillSent!(sent.client, message("t", "1"));
  });
  assertEquals(
    clients.map((
      { disconnectedAt, sessionExpiryInterval, will },
    ) => [disconnectedAt, sessionExpiryInterval, will?.dueAt]),
    [
      [5, 70, 6],
      [undefined, 80, undefined],
    ],
  );
  assertEquals(clients[1].will, undefined);
});

Deno.test("subscriptions come back, refused and removed ones do not", async () => {
  const options = {
    qos: 2,
    noLocal: true,
    retainAsPublished: true,
    retainHandling: 2,
    identifier: 0xfff_ffff,
  } as const;
  const filters = ["a/+", "$share/g/b/#", "x".repeat(65_535), "ä/" + "y".repeat(300), "__proto__"];
  const { subscriptions } = await stored((hook) => {
    const { client, session } = connect("c");
    hook.onSessionEstablished!(client, session);
    hook.onSubscribed!(client, [
      ...filters.map((topicFilter) => ({ clientId: "c", topicFilter, ...options, qos: 0 as const, reasonCode: 0 })),
      { clientId: "c", topicFilter: "refused", ...options, reasonCode: 0x87 },
      { clientId: "c", topicFilter: "removed", ...options, reasonCode: 1 },
    ]);
    hook.onUnsubscribed!(client, ["removed", filters[3], "never"]);
    hook.onSubscribed!(client, [{ clientId: "c", topicFilter: "a/+", ...options, reasonCode: 2 }]); // replaced
  });
  const expected = filters.toSpliced(3, 1).map((topicFilter) => ({
    clientId: "c",
    topicFilter,
    ...options,
    qos: topicFilter === "a/+" ? 2 : 0,
  }));
  const byFilter = (a: { topicFilter: string }, b: { topicFilter: string }) => a.topicFilter < b.topicFilter ? -1 : 1;
  assertEquals(subscriptions.sort(byFilter), expected.sort(byFilter) as StoredSubscription[]);
});

for (const size of [10, 100_000]) {
  Deno.test(`messages of ${size} bytes come back in order, with their state`, async () => {
    const payload = new Uint8Array(size).fill(7),
      content = message("t/ä", payload, { qos: 2, properties: messageProperties, retain: true });
    const { inflight } = await stored((hook) => {
      const { client, session } = connect("c");
      hook.onSessionEstablished!(client, session);
      const records = Array.from(
        { length: 12 },
        () => outbound(session, content, { qos: 2, retain: true, identifiers: [1, 268_435_455] }),
      );
      for (const record of records) hook.onQosPublish!(client, record);
      const [sent, released, done] = records;
      [sent, released].forEach((record, index) => {
        record.state = "sent";
        record.packetId = 65_535 - index;
        hook.onQosPublish!(client, record);
      });
      released.state = "released";
      released.message = undefined;
      hook.onQosPublish!(client, released);
      hook.onQosComplete!(client, done);
      hook.onQosPublish!(client, inbound(session, 65_535));
      hook.onQosPublish!(client, inbound(session, 1));
      hook.onQosComplete!(client, inbound(session, 1));
      hook.onQosPublish!(
        client,
        outbound(session, message("plain", "", { publisherId: "" }), { share: "$share/g/plain" }),
      );
    });
    const out = inflight.filter(({ direction }) => direction === "out");
    assertEquals(out.map(({ sequence }) => sequence), [1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
    const record = {
      clientId: "c",
      direction: "out",
      qos: 2,
      retain: true,
      identifiers: [1, 268_435_455],
      share: undefined,
    } as const;
    const init = {
      topic: "t/ä",
      payload,
      qos: 2,
      retain: true,
      properties: messageProperties,
      publisherId: "publisher",
      receivedAt: 1_700_000_000_000,
    } as const;
    assertEquals(
      out[0],
      { ...record, sequence: 1, state: "sent", packetId: 65_535, message: init } as StoredInflightMessage,
    );
    assertEquals(out[1], { ...record, sequence: 2, state: "released", packetId: 65_534, message: undefined });
    assertEquals(
      out[2],
      { ...record, sequence: 4, state: "queued", packetId: 0, message: init } as StoredInflightMessage,
    );
    assertEquals(out[11].share, "$share/g/plain");
    assertEquals(out[11].identifiers, undefined);
    assertEquals(out[11].message!.properties, undefined);
    assertEquals(inflight.filter(({ direction }) => direction === "in"), [
      inbound(connect("c").session, 65_535) as StoredInflightMessage,
    ]);
  });
}

Deno.test("a session that ended is gone with everything, one that begins anew is empty", async () => {
  const { clients, subscriptions, inflight } = await stored((hook) => {
    const plain = {
      qos: 1,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
      identifier: 0,
      reasonCode: 1,
    } as const;
    for (const id of ["ended", "anew", "transient"]) {
      const { client, session } = connect(id);
      hook.onSessionEstablished!(client, session);
      hook.onSubscribed!(client, [{ clientId: id, topicFilter: "old", ...plain }]);
      hook.onQosPublish!(client, outbound(session, message("t", "x".repeat(500))));
      hook.onQosPublish!(client, inbound(session, 1));
      if (id === "transient") { // the next connection does not want the session to outlive it
        session.expiryInterval = 0;
        hook.onSessionEstablished!(client, session);
        hook.onWillSent!(client, message("t", "1"));
        hook.onDisconnect!(client, { reasonCode: 0, error: undefined, sessionEnded: false });
        continue;
      }
      session.ended = true;
      hook.onClientExpired!(client);
      hook.onDisconnect!(client, { reasonCode: 0, error: undefined, sessionEnded: true });
    }
    const { client, session } = connect("anew");
    hook.onSessionEstablished!(client, session);
    hook.onSubscribed!(client, [{ clientId: "anew", topicFilter: "new", ...plain }]);
  });
  assertEquals(clients.map(({ clientId }) => clientId), ["anew"]);
  assertEquals(subscriptions.map(({ topicFilter }) => topicFilter), ["new"]);
  assertEquals(inflight, []);
});

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
