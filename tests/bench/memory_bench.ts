/** What the things that limits count take in memory, beside what the broker counts for them.
 * `deno run -A tests/bench/memory_bench.ts [ROW]`. The constants of `src/session/cost.ts` come from here. */

import { encodePacket } from "../../src/packets/codec.ts";
import { type ConnectPacket, type Packet, PacketType, type Properties } from "../../src/packets/types.ts";
import { Wire } from "./wire.ts";

type Feed = (bytes: Uint8Array) => void;

const EXPIRES = { sessionExpiryInterval: 100_000 };
const GONE = Uint8Array.of(0xe0, 0), GONE_WITH_WILL = Uint8Array.of(0xe0, 1, 4);
const BIG = 1_000_000_000;
const NO_LIMITS = {
  maximumQueuedMessages: BIG,
  maximumQueuedBytes: BIG,
  maximumTotalQueuedBytes: BIG,
  maximumSubscriptionsPerClient: BIG,
  maximumSubscriptionBytesPerClient: BIG,
  maximumWildcardSubscriptionsPerClient: BIG,
  maximumFiltersPerPacket: BIG,
  maximumUserProperties: 10_000,
  maximumPacketSize: 16_777_216,
  maximumSharesPerClient: BIG,
  maximumShares: BIG,
  receiveMaximum: 65_535,
};

function bytesOf(packets: readonly Packet[], version: 4 | 5 = 5): Uint8Array {
  const parts = packets.map((packet) => encodePacket(packet, version, { from: "client" })!),
    size = parts.reduce((sum, { length }) => sum + length, 0);
  const all = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function connectOf(clientId: string, more: Partial<ConnectPacket> = {}): Uint8Array {
  const rest = { type: PacketType.CONNECT, protocolVersion: 5, cleanStart: false, keepAlive: 0 } as const;
  return encodePacket({ ...rest, clientId, properties: EXPIRES, ...more }, more.protocolVersion ?? 5, {
    from: "client",
  })!;
}

function subscribeOf(topicFilters: readonly string[], properties?: Properties): Packet {
  const rest = { qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 2 } as const;
  return {
    type: PacketType.SUBSCRIBE,
    packetId: 1,
    properties,
    subscriptions: topicFilters.map((topicFilter) => ({ topicFilter, ...rest })),
  };
}

function publishOf(topic: string, size: number, more: { qos: 0 | 1 | 2; retain?: boolean; packetId?: number }): Packet {
  const rest = { type: PacketType.PUBLISH, retain: false, dup: false, packetId: 0 } as const;
  return { ...rest, topic, payload: new Uint8Array(size), ...more };
}

async function done(wire: Wire, feed: Feed): Promise<void> {
  await wire.answers(2, () => feed(Uint8Array.of(0xc0, 0)));
}

/** Publishes in lots, and waits for each. */
async function publishAll(wire: Wire, count: number, make: (index: number) => Packet): Promise<void> {
  const feed = await wire.client("publisher", 5), lot = 200;
  for (let from = 0; from < count; from += lot) {
    feed(bytesOf(Array.from({ length: Math.min(lot, count - from) }, (_, at) => make(from + at))));
    await done(wire, feed);
  }
}

async function asleep(wire: Wire, connect: Uint8Array, packets: readonly Uint8Array[] = [], end = GONE): Promise<void> {
  const feed = await wire.connected(connect);
  for (const packet of packets) {
    feed(packet);
    await done(wire, feed);
  }
  feed(end);
}

function deep(index: number, levels: number): string {
  const pair = index >> 1;
  return Array.from({ length: levels - 1 }, (_, level) => `${pair}l${level}`).join("/") + `/${index}`;
}

function* range(count: number): Generator<number> {
  for (let index = 0; index < count; index++) yield index;
}

function queued(size: number, fan = 1): Row {
  return {
    count: 100_000,
    prepare: async (wire) => {
      for (const index of range(fan)) await asleep(wire, connectOf(`s${index}`), [bytesOf([subscribeOf(["t/#"])])]);
    },
    make: (wire, count) =>
      publishAll(wire, count / fan, (index) => publishOf("t/a", size, { qos: 1, packetId: index % 200 + 1 })),
  };
}

function retained(topicOf: (index: number) => string, size = 1): Row {
  return {
    count: 20_000,
    make: (wire, count) =>
      publishAll(wire, count, (index) => publishOf(topicOf(index), size, { qos: 0, retain: true })),
  };
}

function filters(filterOf: (index: number) => string, each = 10_000, properties?: Properties): Row {
  return {
    count: 20_000,
    make: async (wire, count) => {
      for (const index of range(count / each)) {
        const all = Array.from({ length: each }, (_, at) => filterOf(index * each + at));
        await asleep(wire, connectOf(`s${index}`), [bytesOf([subscribeOf(all, properties)])]);
      }
    },
  };
}

function sessions(connectOf: (index: number) => Uint8Array, end = GONE, count = 5_000): Row {
  return {
    count,
    make: async (wire, count) => {
      for (const index of range(count)) await asleep(wire, connectOf(index), [], end);
    },
  };
}

/** Topics of a hundred characters, 32 for each client. */
function aliases(): Row {
  const feeds: Feed[] = [];
  return {
    count: 16_000,
    prepare: async (wire) => {
      for (const index of range(500)) feeds.push(await wire.connected(connectOf(`d${index}`)));
    },
    make: async (wire) => {
      for (const [index, feed] of feeds.entries()) {
        const publish = (at: number) => {
          const topic = `${index}/${at}`.padEnd(100, "x");
          return { ...publishOf(topic, 0, { qos: 0 }), properties: { topicAlias: at + 1 } } as Packet;
        };
        feed(bytesOf(Array.from({ length: 32 }, (_, at) => publish(at))));
        await done(wire, feed);
      }
    },
  };
}

const WILL = { topic: "will/of/mine", qos: 1, retain: false, properties: { willDelayInterval: 10_000 } } as const;
const PAIRS = Array.from({ length: 100 }, (_, index) => [`n${index}`, "value"] as [string, string]);

/** Something that takes memory. */
interface Row {
  readonly count: number;
  prepare?(wire: Wire): Promise<void>;
  make(wire: Wire, count: number): Promise<void>;
}

const ROWS: Record<string, Row> = {
  "an empty queued message": queued(0),
  "a queued message of 100 bytes": queued(100),
  "a queued message of 1,000 bytes": queued(1_000),
  "a queued message, one for 10 sessions": queued(0, 10),
  "a retained message, 1 level": retained((index) => `t${index}`),
  "a retained message, 3 levels": retained((index) => `site${index % 100}/device${index}/temperature`),
  "a retained message, 32 levels, 31 with one other": retained((index) => deep(index, 32)),
  "a retained message of 1,000 bytes": retained((index) => `t${index}`, 1_000),
  "a filter": filters((index) => `t${index}`),
  "a filter, each of another session": filters((index) => `t${index}`, 1),
  "a filter that others have": filters((index) => `t${index % 10}`, 10),
  "a filter with identifier": filters((index) => `t${index}`, 10_000, { subscriptionIdentifiers: [7] }),
  "a filter with +": filters((index) => `+/t${index}`),
  "a filter with + in the middle": filters((index) => `site/${index}/+/state`),
  "a filter with + in the middle, each of another session": filters((index) => `site/${index}/+/state`, 1),
  "a filter with +, 32 levels, 31 with one other": filters((index) => `+/${deep(index, 31)}`),
  "a share": filters((index) => `$share/g/t${index}`),
  "a session": sessions((index) => connectOf(`device-${index}`)),
  "a session with an id of 1,000 bytes": sessions((index) => connectOf(`${index}-`.padEnd(1_000, "x"))),
  "a session with a user": sessions((index) =>
    connectOf(`device-${index}`, { username: `${index}`.padEnd(1_000, "x") })
  ),
  "a session with 100 User Properties": sessions((index) =>
    connectOf(`device-${index}`, { properties: { ...EXPIRES, userProperties: PAIRS } })
  ),
  "a session with a will": sessions(
    (index) => connectOf(`d-${index}`, { will: { ...WILL, payload: new Uint8Array(10) } }),
    GONE_WITH_WILL,
  ),
  "a session with a will of 10,000 bytes": sessions(
    (index) => connectOf(`d-${index}`, { will: { ...WILL, payload: new Uint8Array(10_000) } }),
    GONE_WITH_WILL,
  ),
  "a session with a will of 100 User Properties": sessions(
    (index) =>
      connectOf(`d-${index}`, {
        will: { ...WILL, properties: { ...WILL.properties, userProperties: PAIRS }, payload: new Uint8Array(10) },
      }),
    GONE_WITH_WILL,
  ),
  "a Topic Alias of 100 characters": aliases(),
  "a client that is connected, without its socket": {
    count: 5_000,
    make: async (wire, count) => {
      for (const index of range(count)) await wire.connected(connectOf(`d${index}`));
    },
  },
  "a QoS 2 identifier": {
    count: 200_000,
    make: async (wire, count) => {
      for (const index of range(count / 50_000)) {
        const feed = await wire.connected(connectOf(`d${index}`, { protocolVersion: 4, properties: undefined }));
        for (let from = 0; from < 50_000; from += 1_000) {
          feed(
            bytesOf(
              Array.from({ length: 1_000 }, (_, at) => publishOf("x", 0, { qos: 2, packetId: from + at + 1 })),
              4,
            ),
          );
          await done(wire, feed);
        }
        feed(Uint8Array.of(0xe0, 0));
      }
    },
  },
};

async function memory(): Promise<{ heap: number; external: number }> {
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => setTimeout(resolve, round === 0 ? 3_000 : 20));
    (globalThis as { gc?: () => void }).gc?.();
  }
  const { heapUsed, external } = Deno.memoryUsage();
  return { heap: heapUsed, external };
}

