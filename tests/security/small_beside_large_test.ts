/** Totals are not first come, first served: whoever holds a lot is refused first, and who wants little is still let in. */

import { assert, assertEquals } from "@std/assert";
import { publishTo, subscribeTo } from "../helpers/attacker.ts";
import { type BrokerProgram, startProgram } from "../helpers/broker_program.ts";
import { type ConnectOptions, PacketType, RawClient } from "../helpers/harness.ts";
import { connectTo } from "../helpers/byte_link.ts";

const SLEEPS = { sessionExpiryInterval: 10_000 };
const SMALL_WILL = { topic: "status/of/device", payload: "gone", properties: { willDelayInterval: 10_000 } };
const GONE = Uint8Array.of(0xe0, 0), GONE_WITH_WILL = Uint8Array.of(0xe0, 1, 4);
/** Beyond it a hog was never refused. */
const MANY = 5_000, MIB = 1_048_576;
/** Host of the hogs, and another one. */
const HOGS = "127.0.0.1", ELSEWHERE = "[::1]";

/** A broker with two addresses. */
class Place implements AsyncDisposable {
  readonly #broker: BrokerProgram;
  #names = 0;

  constructor(broker: BrokerProgram) {
    this.#broker = broker;
  }

  static async open(capabilities: object): Promise<Place> {
    const listeners = [HOGS, ELSEWHERE].map((host) => ({ type: "tcp", id: host, address: `${host}:0` }));
    const hooks = { auth: { allow_all: true } }, options = { capabilities };
    return new Place(await startProgram({ config: { listeners, hooks, options } }));
  }

  /** A client that has sent CONNECT, and the reason code of CONNACK. */
  async come(host: string, options: ConnectOptions = {}): Promise<{ client: RawClient; code: number }> {
    const stream = await connectTo(`${host}:${this.#broker.port(host)}`);
    const client = new RawClient(stream, { version: 5, patience: 8_000 });
    await client.sendConnect({ clientId: `c${this.#names++}`, properties: SLEEPS, ...options });
    return { client, code: (await client.expect({ type: PacketType.CONNACK })).reasonCode! };
  }

  /** A client that was let in. */
  async client(host: string, options: ConnectOptions = {}): Promise<RawClient> {
    const { client, code } = await this.come(host, options);
    assertEquals(code, 0);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#broker[Symbol.asyncDispose]();
  }
}

/** More than fit into what a hog leaves because it does not fit. */
const SMALL_ONES = Array.from({ length: 43 }, (_, index) => index < 40 ? HOGS : ELSEWHERE);

/** Something that all clients share. */
interface Row {
  /** A total that is full before long. */
  readonly capabilities: object;
  /** One more hog takes as much as it can. @returns the last reason code */
  hog?(place: Place): Promise<number>;
  /** What a client wants that has nothing of it. @returns the reason code */
  little(place: Place, host: string): Promise<number>;
}

async function sleepers(place: Place, host: string, options: ConnectOptions): Promise<number> {
  const { client, code } = await place.come(host, options);
  await client.send(GONE_WITH_WILL);
  return code;
}

async function subscribes(place: Place, host: string, topicFilters: readonly string[]): Promise<number> {
  const client = await place.client(host);
  let last = 0;
  for (let from = 0; from < topicFilters.length && last < 0x80; from += 1_000) {
    await client.send(subscribeTo(topicFilters.slice(from, from + 1_000), 1));
    last = (await client.expect({ type: PacketType.SUBACK })).reasonCodes!.at(-1)!;
  }
  await client.send(GONE);
  return last;
}

let filters = 0;

function newFilters(count: number, prefix: string): string[] {
  return Array.from({ length: count }, () => `${prefix}${filters++}`);
}

async function retains(place: Place, host: string, count: number, size: number): Promise<number> {
  const client = await place.client(host), ids = Array.from({ length: count }, (_, index) => index + 1);
  await client.send(...ids.map((packetId) => publishTo(`t${filters++}`, { qos: 1, retain: true, packetId, size })));
  let last = 0;
  for (const packetId of ids) last = (await client.expect({ type: PacketType.PUBACK, packetId })).reasonCode ?? 0;
  await client.send(GONE);
  return last;
}

