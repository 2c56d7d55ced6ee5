import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Core } from "../../src/broker/core/core.ts";
import { resolveOptions } from "../../src/broker/core/resolve_options.ts";
import { InlineClient } from "../../src/broker/lifecycle/inline_client.ts";
import type { Hook } from "../../src/hook/hook.ts";
import { MqttError } from "../../src/packets/errors.ts";
import { type Packet, PacketType, type PublishPacket } from "../../src/packets/types.ts";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import { Harness } from "../helpers/harness.ts";

const text = (packet: { topic: string; payload: Uint8Array }) =>
  `${packet.topic}=${new TextDecoder().decode(packet.payload)}`;

Deno.test("messages of the broker reach clients at their QoS, with properties", async () => {
  await using harness = await Harness.start();
  const client = await harness.connect("a");
  await client.subscribe("t/#", { qos: 2 });
  const properties = { contentType: "text/plain", userProperties: [["name", "value"] as const] };
  await harness.broker.publish("t/0", "zero", { properties });
  await harness.broker.publish("t/1", new Uint8Array([0x31]), { qos: 1 });
  await harness.broker.publish("t/2", "two", { qos: 2 });
  await client.expectMessage("t/0", "zero", { qos: 0, properties });
  await client.expectMessage("t/1", "1", { qos: 1 });
  await client.expectMessage("t/2", "two", { qos: 2 });
});

Deno.test("the broker retains and clears", async () => {
  await using harness = await Harness.start();
  await harness.broker.publish("t", "kept", { retain: true });
  assertEquals([...harness.broker.topics.retained()].map(text), ["t=kept"]);
  await harness.broker.publish("t", "", { retain: true });
  assertEquals([...harness.broker.topics.retained()], []);
});

Deno.test("topics and properties that cannot be sent are refused", async () => {
  await using harness = await Harness.start();
  const { broker } = harness, client = await harness.connect("a");
  await client.subscribe("#");
  for (const topic of ["", "a/+", "#", "a\0", "a".repeat(65_536), "/".repeat(128), "\ud800"]) {
    await assertRejects(() => broker.publish(topic, "x"), MqttError);
  }
  const long = "x".repeat(65_536);
  for (
    const properties of [
      { userProperties: [[long, "value"] as const] },
      { contentType: "\0" },
      { responseTopic: "a/#" },
      { topicAlias: 1 },
      { subscriptionIdentifiers: [1] },
      { payloadFormatIndicator: 2 },
      { messageExpiryInterval: -1 },
    ]
  ) {
    await assertRejects(() => broker.publish("t", "x", { properties }), MqttError);
  }
  await broker.publish("after", "x");
  await client.expectMessage("after", "x");
});

Deno.test("what is of another kind is refused by its name, and nobody hears of it", async () => {
  await using harness = await Harness.start();
  const broker = harness.broker, heard: string[] = [], any = (value: unknown) => value as never;
  broker.subscribe("#", (_client, packet) => void heard.push(text(packet)));
  const wrong: [message: string, publish: () => Promise<void>][] = [
    ["Cannot publish to undefined: expected a text", () => broker.publish(any(undefined), "x")],
    ["Cannot publish to t: payload is 5, expected a text", () => broker.publish("t", any(5))],
    ["Cannot publish to t: payload is undefined, expected", () => broker.publish("t", any(undefined))],
    ["Cannot publish to t: payload is ArrayBuffer, expected", () => broker.publish("t", any(new ArrayBuffer(1)))],
    ...[3, -1, 1.5, "1", null].map((qos): [string, () => Promise<void>] => [
      `Cannot publish to t: qos is ${qos}, expected 0, 1 or 2`,
      () => broker.publish("t", "x", { qos: any(qos) }),
    ]),
  ];
  for (const [message, publish] of wrong) await assertRejects(publish, Error, message);
  assertThrows(() => broker.subscribe(any(1), () => {}), TypeError, "Cannot subscribe to 1: expected a text");
  assertThrows(() => broker.subscribe("t", any(undefined)), TypeError, "handler is undefined, expected a function");
  assertThrows(() => broker.subscribe("t", () => {}, { qos: any(3) }), RangeError, "qos is 3, expected 0, 1 or 2");
  assertEquals(heard, []);
});

