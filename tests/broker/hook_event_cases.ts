/** The one table of events: how each one is brought about, with what it is called, and what follows when a hook fails. */

import type { HookEvent } from "../../src/hook/events.ts";
import type { Hook } from "../../src/hook/hook.ts";
import type { StoredInflightMessage } from "../../src/hook/records.ts";
import { MqttError } from "../../src/packets/errors.ts";
import { ReasonCode } from "../../src/packets/reason_codes.ts";
import { type AuthPacket, PacketType } from "../../src/packets/types.ts";
import type { Harness, HarnessOptions, RawClient } from "../helpers/harness.ts";

/** One event. */
export interface EventCase {
  /** Brings the event about, on a broker where no hook fails. */
  provoke(harness: Harness): Promise<unknown>;
  /** What the first call is given, in the words of `brief`. */
  readonly args: readonly string[];
  /** Options of the broker. */
  readonly options?: HarnessOptions;
  /** Hooks that the event needs beside the one at hand. */
  readonly hooks?: () => Hook[];
  /** Does the same when the hook refuses with this code. `arm` makes the hook fail from then on. For `decide` and `transform`. */
  refused?(harness: Harness, code: number, arm: () => void): Promise<unknown>;
  /** What a client is told of a hook that hangs, where that is something else. */
  hangCode?: number;
  /** What a client sees when a durable hook fails: what depends on it is not acknowledged. For `observe`. */
  withheld?(harness: Harness, arm: () => void): Promise<unknown>;
}

const LASTING = { sessionExpiryInterval: 100 };
const AUTHENTICATION = { authenticationMethod: "M" };

/** Connects and ends with a refusal. */
async function refusedConnect(harness: Harness, code: number, properties = {}): Promise<void> {
  const client = await harness.open();
  await client.sendConnect({ properties });
  await client.expectRefusal(code);
}

/** Publishes at QoS 1 and wants this answer. */
async function expectAnswer(client: RawClient, code: number, retain = false): Promise<void> {
  const found = await client.publish("t", "x", { qos: 1, retain });
  if (found !== code) throw new Error(`expected PUBACK ${code}, received ${found}`);
}

async function subscriberAndPublisher(harness: Harness, qos: 0 | 1 | 2 = 0): Promise<[RawClient, RawClient]> {
  const subscriber = await harness.connect("subscriber"), publisher = await harness.connect("publisher");
  await subscriber.subscribe("t", { qos });
  return [subscriber, publisher];
}

/** A session whose client is away and whose queue takes nothing. */
async function publishToFullQueue(harness: Harness): Promise<void> {
  const away = await harness.connect({ clientId: "away", properties: LASTING });
  await away.subscribe("t", { qos: 1 });
  await away.disconnect();
  await (await harness.connect("publisher")).publish("t", "x", { qos: 1 });
}

const NO_QUEUE: HarnessOptions = { capabilities: { maximumQueuedMessages: 0 } };

/** A session of an earlier run that has used up all Packet Identifiers. */
function exhausted(): Hook {
  const session = { clientId: "full", username: undefined, protocolVersion: 5 as const, properties: undefined };
  function* released(): Generator<StoredInflightMessage> {
    const rest = { clientId: "full", direction: "out", state: "released", qos: 2, retain: false } as const;
    for (let id = 1; id <= 65_535; id++) {
      yield { ...rest, sequence: id, packetId: id, identifiers: undefined, share: undefined, message: undefined };
    }
  }
  return {
    id: "exhausted",
    storedClients: () => [{ ...session, sessionExpiryInterval: 100, disconnectedAt: undefined, will: undefined }],
    storedInflightMessages: released,
  };
}

async function publishToExhausted(harness: Harness): Promise<void> {
  const full = await harness.connect({ clientId: "full", cleanStart: false, properties: LASTING });
  await full.barrier(); // behind 65,535 PUBREL
  await full.send("82 07 00 01 00 00 01 't' 01");
  await (await harness.connect("publisher")).publish("t", "x", { qos: 1 });
}

async function cutWithWill(harness: Harness): Promise<void> {
  const client = await harness.connect({ clientId: "dying", will: { topic: "will", payload: "gone" } });
  await client.cut();
}

/** Answers every step of the method `M` with success. */
function method(): Hook {
  const packet: AuthPacket = { type: PacketType.AUTH, reasonCode: 0, properties: AUTHENTICATION };
  return { id: "method", onAuthPacket: () => packet };
}