/** A session that sleeps, and messages for it. */
async function queues(place: Place, host: string, count: number, size: number): Promise<number> {
  const topic = `q${filters++}`;
  await subscribes(place, host, [topic]);
  const client = await place.client(host), ids = Array.from({ length: count }, (_, index) => index + 1);
  await client.send(...ids.map((packetId) => publishTo(topic, { qos: 1, packetId, size })));
  let last = 0;
  for (const packetId of ids) last = (await client.expect({ type: PacketType.PUBACK, packetId })).reasonCode ?? 0;
  await client.send(GONE);
  return last;
}

const LONG = "n".repeat(20_000);

const ROWS: Record<string, Row> = {
  "wills": {
    capabilities: { maximum_total_will_bytes: MIB },
    hog: (place) => sleepers(place, HOGS, { will: { ...SMALL_WILL, payload: LONG } }),
    little: (place, host) => sleepers(place, host, { will: SMALL_WILL }),
  },
  "sessions by their names": {
    capabilities: { maximum_total_session_bytes: 1.5 * MIB },
    hog: (place) => sleepers(place, HOGS, { username: LONG }),
    little: (place, host) => sleepers(place, host, { username: "me" }),
  },
  "sessions": {
    capabilities: { maximum_sessions: 800 },
    little: (place, host) => sleepers(place, host, {}),
  },
  "subscriptions": {
    capabilities: { maximum_total_subscription_bytes: 2 * MIB },
    hog: (place) => subscribes(place, HOGS, newFilters(500, "f")),
    little: (place, host) => subscribes(place, host, newFilters(3, "f")),
  },
  "filters with wildcards": {
    capabilities: { maximum_wildcard_filters: 2_000 },
    hog: (place) => subscribes(place, HOGS, newFilters(500, "+/f")),
    little: (place, host) => subscribes(place, host, newFilters(3, "+/f")),
  },
  "share groups": {
    capabilities: { maximum_shares: 1_600 },
    hog: (place) => subscribes(place, HOGS, newFilters(100, "$share/g/f")),
    little: (place, host) => subscribes(place, host, newFilters(2, "$share/g/f")),
  },
  "bytes of retained messages": {
    capabilities: { maximum_retained_bytes: MIB },
    hog: (place) => retains(place, HOGS, 10, 20_000),
    little: (place, host) => retains(place, host, 2, 10),
  },
  "retained messages": {
    capabilities: { maximum_retained_messages: 2_000 },
    hog: (place) => retains(place, HOGS, 500, 1),
    little: (place, host) => retains(place, host, 2, 10),
  },
  "queued messages": {
    capabilities: { maximum_total_queued_bytes: MIB },
    hog: (place) => queues(place, HOGS, 10, 20_000),
    little: (place, host) => queues(place, host, 2, 10),
  },
};

/** Lets come one after the other until one is refused. */
async function fill(one: () => Promise<number>): Promise<void> {
  for (let index = 0; index < MANY; index++) {
    const code = await one();
    if (code === 0x97) return;
    assert(code < 0x80, `it is refused with ${code}`);
  }
  assert(false, "nobody is refused");
}

for (const [name, { capabilities, hog, little }] of Object.entries(ROWS)) {
  if (hog === undefined) continue;
  Deno.test(`who holds a lot is refused before those who want little: ${name}`, async () => {
    await using place = await Place.open(capabilities);
    await fill(() => hog(place));
    for (const host of SMALL_ONES) assert(await little(place, host) < 0x80, `${host} is refused`);
    assertEquals(await hog(place), 0x97);
  });
}

for (const [name, { capabilities, little }] of Object.entries(ROWS)) {
  Deno.test(`a crowd from one address is refused before those who come from another one: ${name}`, async () => {
    await using place = await Place.open(capabilities);
    await fill(() => little(place, HOGS));
    assert(await little(place, ELSEWHERE) < 0x80, "another address is refused");
    assertEquals(await little(place, HOGS), 0x97);
  });
}
