import { allowAll } from "../../hooks/auth/allow_all.ts";
import { assert, assertEquals } from "@std/assert";
import type { Socket } from "../../src/broker/core/listener.ts";
import type { BrokerOptions, Capabilities, Compatibilities } from "../../src/broker/core/options.ts";
import type { Properties, SubscribePacket } from "../../src/packets/types.ts";
import type { Session } from "../../src/session/session.ts";
import type { MemoryListener } from "../../listeners/memory.ts";
import { hex } from "../packets/bytes.ts";
import { Harness, type HarnessOptions, PacketType, type RawClient } from "../helpers/harness.ts";

/** What is different with an option: `prove` fails without it. */
interface Effect<T> {
  readonly value: T;
  prove(harness: Harness): Promise<void>;
}

const LASTING = { sessionExpiryInterval: 1_000 };

function start(options: HarnessOptions): Promise<Harness> {
  return Harness.start({ errorsExpected: true, ...options });
}

/** CONNACK of a client that asks for these properties. */
async function connack(harness: Harness, properties: Properties = {}): Promise<Properties> {
  return (await harness.connect({ clientId: "told", properties })).connack!.properties!;
}

function subscribeTo(...topicFilters: string[]): SubscribePacket {
  const rest = { qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
  const subscriptions = topicFilters.map((topicFilter) => ({ topicFilter, ...rest }));
  return { type: PacketType.SUBSCRIBE, packetId: 1, subscriptions };
}

async function expectCode(code: Promise<number>, expected: number): Promise<void> {
  assertEquals(await code, expected);
}

async function expectRefusal(harness: Harness, code: number, options = {}): Promise<void> {
  const client = await harness.open();
  await client.sendConnect({ clientId: "refused", ...options });
  await client.expectRefusal(code);
}

async function expectDropped(harness: Harness): Promise<void> {
  const client = await harness.open();
  await client.sendConnect({ clientId: "dropped" });
  await client.expectClosed();
}

/** A message of `size` bytes at QoS 1 for a client that is away, `count` times. */
async function queueFor(harness: Harness, count: number, size: number): Promise<void> {
  for (const id of ["one", "two"]) {
    const away = await harness.connect({ clientId: id, properties: LASTING });
    await away.subscribe("q", { qos: 1 });
    await away.disconnect();
  }
  const publisher = await harness.connect("publisher");
  for (let index = 0; index < count; index++) await publisher.publish("q", new Uint8Array(size), { qos: 1 });
}

/** A subscriber that reads nothing, and how much was dropped for it. */
async function droppedForSlow(harness: Harness): Promise<number> {
  const slow = await new SlowClient(harness).subscribe();
  for (let index = 0; index < 200; index++) await harness.broker.publish("s", new Uint8Array(1_000));
  slow.close();
  return harness.broker.info.messagesDropped;
}

/** A client that connects, subscribes to `s` and then never reads. */
class SlowClient {
  readonly #socket: Socket;

  constructor(harness: Harness) {
    const listener = harness.broker.listeners.get("memory") as MemoryListener;
    this.#socket = listener.connect({ capacity: 1_024 });
  }

  async subscribe(): Promise<this> {
    const bytes = [0x10, 13, 0, 4, 77, 81, 84, 84, 4, 2, 0, 0, 0, 1, 115, 0x82, 6, 0, 1, 0, 1, 115, 0];
    await this.#socket.write(Uint8Array.from(bytes));
    for (let read = 0; read < 9;) read += (await this.#socket.read(new Uint8Array(9)))!;
    return this;
  }

  close(): void {
    this.#socket.close();
  }
}

async function aliasesOf(harness: Harness): Promise<(number | undefined)[]> {
  const client = await harness.connect({ clientId: "aliased", properties: { topicAliasMaximum: 10 } });
  await client.subscribe("#");
  for (const topic of ["a", "b", "c", "a"]) await harness.broker.publish(topic, "");
  await harness.settle();
  return client.received.filter(({ type }) => type === PacketType.PUBLISH).map(({ properties }) =>
    properties?.topicAlias
  );
}

const capabilities: { [Name in keyof Capabilities]: Effect<Capabilities[Name]> } = {
  maximumClients: {
    value: 1,
    async prove(harness) {
      const first = await harness.connect("first");
      await expectRefusal(harness, 0x97);
      await harness.connect("first"); // takes its own place
      await first.expectDisconnect(0x8e);
    },
  },
  maximumSockets: {
    value: 2,
    async prove(harness) {
      const silent = await harness.open();
      const first = await harness.connect("first");
      await expectRefusal(harness, 0x97); // in the place of the silent one
      await silent.expectClosed();
      await harness.connect("first"); // takes its own place
      await first.expectDisconnect(0x8e);
    },
  },
  maximumSessions: {
    value: 1,
    async prove(harness) {
      await (await harness.connect({ clientId: "first", properties: LASTING })).disconnect();
      await expectRefusal(harness, 0x97);
      await harness.connect({ clientId: "first", cleanStart: false });
    },
  },
  maximumTotalSessionBytes: {
    value: 1_500,
    async prove(harness) {
      await (await harness.connect({ clientId: "first", properties: LASTING })).disconnect();
      await harness.connect("second");
      await expectRefusal(harness, 0x97);
      const first = await harness.connect({ clientId: "first", cleanStart: false });
      await expectCode(first.publish("t", "", { qos: 2 }), 0x97);
    },
  },
  maximumTotalWillBytes: {
    value: 1_500,
    async prove(harness) {
      const will = { topic: "w", payload: new Uint8Array(400) };
      await harness.connect({ clientId: "first", will });
      const second = await harness.open();
      await second.sendConnect({ clientId: "second", will });
      await second.expectRefusal(0x97);
      await (await harness.connect({ clientId: "first", will })).disconnect();
      await harness.connect({ clientId: "second", will });
      assertEquals(harness.broker.info.willBytes, 512 + 2 + 400);
    },
  },
  maximumMemory: {
    value: 1_024,
    async prove(harness) {
      assertEquals(harness.broker.info.memoryShort, 1);
      await expectRefusal(harness, 0x97);
    },
  },
  maximumTotalSubscriptionBytes: {
    value: 1_500,
    async prove(harness) {
      const first = await harness.connect("a"), second = await harness.connect("b");
      assertEquals([await first.subscribe("+/a/1"), await second.subscribe("+/a/2")], [0, 0]); // and two levels
      assertEquals([await first.subscribe("c"), await first.subscribe("+/a/1")], [0x97, 0]);
      await second.unsubscribe("+/a/2");
      assertEquals([await first.subscribe("c"), harness.broker.info.subscriptionBytes], [
        0,
        2 * 512 + 10 + 2 + 2 * 128,
      ]);
    },
  },
  maximumClientsPerAddress: {
    value: 2,
    async prove(harness) {
      const first = await harness.connect("first");
      await harness.connect("second");
      await expectDropped(harness);
      await first.disconnect();
      await harness.settle();
      await harness.connect("third");
    },
  },
  maximumConnectionRate: {
    value: 1,
    async prove(harness) {
      await harness.connect("first");
      await expectDropped(harness);
      await harness.advance(1_000);
      await harness.connect("second");
    },
  },
  maximumConnectRatePerClientId: {
    value: 1,
    async prove(harness) {
      const connect = () => harness.connect({ clientId: "a", cleanStart: false, properties: LASTING });
      await connect();
      const holder = await connect();
      await expectRefusal(harness, 0x9f, { clientId: "a" });
      await holder.barrier();
      await harness.connect("another");
      await harness.advance(1_000);
      await connect();
    },
  },
  maximumMessageRate: { value: 10, prove: (harness) => expectPause(harness, "x", 30) },
  maximumByteRate: { value: 80, prove: (harness) => expectPause(harness, "x", 30) },
  maximumQos: {
    value: 1,
    async prove(harness) {
      assertEquals((await connack(harness)).maximumQoS, 1);
      const client = await harness.connect("a");
      assertEquals(await client.subscribe("t", { qos: 2 }), 1);
      await client.sendPublish("t", "", { qos: 2 });
      await client.expectDisconnect(0x9b);
      await expectRefusal(harness, 0x9b, { will: { qos: 2 } });
    },
  },
  retainAvailable: {
    value: false,
    async prove(harness) {
      assertEquals((await connack(harness)).retainAvailable, 0);
      const client = await harness.connect("a");
      await client.sendPublish("t", "", { retain: true });
      await client.expectDisconnect(0x9a);
      await expectRefusal(harness, 0x9a, { will: { retain: true } });
    },
  },
  wildcardSubAvailable: {
    value: false,
    async prove(harness) {
      assertEquals((await connack(harness)).wildcardSubscriptionAvailable, 0);
      const client = await harness.connect("a");
      await client.send("82 07 00 01 00 00 01 '#' 00");
      await client.expectDisconnect(0xa2);
    },
  },
  subIdAvailable: {
    value: false,
    async prove(harness) {
      assertEquals((await connack(harness)).subscriptionIdentifierAvailable, 0);
      const client = await harness.connect("a");
      await client.send("82 09 00 01 02 0B 01 00 01 't' 00");
      await client.expectDisconnect(0xa1);
    },
  },
  sharedSubAvailable: {
    value: false,
    async prove(harness) {
      assertEquals((await connack(harness)).sharedSubscriptionAvailable, 0);
      const client = await harness.connect("a");
      await client.send("82 10 00 01 00 00 0A '$share/g/t' 00");
      await client.expectDisconnect(0x9e);
    },
  },
  minimumProtocolVersion: {
    value: 5,
    async prove(harness) {
      const client = await harness.open(4);
      await client.sendConnect();
      await client.expect("20 02 00 01");
      await harness.connect("five");
    },
  },
  topicAliasMaximum: {
    value: 2,
    async prove(harness) {
      assertEquals((await connack(harness)).topicAliasMaximum, 2);
      const client = await harness.connect("a");
      await client.publish("t", "", { properties: { topicAlias: 2 } });
      await client.sendPublish("t", "", { properties: { topicAlias: 3 } });
      await client.expectDisconnect(0x94);
    },
  },
  outboundTopicAliasMaximum: {
    value: 2,
    prove: async (harness) => assertEquals(await aliasesOf(harness), [1, 2, 1, 2]),
  },
  receiveMaximum: {
    value: 2,
    async prove(harness) {
      assertEquals((await connack(harness)).receiveMaximum, 2);
      const client = await harness.connect("a");
      for (let id = 1; id <= 3; id++) await client.sendPublish("t", "", { qos: 2, packetId: id });
      for (let id = 1; id <= 2; id++) await client.expect({ type: PacketType.PUBREC, packetId: id });
      await client.expectDisconnect(0x93);
    },
  },
  maximumInflight: {
    value: 1,
    async prove(harness) {
      const client = await harness.connect("a");
      await client.subscribe("t", { qos: 1 });
      for (const payload of ["1", "2"]) await harness.broker.publish("t", payload, { qos: 1 });
      const { packetId } = await client.expectMessage("t", "1");
      await client.expectNothing();
      await client.ack(PacketType.PUBACK, packetId!);
      await client.expectMessage("t", "2");
    },
  },
  maximumPacketSize: {
    value: 100,
    async prove(harness) {
      assertEquals((await connack(harness)).maximumPacketSize, 100);
      const client = await harness.connect("a");
      await client.publish("t", new Uint8Array(94)); // 100 bytes with everything
      await client.sendPublish("t", new Uint8Array(95));
      await client.expectDisconnect(0x95);
    },
  },
  maximumConnectSize: {
    value: 64,
    async prove(harness) {
      const client = await harness.open();
      await client.sendConnect({ username: "u".repeat(64) });
      await client.expectClosed();
      await (await harness.connect("a")).publish("t", new Uint8Array(1_000));
    },
  },
  maximumSessionExpiryInterval: {
    value: 10,
    async prove(harness) {
      const properties = { sessionExpiryInterval: 1_000 };
      assertEquals((await connack(harness, properties)).sessionExpiryInterval, 10);
      await (await harness.connect({ clientId: "a", properties })).disconnect();
      await harness.advance(9_999);
      assert(harness.broker.clients.get("a") !== undefined);
      await harness.advance(1);
      assertEquals(harness.broker.clients.get("a"), undefined);
    },
  },
  maximumMessageExpiryInterval: {
    value: 10,
    async prove(harness) {
      await queueFor(harness, 1, 1);
      await harness.advance(10_000);
      const client = await harness.connect({ clientId: "one", cleanStart: false });
      await client.expectNothing();
    },
  },
  maximumKeepAlive: {
    value: 10,
    async prove(harness) {
      for (const keepAlive of [0, 11]) {
        const client = await harness.connect({ clientId: `${keepAlive}`, keepAlive });
        assertEquals(client.connack!.properties!.serverKeepAlive, 10);
        await harness.clock.advance(15_000);
        await client.expectDisconnect(0x8d);
      }
    },
  },
  maximumClientWritesPending: {
    value: 10,
    prove: async (harness) => assert(await droppedForSlow(harness) > 150),
  },
  maximumClientWritesPendingBytes: {
    value: 10_000,
    prove: async (harness) => assert(await droppedForSlow(harness) > 150),
  },
  maximumTotalWritesPendingBytes: {
    value: 10_000,
    prove: async (harness) => assert(await droppedForSlow(harness) > 100),
  },
  maximumQueuedMessages: {
    value: 3,
    async prove(harness) {
      await queueFor(harness, 5, 1);
      assertEquals([harness.broker.info.inflight, harness.broker.info.messagesDropped], [6, 4]);
    },
  },
  maximumQueuedBytes: {
    value: 5_500,
    async prove(harness) {
      await queueFor(harness, 5, 1_000);
      assertEquals([harness.broker.info.inflight, harness.broker.info.messagesDropped], [6, 4]);
    },
  },
  maximumTotalQueuedBytes: {
    value: 6_500, // 1,578 for each message, and 128 for each of its two deliveries
    async prove(harness) {
      await queueFor(harness, 5, 1_000);
      assertEquals([harness.broker.info.inflight, harness.broker.info.messagesDropped], [7, 1]); // the last is refused
    },
  },
  maximumAcknowledgementDelay: {
    value: 1,
    async prove(harness) {
      const subscriber = await harness.connect({ clientId: "s", properties: { receiveMaximum: 1 } });
      await subscriber.subscribe("t", { qos: 1 });
      const publisher = await harness.connect("p");
      for (let sent = 0; sent <= 5_000; sent++) await publisher.publish("t", "x", { qos: 1 }); // half of what the queue takes
      for (let few = 0; few < 16; few++) await publisher.sendPublish("t", "x", { qos: 1 }); // who has no more waits 50 ms
      const packetId = await publisher.sendPublish("t", "x", { qos: 1 });
      await harness.advance(50);
      for (let few = 0; few < 16; few++) await publisher.expect({ type: PacketType.PUBACK });
      await harness.advance(149); // it is looked five times whether the subscriber stands still
      await publisher.expectNothing();
      await harness.advance(1);
      await publisher.expect({ type: PacketType.PUBACK, packetId });
    },
  },
  queueOverflow: {
    value: "drop_oldest",
    async prove(harness) {
      const count = 10_001; // one more than the queue takes
      await queueFor(harness, count, 0);
      assertEquals(harness.broker.info.messagesDropped, 2);
      const { outbox } = harness.broker.clients.get("one")!.session as Session;
      assertEquals(outbox.queue.peek()!.sequence, 2);
    },
  },
  maximumRetainedMessages: {
    value: 1,
    async prove(harness) {
      const client = await harness.connect("a");
      await expectCode(client.publish("t", "x", { qos: 1, retain: true }), 0x10);
      await expectCode(client.publish("u", "x", { qos: 1, retain: true }), 0x97);
      await expectCode(client.publish("t", "y", { qos: 1, retain: true }), 0x10);
      await expectCode(client.publish("u", "", { qos: 1, retain: true }), 0x10);
      await expectCode(client.publish("t", "", { qos: 1, retain: true }), 0x10);
      await expectCode(client.publish("u", "x", { qos: 1, retain: true }), 0x10);
    },
  },
  maximumRetainedBytes: {
    value: 2_500,
    async prove(harness) {
      const client = await harness.connect("a"), large = new Uint8Array(1_500);
      await expectCode(client.publish("t", large, { qos: 1, retain: true }), 0x10);
      await expectCode(client.publish("u", large, { qos: 1, retain: true }), 0x97);
      await expectCode(client.publish("t", "small", { qos: 1, retain: true }), 0x10);
      await expectCode(client.publish("t", new Uint8Array(2_000), { qos: 1, retain: true }), 0x97);
      await expectCode(client.publish("u", "small", { qos: 1, retain: true }), 0x10);
      assert(harness.broker.info.retainedBytes < 2_500);
    },
  },
  maximumSubscriptionsPerClient: {
    value: 1,
    async prove(harness) {
      const client = await harness.connect("a");
      assertEquals([await client.subscribe("t"), await client.subscribe("u"), await client.subscribe("t")], [
        0,
        0x97,
        0,
      ]);
    },
  },
  maximumSubscriptionBytesPerClient: {
    value: 2 * 512 + 12, // for each, and for their characters
    async prove(harness) {
      const client = await harness.connect("a"), codes = [];
      for (const filter of ["aaa", "bbbb", "bbb", "aaa", "c"]) codes.push(await client.subscribe(filter));
      assertEquals(codes, [0, 0x97, 0, 0, 0x97]);
      await client.unsubscribe("aaa");
      assertEquals([await client.subscribe("ääää"), await client.subscribe("üüü")], [0x97, 0]);
    },
  },
  maximumFiltersPerPacket: {
    value: 2,
    async prove(harness) {
      const client = await harness.connect("a"), older = await harness.connect({ clientId: "b", protocolVersion: 4 });
      await client.send(subscribeTo("a", "b"));
      await client.expect({ type: PacketType.SUBACK, reasonCodes: [0, 0] });
      await client.send({ type: PacketType.UNSUBSCRIBE, packetId: 2, topicFilters: ["a", "b", "c"] });
      await client.expectDisconnect(0x97);
      await older.send(subscribeTo("a", "b", "c"));
      await older.expectClosed();
    },
  },
  maximumWildcardSubscriptionsPerClient: {
    value: 1,
    async prove(harness) {
      const client = await harness.connect("a");
      for (const [filter, code] of [["+", 0], ["#", 0x97], ["+", 0], ["a", 0], ["$share/g/#", 0x97]] as const) {
        assertEquals(await client.subscribe(filter), code, filter);
      }
      await client.unsubscribe("+");
      assertEquals(await client.subscribe("#"), 0);
    },
  },
  maximumWildcardFilters: {
    value: 1,
    async prove(harness) {
      const one = await harness.connect("one"), two = await harness.connect("two");
      assertEquals([await one.subscribe("+"), await two.subscribe("#"), await two.subscribe("t")], [0, 0x97, 0]);
      assertEquals(
        [await two.subscribe("+"), await two.subscribe("$share/g/+")],
        [0, 0],
        "the filter is there already",
      );
      await one.disconnect();
      await two.disconnect();
      assertEquals(await (await harness.connect("three")).subscribe("#"), 0);
    },
  },
  maximumSharesPerClient: {
    value: 1,
    async prove(harness) {
      const client = await harness.connect("a");
      for (const [filter, code] of [["$share/g/t", 0], ["$share/h/t", 0x97], ["$share/g/t", 0], ["t", 0]] as const) {
        assertEquals(await client.subscribe(filter), code, filter);
      }
      await client.unsubscribe("$share/g/t");
      assertEquals(await client.subscribe("$share/h/t"), 0);
    },
  },
  maximumShares: {
    value: 1,
    async prove(harness) {
      const one = await harness.connect("one"), two = await harness.connect("two");
      assertEquals([await one.subscribe("$share/g/t"), await two.subscribe("$share/h/t")], [0, 0x97]);
      assertEquals(await two.subscribe("$share/g/t"), 0, "a group that is there already");
      await one.disconnect();
      assertEquals(await two.subscribe("$share/h/t"), 0x97);
      await two.unsubscribe("$share/g/t");
      assertEquals(await two.subscribe("$share/h/t"), 0);
    },
  },
  maximumSingleLevelWildcards: {
    value: 1,
    async prove(harness) {
      const client = await harness.connect("a");
      assertEquals([await client.subscribe("+/a/#"), await client.subscribe("+/+")], [0, 0x8f]);
    },
  },
  maximumTopicLevels: {
    value: 2,
    async prove(harness) {
      const client = await harness.connect("a");
      assertEquals([await client.subscribe("a/b"), await client.subscribe("a/b/c")], [0, 0x8f]);
      await client.sendPublish("a/b/c", "");
      await client.expectDisconnect(0x90);
    },
  },
  maximumUserProperties: {
    value: 1,
    async prove(harness) {
      const client = await harness.connect("a"), userProperties: [string, string][] = [["a", "b"], ["c", "d"]];
      await client.publish("t", "", { properties: { userProperties: userProperties.slice(1) } });
      await client.sendPublish("t", "", { properties: { userProperties } });
      await client.expectDisconnect(0x97);
    },
  },
  maximumClientIdLength: {
    value: 23,
    async prove(harness) {
      await harness.connect("x".repeat(23));
      await expectRefusal(harness, 0x85, { clientId: "x".repeat(24) });
    },
  },
  validatePayloadFormat: {
    value: false,
    async prove(harness) {
      const client = await harness.connect("a"), properties = { payloadFormatIndicator: 1 };
      assertEquals(await client.publish("t", new Uint8Array([0xff]), { qos: 1, properties }), 0x10);
    },
  },
  shareDispatch: {
    value: "sticky",
    async prove(harness) {
      const members = [await harness.connect("one"), await harness.connect("two")];
      for (const member of members) await member.subscribe("$share/g/t");
      for (let index = 0; index < 10; index++) await harness.broker.publish("t", "");
      await harness.settle();
      const counts = members.map(({ received }) => received.filter(({ type }) => type === PacketType.PUBLISH).length);
      assertEquals(counts.sort((a, b) => a - b), [0, 10]);
    },
  },
};

/** More than a second's worth is handled, but the next read waits; a client with Keep Alive stays meanwhile. */
async function expectPause(harness: Harness, payload: string, count: number): Promise<void> {
  const client = await harness.connect({ clientId: "fast", keepAlive: 1 });
  let heard = 0;
  harness.broker.subscribe("t", () => void heard++);
  const packet = hex(`30 ${(payload.length + 4).toString(16).padStart(2, "0")} 00 01 't' 00 '${payload}'`);
  await client.send(...Array.from({ length: count }, () => packet));
  for (let tries = 0; heard < count && tries < 100; tries++) await new Promise((resolve) => setTimeout(resolve, 1));
  await client.sendPublish("t", payload);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals(heard, count, "reading pauses");
  await harness.clock.advance(2_500); // the pause is longer than Keep Alive allows, and counts for nothing
  assertEquals(heard, count + 1);
  await client.expectNothing();
}

const compatibilities: { [Name in keyof Compatibilities]: Effect<Compatibilities[Name]> } = {
  obscureNotAuthorized: {
    value: true,
    async prove(harness) {
      const client = await harness.connect("a");
      assertEquals(await client.publish("$SYS/x", "", { qos: 1 }), 0x80);
    },
  },
  longClientIds: {
    value: true,
    async prove(harness) {
      await harness.connect({ clientId: "x".repeat(24), protocolVersion: 3 });
    },
  },
  passiveClientDisconnect: {
    value: true,
    async prove(harness) {
      const client = await harness.connect("a");
      harness.broker.clients.disconnect("a");
      await client.expect({ type: PacketType.DISCONNECT, reasonCode: 0x98 });
      await harness.clock.advance(4_000);
      await client.expectNothing(); // not even the end
      await harness.clock.advance(1_000);
      await client.expectClosed();
    },
  },
  alwaysReturnResponseInfo: {
    value: true,
    prove: async (harness) => assertEquals((await connack(harness)).responseInformation, "answers/told"),
  },
  restoreSysInfoOnRestart: {
    value: true,
    // deno-lint-ignore require-await
    prove: async (harness) => assertEquals(harness.broker.info.messagesReceived, 4_711),
  },
  inheritPropertiesOnAck: {
    value: true,
    async prove(harness) {
      const client = await harness.connect("a"), properties = { userProperties: [["a", "b"] as const] };
      await client.sendPublish("t", "", { qos: 1, packetId: 1, properties });
      const puback = await client.expect({ type: PacketType.PUBACK });
      assertEquals(puback.properties?.userProperties, properties.userProperties);
    },
  },
};

/** Counters of an earlier run, and what everyone may do. */
function hooks(): HarnessOptions["hooks"] {
  const storedSysInfo = () => ({ messagesReceived: 4_711 }) as never;
  return [{ id: "open", storedSysInfo, onConnectAuthenticate: () => true, onAclCheck: () => true }];
}

/** Runs one proof with the option and once without, where it has to fail. */
function testEffect(name: string, effect: Effect<unknown>, options: BrokerOptions): void {
  Deno.test(`${name}: what it changes`, async () => {
    await using harness = await start({ hooks: hooks(), responseInformation: "answers/{clientId}", ...options });
    await effect.prove(harness);
  });

  Deno.test(`${name}: not so by default`, async () => {
    await using harness = await start({ hooks: hooks(), responseInformation: "answers/{clientId}" });
    const failed = await effect.prove(harness).then(() => false, () => true);
    assert(failed, "the proof holds without the option too");
  });
}

for (const [name, effect] of Object.entries(capabilities)) {
  testEffect(name, effect, { capabilities: { [name]: effect.value } });
}
for (const [name, effect] of Object.entries(compatibilities)) {
  testEffect(name, effect, { compatibilities: { [name]: effect.value } });
}

Deno.test("a limit of clients holds while the authenticator takes its time", async () => {
  const gate = Promise.withResolvers<boolean>();
  const slow = { id: "slow", onConnectAuthenticate: () => gate.promise };
  await using harness = await start({ hooks: [slow], capabilities: { maximumClients: 2 } });
  const clients: RawClient[] = [];
  for (let index = 0; index < 10; index++) {
    const client = await harness.open();
    await client.sendConnect({ clientId: `${index}` });
    clients.push(client);
  }
  gate.resolve(true);
  const codes = await Promise.all(clients.map(async (client) => (await client.next()).reasonCode));
  assertEquals(codes.filter((code) => code === 0).length, 2);
  assertEquals(codes.filter((code) => code === 0x97).length, 8);
  assertEquals(harness.broker.info.clientsConnected, 2);
});

Deno.test("maximumMessageRate: messages count where hooks look at packets, too", async () => {
  const looks = { id: "looks", onPacketRead: () => undefined };
  await using harness = await Harness.start({ hooks: [looks, allowAll()], capabilities: { maximumMessageRate: 10 } });
  await expectPause(harness, "x", 30);
});