Deno.test("handlers hear what their filter matches, whoever publishes", async () => {
  await using harness = await Harness.start();
  const { broker } = harness, heard: string[] = [];
  broker.subscribe("a/+", (_client, packet) => void heard.push(text(packet)));
  broker.subscribe("#", (_client, packet) => void heard.push(`all ${text(packet)}`));
  await (await harness.connect("client")).publish("a/b", "1", { qos: 1 });
  await broker.publish("a/c", "2");
  await broker.publish("b", "3");
  assertEquals(heard, ["a/b=1", "all a/b=1", "a/c=2", "all a/c=2", "all b=3"]);
});

Deno.test("filters of handlers are found like those of clients: many that do not match cost a message nothing, and one that does is found once", async () => {
  const core = new Core(resolveOptions({})), inline = new InlineClient(core), heard: string[] = [];
  core.hooks.add(allowAll());
  for (let index = 0; index < 1_000; index++) inline.subscribe(`other/${index}/#`, () => void heard.push("other"), {});
  inline.subscribe("t/+", (_client, packet) => void heard.push(text(packet)), {});
  await inline.publish("t/x", "0", {});
  assert(core.tree.visited < 20, `${core.tree.visited} nodes were visited`);
  const { visited } = core.tree;
  for (let index = 1; index < 100; index++) await inline.publish("t/x", `${index}`, {});
  assertEquals(core.tree.visited, visited);
  assertEquals(heard, Array.from({ length: 100 }, (_, index) => `t/x=${index}`));
});

Deno.test("handlers of one filter are told apart by number", async () => {
  await using harness = await Harness.start();
  const { broker } = harness, heard: string[] = [];
  const handler = (name: string) => () => void heard.push(name);
  broker.subscribe("t", handler("replaced"), { id: 1 });
  broker.subscribe("t", handler("one"), { id: 1 });
  broker.subscribe("t", handler("two"), { id: 2 });
  await broker.publish("t", "");
  assertEquals(heard.splice(0), ["one", "two"]);
  assertEquals(broker.unsubscribe("t", { id: 1 }), true);
  assertEquals(broker.unsubscribe("t", { id: 1 }), false);
  assertEquals(broker.unsubscribe("other"), false);
  await broker.publish("t", "");
  assertEquals(heard.splice(0), ["two"]);
  assertEquals(broker.unsubscribe("t", { id: 2 }), true);
  await broker.publish("t", "");
  assertEquals([heard, broker.info.subscriptions], [[], 0]);
});

Deno.test("each inline subscription has a QoS of its own", async () => {
  await using harness = await Harness.start();
  const { broker } = harness, heard: string[] = [];
  const hear = (filter: string, id: number, qos: 0 | 1 | 2) =>
    broker.subscribe(filter, (_client, packet) => void heard.push(`${filter} ${id} ${packet.qos}`), { id, qos });
  const publish = async () => {
    await broker.publish("a/b", "", { qos: 2 });
    return heard.splice(0).sort();
  };
  hear("a/b", 1, 2);
  hear("a/b", 2, 0);
  hear("a/+", 1, 1);
  hear("#", 1, 2);
  assertEquals(await publish(), ["# 1 2", "a/+ 1 1", "a/b 1 2", "a/b 2 0"]);
  broker.unsubscribe("a/b", { id: 2 });
  broker.unsubscribe("#", { id: 1 });
  assertEquals(await publish(), ["a/+ 1 1", "a/b 1 2"]);
  hear("a/b", 1, 1);
  assertEquals(await publish(), ["a/+ 1 1", "a/b 1 1"]);
  assertEquals(broker.info.subscriptions, 2);
  assertEquals([...broker.topics.subscriptions()].map(({ topicFilter, qos }) => `${topicFilter} ${qos}`).sort(), [
    "a/+ 1",
    "a/b 1",
  ]);
});

