/** Limits of bytes hold to the byte: what fits exactly is taken, and with one byte less it is not. */
import { assertEquals } from "@std/assert";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import type { Capabilities } from "../../src/broker/core/options.ts";
import type { Hook } from "../../src/hook/hook.ts";
import type { Will } from "../../src/packets/types.ts";
import type { Session } from "../../src/session/session.ts";
import { Harness, PacketType, type RawClient } from "../helpers/harness.ts";

const WILL = { topic: "w", payload: "x" }, FIRST = { clientId: "first", will: WILL };

interface Case {
  /** The limit. */
  readonly name: keyof Capabilities;
  /** What comes before, from a client that is there. */
  prepare?(first: RawClient, harness: Harness): Promise<unknown>;
  /** One more. @returns whether it was taken */
  take(first: RawClient, harness: Harness): Promise<boolean>;
  /** Bytes that count. */
  count(harness: Harness): number;
  /** Whether one more is taken for as long as the limit is not reached, however large it is itself. */
  readonly untilReached?: boolean;
}

async function connect(harness: Harness, options: object = {}): Promise<boolean> {
  const client = await harness.open();
  await client.sendConnect({ clientId: "late", ...options });
  return (await client.next()).reasonCode === 0;
}

/** Publishes at QoS 2 up to PUBREC. */
async function publishHalf(client: RawClient): Promise<boolean> {
  const packetId = await client.sendPublish("t", "", { qos: 2 });
  return (await client.expect({ type: PacketType.PUBREC, packetId })).reasonCode! < 0x80;
}

/** A client that is there or away, and that has one message. */
async function receiver(harness: Harness, isAway: boolean): Promise<void> {
  const client = await harness.connect({ clientId: "receiver", properties: { sessionExpiryInterval: 1_000 } });
  await client.subscribe("q", { qos: 1 });
  if (isAway) await client.disconnect();
  await harness.broker.publish("q", "1", { qos: 1 });
}

function outbox({ broker }: Harness): Session["outbox"] {
  return (broker.clients.get("receiver")!.session as Session).outbox;
}

async function deliver(harness: Harness, to: "inflight" | "queue"): Promise<boolean> {
  const length = () => to === "inflight" ? outbox(harness).inflight.size : outbox(harness).queue.length;
  const before = length();
  await harness.broker.publish("q", "2", { qos: 1 }).catch(() => {}); // refused where nobody takes it
  return length() > before;
}

const CASES: Record<string, Case> = {
  "subscriptions of one client": {
    name: "maximumSubscriptionBytesPerClient",
    prepare: (first) => first.subscribe("t"),
    take: async (first) => await first.subscribe("$share/g/t") === 0,
    count: ({ broker }) => (broker.clients.get("first")!.session as Session).subscriptionBytes,
  },
  "subscriptions of all clients": {
    name: "maximumTotalSubscriptionBytes",
    prepare: (first) => first.subscribe("+"),
    take: async (_, harness) => await (await harness.connect("second")).subscribe("t") === 0,
    count: ({ broker }) => broker.info.subscriptionBytes,
  },
  "wills": {
    name: "maximumTotalWillBytes",
    take: (_, harness) => connect(harness, { will: WILL }),
    count: ({ broker }) => broker.info.willBytes,
  },
  "a will in the place of another one": {
    name: "maximumTotalWillBytes",
    take: (_, harness) => connect(harness, { clientId: "first", will: { ...WILL, payload: "longer" } }),
    count: ({ broker }) => broker.info.willBytes,
  },
  "sessions": {
    name: "maximumTotalSessionBytes",
    take: (_, harness) => connect(harness),
    count: ({ broker }) => broker.info.sessionBytes,
    untilReached: true,
  },
  "Packet Identifiers of QoS 2": {
    name: "maximumTotalSessionBytes",
    prepare: publishHalf,
    take: publishHalf,
    count: ({ broker }) => broker.info.sessionBytes,
    untilReached: true,
  },
  "messages that wait for one client": {
    name: "maximumQueuedBytes",
    prepare: (_, harness) => receiver(harness, true),
    take: (_, harness) => deliver(harness, "queue"),
    count: (harness) => outbox(harness).queue.bytes,
  },
  "messages that one client has not acknowledged": {
    name: "maximumQueuedBytes",
    prepare: (_, harness) => receiver(harness, false),
    take: (_, harness) => deliver(harness, "inflight"),
    count: (harness) => outbox(harness).inflightBytes,
    untilReached: true,
  },
  "messages of all clients": {
    name: "maximumTotalQueuedBytes",
    prepare: (_, harness) => receiver(harness, true),
    take: (_, harness) => deliver(harness, "queue"),
    count: ({ broker }) => broker.info.messageBytes,
    untilReached: true,
  },
};

/** @returns whether one more is taken, and the bytes before and after it */
async function play({ name, prepare, take, count }: Case, limit = 0): Promise<[boolean, number, number]> {
  await using harness = await Harness.start({ capabilities: limit === 0 ? {} : { [name]: limit } });
  const first = await harness.connect(FIRST);
  await prepare?.(first, harness);
  const before = count(harness), taken = await take(first, harness);
  return [taken, before, count(harness)];
}

for (const [what, one] of Object.entries(CASES)) {
  Deno.test(`a limit of bytes holds to the byte: ${what}`, async () => {
    const [taken, before, after] = await play(one), enough = one.untilReached ? before + 1 : after;
    assertEquals([taken, after > before], [true, true]);
    assertEquals(await play(one, enough), [true, before, after]);
    assertEquals((await play(one, enough - 1)).slice(0, 2), [false, before]);
  });
}

/** A store with a session that is away, and its will of 100 bytes. */
const STORE: Hook = {
  id: "store",
  storedClients: () => [{
    ...{ clientId: "away", username: undefined, protocolVersion: 5, properties: undefined },
    ...{ sessionExpiryInterval: 1_000, disconnectedAt: undefined, will: { will: delayedWill(100), dueAt: undefined } },
  }],
};

function delayedWill(size: number): Will {
  const properties = { willDelayInterval: 1_000 };
  return { topic: "w", payload: new Uint8Array(size), qos: 0, retain: false, properties };
}

Deno.test("a will in the place of another one is taken when it takes no more, also above the limit", async () => {
  await using harness = await Harness.start({ capabilities: { maximumTotalWillBytes: 1 }, hooks: [allowAll(), STORE] });
  const again = (size: number) => connect(harness, { clientId: "away", will: delayedWill(size) });
  assertEquals([await again(101), await again(100), await again(99), await again(100)], [false, true, true, false]);
});

Deno.test("where all together may have no more, a client is sent up to 16 messages that it has not acknowledged", async () => {
  await using harness = await Harness.start({ capabilities: { maximumTotalQueuedBytes: 1 } });
  await receiver(harness, false);
  for (let sent = 0; sent < 20; sent++) await deliver(harness, "inflight");
  assertEquals([outbox(harness).inflight.size, outbox(harness).queue.length], [16, 0]);
});

Deno.test("the oldest messages do not make room for one that is larger than the whole queue", async () => {
  await using harness = await Harness.start({
    capabilities: { maximumQueuedBytes: 1_000, queueOverflow: "drop_oldest" },
  });
  await receiver(harness, true);
  await harness.broker.publish("q", new Uint8Array(1_000), { qos: 1 });
  assertEquals([outbox(harness).queue.length, harness.broker.info.messagesDropped], [0, 2]);
});