async function measure(name: string, row: Row): Promise<void> {
  const wire = await Wire.start(NO_LIMITS);
  await row.prepare?.(wire);
  const before = await memory(), counted = countedOf(wire);
  await row.make(wire, row.count);
  const after = await memory();
  const heap = (after.heap - before.heap) / row.count, external = (after.external - before.external) / row.count;
  console.log(
    `${name}: ${Math.round(heap + external)} bytes (${Math.round(external)} of them outside of the heap), counted as ${
      Math.round((countedOf(wire) - counted) / row.count)
    }`,
  );
  Deno.exit(0);
}

function countedOf({ broker }: Wire): number {
  const { retainedBytes, messageBytes, sessionBytes, subscriptionBytes, willBytes } = broker.info;
  return retainedBytes + messageBytes + sessionBytes + subscriptionBytes + willBytes;
}

if (import.meta.main) {
  const [only] = Deno.args, row = ROWS[only];
  if (row !== undefined) await measure(only, row);
  for (const name of Object.keys(ROWS).filter((name) => name.includes(only ?? ""))) {
    const flags = Deno.args[1] === undefined ? [] : [Deno.args[1]];
    const args = [
      "run",
      "-A",
      "--no-check",
      ...flags,
      "--v8-flags=--expose-gc,--max-old-space-size=8192",
      import.meta.url,
      name,
    ];
    await new Deno.Command(Deno.execPath(), { args, stdout: "inherit", stderr: "inherit" }).spawn().status;
  }
}