Deno.test("retained messages come with the QoS of the subscription that is new", async () => {
  await using harness = await Harness.start();
  const { broker } = harness, heard: string[] = [];
  await broker.publish("t", "", { qos: 2 });
  await broker.publish("t", "kept", { qos: 2, retain: true });
  for (const [id, qos] of [[1, 2], [2, 0], [3, 1]] as const) {
    broker.subscribe("t", (client, packet) => void heard.push(`${client.id} ${id} ${packet.qos}`), { id, qos });
  }
  assertEquals(heard, ["$inline 1 2", "$inline 2 0", "$inline 3 1"]);
});

Deno.test("a handler that is taken back hears no more, neither of the message that it hears", async () => {
  await using harness = await Harness.start();
  const { broker } = harness, heard: string[] = [];
  const once = (id: number) => () => {
    heard.push(`${id}`);
    for (const other of [1, 2, 3]) broker.unsubscribe("t/+", { id: other });
  };
  for (const id of [1, 2, 3]) broker.subscribe("t/+", once(id), { id });
  await broker.publish("t/1", "");
  await broker.publish("t/2", "");
  assertEquals(heard, ["1"]);
  for (const topic of ["t/1", "t/2"]) await broker.publish(topic, "kept", { retain: true });
  broker.subscribe("t/+", once(1), { id: 1 });
  assertEquals(heard, ["1", "1"]);
});

Deno.test("a handler that is replaced by itself while it hears retained messages leaves the rest to the new one", async () => {
  await using harness = await Harness.start();
  const { broker } = harness, heard: string[] = [];
  for (const topic of ["a", "b"]) await broker.publish(topic, topic, { retain: true });
  broker.subscribe("+", () => {
    heard.push("old");
    broker.subscribe("+", (_client, packet) => void heard.push(`new ${packet.topic}`));
  });
  assertEquals(heard, ["old", "new a", "new b"]);
});

Deno.test("a handler of a shared filter is one member of its group", async () => {
  await using harness = await Harness.start();
  const { broker } = harness, heard: string[] = [], client = await harness.connect("a");
  broker.subscribe("$share/group/t/+", (_client, packet) => void heard.push(packet.topic));
  await client.subscribe("$share/group/t/+");
  for (let index = 0; index < 10; index++) await broker.publish(`t/${index}`, "");
  await harness.settle();
  const received = client.received.filter(({ type }) => type === PacketType.PUBLISH).map(({ topic }) => topic!);
  assertEquals([...heard, ...received].sort(), Array.from({ length: 10 }, (_, index) => `t/${index}`));
  assertEquals([heard.length, received.length], [5, 5]);
});

Deno.test("handlers of one shared filter are members like any others", async () => {
  await using harness = await Harness.start();
  const { broker } = harness, heard: string[] = [];
  for (const [id, qos] of [[1, 0], [2, 2]] as const) {
    broker.subscribe("$share/group/t", (_client, packet) => void heard.push(`${id} ${packet.qos}`), { id, qos });
  }
  for (let time = 0; time < 4; time++) await broker.publish("t", "", { qos: 2 });
  assertEquals(heard.sort(), ["1 0", "1 0", "2 2", "2 2"]);
});

Deno.test("a new handler hears retained messages first, a shared one none", async () => {
  await using harness = await Harness.start();
  const { broker } = harness, heard: string[] = [];
  for (const topic of ["a", "b"]) await broker.publish(topic, topic, { retain: true });
  broker.subscribe("+", (_client, packet) => void heard.push(`${packet.retain} ${text(packet)}`));
  broker.subscribe("$share/group/+", () => void heard.push("shared"));
  assertEquals(heard, ["true a=a", "true b=b"]);
});

