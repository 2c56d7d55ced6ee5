import { assertEquals } from "@std/assert";
import type { StoredInflightMessage, StoredSubscription } from "../../src/hook/records.ts";
import { MemoryStore } from "../../hooks/storage/memory_engine.ts";
import { load, messageProperties, start, stored } from "./stored.ts";
import { connect, inbound, LineLogger, message, outbound } from "./world.ts";

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
    const origin = { remoteAddress: "[::1]:5000", listenerId: "tcp" };
    const init = { username: "üser", ...origin, properties: { ...properties, authenticationData: Uint8Array.of(1) } };
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
      remoteAddress: "[::1]:5000",
      listenerId: "tcp",
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

Deno.test("who waits for a long start is told how far it is", async () => {
  const store = new MemoryStore(), hook = await start(store), { now } = performance;
  await hook.storedClients!();
  for (let index = 0; index < 5; index++) hook.onRetainMessage!(connect("p").client, message(`t/${index}`, "x"));
  const { client, session } = connect("c");
  hook.onSessionEstablished!(client, session);
  await hook.stop!();
  const logger = new LineLogger();
  let ahead = 0;
  try {
    performance.now = () => now.call(performance) + (ahead += 4_000); // every look at the clock is seconds later
    await (await load(store, logger)).hook.stop!();
  } finally {
    performance.now = now;
  }
  const told = logger.lines.filter((line) => line.message === "storage is being read").map((line) =>
    line.fields!.items
  );
  assertEquals(told.at(-1), 7); // five messages, a session, the version
  const quick = new LineLogger();
  await (await load(store, quick)).hook.stop!();
  assertEquals(quick.lines.map((line) => line.message), ["storage is open"]);
});
