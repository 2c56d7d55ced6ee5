import { assertEquals } from "@std/assert";
import type { Hook } from "../../src/hook/hook.ts";
import { MqttError } from "../../src/packets/errors.ts";
import type { Properties } from "../../src/packets/types.ts";
import type { Client } from "../../src/session/client.ts";
import { type ConnectOptions, Harness, PacketType } from "../helpers/harness.ts";

/** A client whose session outlives its connection. */
const STORED: ConnectOptions = { clientId: "a", cleanStart: false, properties: { sessionExpiryInterval: 60 } };

const OPEN: Hook = { id: "open", onConnectAuthenticate: () => true, onAclCheck: () => true };

/** The first call waits until somebody opens the gate; the others go through. */
class Gate {
  /** How often it was reached. */
  reached = 0;
  readonly #waiting = Promise.withResolvers<void>();

  /** What `answer` gives, or rejects with. */
  pass<T>(answer: () => T): T | Promise<T> {
    return this.reached++ === 0 ? this.#waiting.promise.then(answer) : answer();
  }

  /** Lets the first call go on. */
  open(): void {
    this.#waiting.resolve();
  }
}

/** What is left of a session: its filters, and what hooks were told. */
function filters(harness: Harness): string[] {
  return [...harness.broker.topics.subscriptions()].map(({ topicFilter }) => topicFilter).sort();
}

const SUBSCRIBE_HOOKS: Record<string, (gate: Gate) => Hook> = {
  "onAclCheck": (gate) => ({ ...OPEN, onAclCheck: () => gate.pass(() => true) }),
  "onSubscribe": (gate) => ({ ...OPEN, onSubscribe: () => gate.pass(() => undefined) }),
  "onSubscribe, which refuses,": (gate) => ({
    ...OPEN,
    onSubscribe: () =>
      gate.pass(() => {
        throw new MqttError(0x87, "no");
      }),
  }),
  "onAclCheck of the second filter": (gate) => ({
    ...OPEN,
    onAclCheck: (_client, topic) => topic === "t" || gate.pass(() => true),
  }),
};

for (const [event, make] of Object.entries(SUBSCRIBE_HOOKS)) {
  for (const version of [5, 4] as const) {
    Deno.test(`${event} decides too late for a connection that has gone: nothing is granted, MQTT ${version}`, async () => {
      const gate = new Gate(), told: unknown[] = [];
      const watching: Hook = { id: "watching", onSubscribed: (_client, granted) => void told.push(granted) };
      await using harness = await Harness.start({ hooks: [make(gate), watching] });
      await harness.broker.publish("t", "kept", { retain: true });
      const options = {
        ...STORED,
        protocolVersion: version,
        properties: version === 5 ? STORED.properties : undefined,
      };
      const gone = await harness.connect(options);
      const request = { qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
      const subscriptions = ["t", "u"].map((topicFilter) => ({ topicFilter, ...request }));
      await gone.send({ type: PacketType.SUBSCRIBE, packetId: 1, subscriptions });
      await harness.clock.advance(0);
      assertEquals(gate.reached, 1);
      const again = await harness.connect(options);
      await again.unsubscribe("t");
      gate.open();
      await again.expectNothing();
      assertEquals([filters(harness), told], [[], []]);
    });
  }
}

Deno.test("onUnsubscribe decides too late: what the client has subscribed to since then stays", async () => {
  const gate = new Gate();
  const hook: Hook = { ...OPEN, onUnsubscribe: () => gate.pass(() => undefined) };
  await using harness = await Harness.start({ hooks: [hook] });
  const gone = await harness.connect(STORED);
  await gone.subscribe("t");
  await gone.send({ type: PacketType.UNSUBSCRIBE, packetId: 2, topicFilters: ["t"] });
  await harness.clock.advance(0);
  const again = await harness.connect(STORED);
  await again.subscribe("t");
  gate.open();
  await again.expectNothing();
  assertEquals(filters(harness), ["t"]);
});

Deno.test("a commit of subscriptions that comes too late brings no retained messages to the next connection", async () => {
  const gate = new Gate();
  const hook: Hook = { ...OPEN, durable: true, onSubscribed: () => gate.pass(() => undefined) as Promise<void> };
  await using harness = await Harness.start({ hooks: [hook] });
  await harness.broker.publish("t", "kept", { retain: true });
  const gone = await harness.connect(STORED);
  const request = { topicFilter: "t", qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
  await gone.send({ type: PacketType.SUBSCRIBE, packetId: 1, subscriptions: [request] });
  await harness.clock.advance(0);
  const again = await harness.connect(STORED);
  await again.unsubscribe("t");
  gate.open();
  await again.expectNothing();
});

const METHOD: Properties = { authenticationMethod: "M" };

const CONNECT_HOOKS: Record<string, (gate: Gate) => Hook> = {
  "onConnect": (gate) => ({ ...OPEN, onConnect: () => gate.pass(() => undefined) }),
  "onConnectAuthenticate": (gate) => ({ ...OPEN, onConnectAuthenticate: () => gate.pass(() => true) }),
  "onAclCheck of a will": (gate) => ({ ...OPEN, onAclCheck: () => gate.pass(() => true) }),
  "onAuthPacket": (gate) => ({
    ...OPEN,
    onAuthPacket: () => gate.pass(() => ({ type: PacketType.AUTH, reasonCode: 0, properties: METHOD })),
  }),
};

for (const [event, make] of Object.entries(CONNECT_HOOKS)) {
  Deno.test(`${event} decides too late for a CONNECT whose connection has ended: the next one keeps the session`, async () => {
    const gate = new Gate(), hook = make(gate), clients: Client[] = [];
    const first: Hook = { id: "first", onPacketRead: (client) => void clients.push(client) };
    await using harness = await Harness.start({ hooks: [first, hook] });
    const options = { ...STORED, will: {}, properties: { ...STORED.properties, ...METHOD } };
    if (event !== "onAuthPacket") options.properties = STORED.properties!;
    const early = await harness.open();
    await early.sendConnect({ ...options, cleanStart: true });
    await harness.clock.advance(0);
    assertEquals(gate.reached, 1);
    clients[0].disconnect();
    await early.expectClosed();
    const late = await harness.connect(options);
    await late.subscribe("t");
    gate.open();
    await late.expectNothing();
    assertEquals(filters(harness), ["t"]);
    assertEquals(harness.broker.info.clientsConnected, 1);
  });
}

Deno.test("onAuthPacket of a re-authentication decides too late: the next connection hears nothing of it", async () => {
  const gate = new Gate();
  const done = { type: PacketType.AUTH, reasonCode: 0, properties: METHOD } as const;
  const hook: Hook = {
    ...OPEN,
    onAuthPacket: (_client, packet) => packet.reasonCode === 0x19 ? gate.pass(() => done) : done,
  };
  await using harness = await Harness.start({ hooks: [hook] });
  const options = { ...STORED, properties: { ...STORED.properties, ...METHOD } };
  const gone = await harness.connect(options);
  await gone.send({ type: PacketType.AUTH, reasonCode: 0x19, properties: METHOD });
  await harness.clock.advance(0);
  assertEquals(gate.reached, 1);
  const again = await harness.connect(options);
  gate.open();
  await again.expectNothing();
});