Deno.test("a retained message that has expired is not replayed", async () => {
  await using harness = await Harness.start();
  const heard: string[] = [];
  await harness.broker.publish("t", "x", { retain: true, properties: { messageExpiryInterval: 1 } });
  await harness.clock.advance(1_000);
  harness.broker.subscribe("t", () => void heard.push("t"));
  assertEquals(heard, []);
});

Deno.test("a handler that throws or rejects disturbs nobody", async () => {
  await using harness = await Harness.start({ errorsExpected: true });
  const { broker } = harness, heard: string[] = [];
  broker.subscribe("t", () => {
    throw new Error("thrown");
  }, { id: 1 });
  broker.subscribe("t", () => Promise.reject(new Error("rejected")), { id: 2 });
  broker.subscribe("t", () => void heard.push("t"), { id: 3 });
  const client = await harness.connect("a");
  assertEquals(await client.publish("t", "x", { qos: 1 }), 0);
  assertEquals(heard, ["t"]);
  await harness.settle();
  assertEquals(harness.errors.length, 2);
});

Deno.test("a handler may publish and subscribe", async () => {
  await using harness = await Harness.start();
  const { broker } = harness, heard: string[] = [];
  broker.subscribe("ask", async () => {
    broker.subscribe("answer", (_client, packet) => void heard.push(text(packet)));
    await broker.publish("answer", "42");
  });
  await broker.publish("ask", "");
  await harness.settle();
  assertEquals(heard, ["answer=42"]);
});

Deno.test("filters that are not valid are refused, and so is everything when it is switched off", async () => {
  await using harness = await Harness.start();
  for (const filter of ["", "a/#/b", "a+", "$share/group", "$share//a", "a\0"]) {
    assertThrows(() => harness.broker.subscribe(filter, () => {}), MqttError);
  }
  assertEquals(harness.broker.info.subscriptions, 0);
  await using off = await Harness.start({ inlineClient: false });
  const uses = [
    () => off.broker.subscribe("t", () => {}),
    () => off.broker.unsubscribe("t"),
    () => off.broker.newClient(),
  ];
  for (const use of uses) assertThrows(use, Error, "option inlineClient is false, expected true");
  const later = [
    () => off.broker.publish("t", ""),
    () => off.broker.injectPacket(harness.broker.newClient(), { type: PacketType.PINGREQ }),
  ];
  for (const use of later) await assertRejects(use, Error, "option inlineClient is false, expected true");
});

Deno.test("hooks see what the broker publishes and may change or refuse it", async () => {
  const hook: Hook = {
    id: "change",
    onPublish(client, packet) {
      if (packet.topic === "no") throw new MqttError(0x99, "no");
      return { ...packet, topic: `${client.id}/${packet.topic}` };
    },
  };
  await using harness = await Harness.start({ hooks: [allowAll(), hook] });
  const client = await harness.connect("a");
  await client.subscribe("#");
  await client.subscribe("$inline/#");
  await harness.broker.publish("t", "x");
  await client.expectMessage("$inline/t", "x");
  assertEquals((await assertRejects(() => harness.broker.publish("no", ""), MqttError)).reasonCode, 0x99);
});

Deno.test("what an async hook holds up is published in order", async () => {
  const hook: Hook = {
    id: "slow",
    onPublish: (_client, packet) =>
      packet.topic === "0" ? new Promise((resolve) => setTimeout(() => resolve(packet), 10)) : packet,
  };
  await using harness = await Harness.start({ hooks: [allowAll(), hook] });
  const heard: string[] = [];
  harness.broker.subscribe("#", (_client, packet) => void heard.push(packet.topic));
  await Promise.all(["0", "1", "2"].map((topic) => harness.broker.publish(topic, "")));
  assertEquals(heard, ["0", "1", "2"]);
});