/** Every event; TypeScript misses none. */
export const eventCases: Readonly<Record<HookEvent, EventCase>> = {
  onStarted: { provoke: (harness) => harness.settle(), args: [] },
  onStopped: { provoke: (harness) => harness.close(), args: [] },
  onSysInfoTick: {
    provoke: (harness) => harness.advance(1_000),
    args: ["info"],
    options: { sysTopicResendInterval: 1 },
  },
  onConnectAuthenticate: {
    provoke: (harness) => harness.connect("a"),
    args: ["client a", "CONNECT"],
    hangCode: 0x88,
    async refused(harness, code, arm) {
      arm();
      await refusedConnect(harness, code === 0x83 ? 0x86 : code);
    },
  },
  onAclCheck: {
    provoke: async (harness) => await (await harness.connect("a")).publish("t", "x", { qos: 1 }),
    args: ["client a", "t", "write"],
    async refused(harness, code, arm) {
      const client = await harness.connect("a");
      arm();
      await expectAnswer(client, code === 0x83 ? 0x87 : code);
    },
  },
  onConnect: {
    provoke: (harness) => harness.connect("a"),
    args: ["client a", "CONNECT"],
    hangCode: 0x88,
    async refused(harness, code, arm) {
      arm();
      await refusedConnect(harness, code);
    },
  },
  onSessionEstablish: { provoke: (harness) => harness.connect("a"), args: ["client a", "CONNECT"] },
  onSessionEstablished: {
    provoke: (harness) => harness.connect("a"),
    args: ["client a", "session a"],
    async withheld(harness, arm) {
      arm();
      await refusedConnect(harness, 0x88);
    },
  },
  onDisconnect: {
    provoke: async (harness) => await (await harness.connect("a")).disconnect(),
    args: ["client a", "ending 0"],
  },
  onAuthPacket: {
    provoke: (harness) => harness.connect({ properties: AUTHENTICATION }),
    args: ["client a", "AUTH"],
    hooks: () => [method()],
    hangCode: 0x88,
    async refused(harness, code, arm) {
      arm();
      await refusedConnect(harness, code, AUTHENTICATION);
    },
  },
  onPacketRead: {
    provoke: (harness) => harness.connect("a"),
    args: ["client a", "CONNECT"],
    async refused(harness, code, arm) {
      const client = await harness.connect("a");
      arm();
      await client.send("C0 00");
      await client.expectDisconnect(code);
    },
  },
  onPacketEncode: {
    provoke: (harness) => harness.connect("a"),
    args: ["client a", "CONNACK"],
    async refused(harness, _code, arm) {
      const [subscriber, publisher] = await subscriberAndPublisher(harness);
      arm();
      await publisher.sendPublish("t", "x");
      await subscriber.send("C0 00"); // the message is left out, but an answer cannot be
      await subscriber.expectClosed();
    },
  },
  onPacketSent: { provoke: (harness) => harness.connect("a"), args: ["client a", "CONNACK"] },
  onPacketProcessed: { provoke: (harness) => harness.connect("a"), args: ["client a", "CONNECT"] },
  onSubscribe: {
    provoke: async (harness) => await (await harness.connect("a")).subscribe("t"),
    args: ["client a", "SUBSCRIBE"],
    async refused(harness, code, arm) {
      const client = await harness.connect("a");
      arm();
      await client.send("82 0B 00 07 00 00 01 't' 00 00 01 'u' 01");
      await client.expect({ type: PacketType.SUBACK, packetId: 7, reasonCodes: [code, code] });
      if ([...harness.broker.topics.subscriptions()].length > 0) throw new Error("a refused filter was subscribed");
    },
  },
  onSubscribed: {
    provoke: async (harness) => await (await harness.connect("a")).subscribe("t", { qos: 1 }),
    args: ["client a", "granted t 1"],
    async withheld(harness, arm) {
      const client = await harness.connect("a");
      arm();
      await client.send("82 07 00 01 00 00 01 't' 00");
      await client.expectDisconnect(0x83);
    },
  },
  onSelectSubscribers: {
    provoke: async (harness) => await (await harness.connect("a")).publish("t", "x"),
    args: ["message t", "matched 0"],
    async refused(harness, code, arm) {
      const client = await harness.connect("a");
      arm();
      await expectAnswer(client, code);
    },
  },
  onUnsubscribe: {
    provoke: async (harness) => await (await harness.connect("a")).unsubscribe("t"),
    args: ["client a", "UNSUBSCRIBE"],
    async refused(harness, code, arm) {
      const client = await harness.connect("a");
      await client.subscribe("t");
      arm();
      await client.send("A2 06 00 07 00 00 01 't'");
      const usable = code === 0x97 ? 0x80 : code; // UNSUBACK has no code for a quota
      await client.expect({ type: PacketType.UNSUBACK, packetId: 7, reasonCodes: [usable] });
      if ([...harness.broker.topics.subscriptions()].length !== 1) throw new Error("the subscription has gone");
    },
  },
  onUnsubscribed: {
    async provoke(harness) {
      const client = await harness.connect("a");
      await client.subscribe("t");
      await client.unsubscribe("t");
    },
    args: ["client a", "t"],
    async withheld(harness, arm) {
      const client = await harness.connect("a");
      await client.subscribe("t");
      arm();
      await client.send("A2 06 00 07 00 00 01 't'");
      await client.expectDisconnect(0x83);
    },
  },
  onPublish: {
    provoke: async (harness) => await (await harness.connect("a")).publish("t", "x", { qos: 1 }),
    args: ["client a", "PUBLISH"],
    async refused(harness, code, arm) {
      const [subscriber, publisher] = await subscriberAndPublisher(harness);
      arm();
      await expectAnswer(publisher, code);
      await subscriber.expectNothing();
    },
  },
  onPublished: {
    provoke: async (harness) => await (await harness.connect("a")).publish("t", "x", { qos: 1 }),
    args: ["client a", "message t"],
  },
  onPublishDropped: {
    provoke: publishToFullQueue,
    args: ["client away", "message t", "the queue is full"],
    options: NO_QUEUE,
  },
  onRetainMessage: {
    provoke: async (harness) => await (await harness.connect("a")).publish("t", "x", { qos: 1, retain: true }),
    args: ["client a", "message t"],
    async withheld(harness, arm) {
      const client = await harness.connect("a");
      arm();
      await expectAnswer(client, 0x83, true);
    },
  },
  onRetainPublished: {
    async provoke(harness) {
      await (await harness.connect("publisher")).publish("t", "x", { retain: true });
      const client = await harness.connect("a");
      await client.subscribe("t");
      await client.expectMessage("t", "x");
    },
    args: ["client a", "message t"],
  },
  onQosPublish: {
    async provoke(harness) {
      const [subscriber, publisher] = await subscriberAndPublisher(harness, 1);
      await publisher.publish("t", "x", { qos: 1 });
      await subscriber.expectMessage("t", "x");
    },
    args: ["client subscriber", "out sent 1"],
    async withheld(harness, arm) {
      const [, publisher] = await subscriberAndPublisher(harness, 1);
      arm();
      await expectAnswer(publisher, 0x83);
    },
  },
  onQosComplete: {
    async provoke(harness) {
      const [subscriber, publisher] = await subscriberAndPublisher(harness, 1);
      await publisher.publish("t", "x", { qos: 1 });
      const { packetId } = await subscriber.expectMessage("t", "x");
      await subscriber.ack(PacketType.PUBACK, packetId!);
    },
    args: ["client subscriber", "out sent 1"],
    async withheld(harness, arm) {
      const client = await harness.connect("a");
      arm();
      await client.send("34 07 00 01 't' 00 05 00 'x'");
      await client.expect({ type: PacketType.PUBREC, packetId: 5 });
      await client.ack(PacketType.PUBREL, 5);
      await client.expectDisconnect(0x83);
    },
  },
  onQosDropped: { provoke: publishToFullQueue, args: ["client away", "out queued 0"], options: NO_QUEUE },
  onPacketIdExhausted: {
    provoke: publishToExhausted,
    args: ["client full", "message t"],
    options: { capabilities: { maximumInflight: 65_535 } },
    hooks: () => [exhausted()],
  },
  onWill: {
    provoke: cutWithWill,
    args: ["client dying", "will will"],
    async refused(harness, _code, arm) {
      const watching = await harness.connect("watching");
      await watching.subscribe("#");
      arm();
      await cutWithWill(harness);
      await watching.expectNothing();
    },
  },
  onWillSent: { provoke: cutWithWill, args: ["client dying", "message will"] },
  onWillDropped: {
    provoke: cutWithWill,
    args: ["client dying", "will will", "enough"],
    hooks: () => [{
      id: "refusing",
      onWill() {
        throw new MqttError(ReasonCode.QuotaExceeded, "enough");
      },
    }],
  },
  onClientExpired: {
    async provoke(harness) {
      const client = await harness.connect({ properties: { sessionExpiryInterval: 1 } });
      await client.disconnect();
      await harness.advance(1_000);
    },
    args: ["client a"],
  },
  onRetainedExpired: {
    async provoke(harness) {
      const client = await harness.connect("a");
      await client.publish("t", "x", { retain: true, properties: { messageExpiryInterval: 1 } });
      await harness.advance(1_000);
    },
    args: ["t"],
  },
  storedClients: { provoke: (harness) => harness.settle(), args: [] },
  storedSubscriptions: { provoke: (harness) => harness.settle(), args: [] },
  storedInflightMessages: { provoke: (harness) => harness.settle(), args: [] },
  storedRetainedMessages: { provoke: (harness) => harness.settle(), args: [] },
  storedSysInfo: { provoke: (harness) => harness.settle(), args: [] },
};