Deno.test("publish waits for storage, and fails as it fails", async () => {
  const gate = Promise.withResolvers<void>();
  const store: Hook = { id: "store", durable: true, onRetainMessage: () => gate.promise };
  await using harness = await Harness.start({ hooks: [allowAll(), store], errorsExpected: true });
  let done = false;
  const stored = harness.broker.publish("t", "x", { retain: true }).finally(() => done = true);
  await harness.settle();
  assertEquals(done, false);
  gate.reject(new Error("disk full"));
  await assertRejects(() => stored, Error, "disk full");
});

Deno.test("a client that is made by the program publishes, subscribes and is seen like any other", async () => {
  await using harness = await Harness.start();
  const { broker } = harness, watching = await harness.connect("watching");
  await watching.subscribe("t");
  const made = broker.newClient({ id: "made", username: "me" });
  assertEquals([broker.clients.get("made"), made.connected, broker.info.clientsConnected], [made, true, 2]);
  const publish: PublishPacket = {
    ...{ type: PacketType.PUBLISH, topic: "t", payload: new Uint8Array([0x78]) },
    ...{ qos: 1, retain: true, dup: false, packetId: 1 },
  };
  await broker.injectPacket(made, publish);
  await watching.expectMessage("t", "x");
  const subscriptions = [{
    topicFilter: "u",
    qos: 1,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0,
  }] as const;
  await broker.injectPacket(made, { type: PacketType.SUBSCRIBE, packetId: 2, subscriptions: [...subscriptions] });
  assertEquals([...broker.topics.subscriptions()].find(({ clientId }) => clientId === "made")!.topicFilter, "u");
  await broker.injectPacket(made, { type: PacketType.UNSUBSCRIBE, packetId: 3, topicFilters: ["u"] });
  await broker.injectPacket(made, { type: PacketType.PINGREQ });
  await broker.injectPacket(made, { type: PacketType.DISCONNECT, reasonCode: 0 });
  assertEquals([made.connected, broker.clients.get("made"), broker.info.clientsConnected], [false, undefined, 1]);
  await assertRejects(() => broker.injectPacket(made, { type: PacketType.PINGREQ }), MqttError, "not connected");
});

Deno.test("any packet may be injected, and what no client may send ends the client", async () => {
  await using harness = await Harness.start();
  const ack = (type: 4 | 5 | 6 | 7): Packet => ({ type, packetId: 9, reasonCode: 0 });
  const connect: Packet = {
    type: PacketType.CONNECT,
    protocolVersion: 5,
    cleanStart: true,
    keepAlive: 0,
    clientId: "x",
  };
  const fine: Packet[] = [
    ack(PacketType.PUBACK),
    ack(PacketType.PUBREC),
    ack(PacketType.PUBREL),
    ack(PacketType.PUBCOMP),
  ];
  const wrong: Packet[] = [
    connect,
    { type: PacketType.CONNACK, sessionPresent: false, reasonCode: 0 },
    { type: PacketType.SUBACK, packetId: 1, reasonCodes: [0] },
    { type: PacketType.UNSUBACK, packetId: 1, reasonCodes: [0] },
    { type: PacketType.PINGRESP },
    { type: PacketType.AUTH, reasonCode: 0x18 },
    {
      type: PacketType.PUBLISH,
      topic: "a/#",
      payload: new Uint8Array(0),
      qos: 0,
      retain: false,
      dup: false,
      packetId: 0,
    },
  ];
  const client = harness.broker.newClient();
  for (const packet of fine) await harness.broker.injectPacket(client, packet);
  assert(client.connected);
  for (const packet of wrong) {
    const victim = harness.broker.newClient();
    await assertRejects(() => harness.broker.injectPacket(victim, packet), MqttError);
    assertEquals(victim.connected, false);
  }
  const bystander = await harness.connect("bystander");
  await bystander.expectNothing();
});

Deno.test("an injected client asks for permission when it is not trusted", async () => {
  const hook: Hook = { id: "acl", onConnectAuthenticate: () => true, onAclCheck: () => false };
  await using harness = await Harness.start({ hooks: [hook] });
  const { broker } = harness, heard: string[] = [];
  broker.subscribe("#", (_client, packet) => void heard.push(packet.topic));
  const payload = new Uint8Array(0), rest = { qos: 0, retain: false, dup: false, packetId: 0 } as const;
  for (const trusted of [true, false]) {
    const client = broker.newClient({ trusted });
    await broker.injectPacket(client, { type: PacketType.PUBLISH, topic: `${trusted}`, payload, ...rest });
  }
  assertEquals(heard, ["true"]);
});

Deno.test("injected packets are handled in order while an async hook holds one up", async () => {
  const hook: Hook = {
    id: "slow",
    onPublish: (_client, packet) =>
      packet.topic === "0" ? new Promise((resolve) => setTimeout(() => resolve(packet), 10)) : packet,
  };
  await using harness = await Harness.start({ hooks: [allowAll(), hook] });
  const { broker } = harness, heard: string[] = [], client = broker.newClient();
  broker.subscribe("#", (_client, packet) => void heard.push(packet.topic));
  const payload = new Uint8Array(0), rest = { qos: 0, retain: false, dup: false, packetId: 0 } as const;
  await Promise.all(
    ["0", "1", "2"].map((topic) => broker.injectPacket(client, { type: PacketType.PUBLISH, topic, payload, ...rest })),
  );
  assertEquals(heard, ["0", "1", "2"]);
});

Deno.test("ids in use, and the broker's own, are refused", async () => {
  await using harness = await Harness.start();
  await harness.connect("a");
  for (const id of ["a", "$inline"]) {
    assertThrows(() => harness.broker.newClient({ id }), Error, `Cannot make client: the id "${id}" is already in use`);
  }
  const other = await harness.open();
  await other.sendConnect({ clientId: "$inline" });
  await other.expectRefusal(0x85);
});

Deno.test("the list of clients: list, get, size, disconnect with a reason", async () => {
  await using harness = await Harness.start();
  const { clients } = harness.broker, a = await harness.connect("a");
  const away = await harness.connect({ clientId: "away", properties: { sessionExpiryInterval: 100 } });
  const four = await harness.connect({ clientId: "four", protocolVersion: 4 });
  await away.disconnect();
  assertEquals([clients.size, [...clients.list()].map(({ id, connected }) => `${id} ${connected}`)], [
    3,
    ["a true", "away false", "four true"],
  ]);
  assertEquals([clients.get("a")?.transport, clients.get("nobody")], ["memory", undefined]);
  assertEquals([clients.disconnect("nobody"), clients.disconnect("away")], [false, false]);
  assertEquals(clients.disconnect("a", { reasonCode: 0x9d, reasonString: "moved", serverReference: "other" }), true);
  const { properties } = await a.expectDisconnect(0x9d);
  assertEquals([properties?.reasonString, properties?.serverReference], ["moved", "other"]);
  assertEquals(clients.disconnect("four"), true);
  await four.expectClosed();
  assertEquals([...clients.list()].map(({ id }) => id), ["away"]);
});

Deno.test("the lists of topics", async () => {
  await using harness = await Harness.start();
  const { broker } = harness, client = await harness.connect("a");
  await client.subscribe("$share/group/x/#", { qos: 1, identifier: 7 });
  await client.publish("x/1", "one", { retain: true });
  await broker.publish("$secret", "two", { retain: true });
  assertEquals([...broker.topics.subscriptions()], [{
    ...{ clientId: "a", topicFilter: "$share/group/x/#", qos: 1, noLocal: false, retainAsPublished: false },
    ...{ retainHandling: 0, identifier: 7 },
  }]);
  assertEquals([...broker.topics.retained()].map(text), ["x/1=one"]);
  assertEquals([...broker.topics.retained("$secret")].map(text), ["$secret=two"]);
});
