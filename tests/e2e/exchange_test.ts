/** Real clients exchange messages: every kind, in every version, over every transport that it can. */

import { assertEquals } from "@std/assert";
import { testWith } from "../helpers/programs.ts";
import { within } from "../helpers/within.ts";
import { type ClientKind, type ConnectOptions, type TestClient, type Version, VERSION_NAMES } from "./client.ts";
import { mosquitto } from "./mosquitto_clients.ts";
import { mqttJs } from "./mqtt_js_clients.ts";
import { paho } from "./paho_clients.ts";
import { Program } from "./program.ts";

const KINDS = [mosquitto, mqttJs, paho];
const VERSIONS: readonly Version[] = [3, 4, 5];

/** Makes clients of one kind, version and transport, and ends them. */
class Cell implements AsyncDisposable {
  readonly #kind: ClientKind;
  readonly #options: Omit<ConnectOptions, "clientId">;
  readonly #clients: TestClient[] = [];
  static #count = 0;

  constructor(kind: ClientKind, options: Omit<ConnectOptions, "clientId">) {
    this.#kind = kind;
    this.#options = options;
  }

  /** A name that nobody else has. */
  static name(): string {
    return `c${++Cell.#count}`;
  }

  async connect(options: Partial<ConnectOptions> = {}): Promise<TestClient> {
    const client = await this.#kind.connect({ clientId: Cell.name(), ...this.#options, ...options });
    this.#clients.push(client);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await client[Symbol.asyncDispose]();
  }
}

type Scenario = (cell: Cell, topic: string) => Promise<void>;

function exchange(qos: 0 | 1 | 2, payload = `at QoS ${qos}`): Scenario {
  return async (cell, topic) => {
    const [subscriber, publisher] = [await cell.connect(), await cell.connect()];
    await subscriber.subscribe(`${topic}/+`, qos);
    await publisher.publish({ topic: `${topic}/a`, payload, qos });
    const message = await subscriber.next();
    assertEquals([message.topic, message.payload, message.qos], [`${topic}/a`, payload, qos]);
  };
}

const SCENARIOS: Record<string, Scenario> = {
  "QoS 0": exchange(0),
  "QoS 1": exchange(1),
  "QoS 2": exchange(2),
  "a large message": exchange(1, "0123456789".repeat(20_000)),

  "retained": async (cell, topic) => {
    const publisher = await cell.connect();
    await publisher.publish({ topic, payload: "kept", qos: 1, retain: true });
    const late = await cell.connect();
    await late.subscribe(topic, 1);
    assertEquals(await pick(late), { payload: "kept", retain: true });
    await publisher.publish({ topic, payload: "", qos: 1, retain: true });
    assertEquals(await pick(late), { payload: "", retain: false });
    const later = await cell.connect();
    await later.subscribe(topic, 1);
    await publisher.publish({ topic, payload: "now", qos: 1 });
    assertEquals(await pick(later), { payload: "now", retain: false });
  },

  "shared": async (cell, topic) => {
    const members = [await cell.connect(), await cell.connect()];
    for (const member of members) await member.subscribe(`$share/group/${topic}`, 1);
    const publisher = await cell.connect();
    for (const payload of ["1", "2", "3", "4"]) await publisher.publish({ topic, payload, qos: 1 });
    const received: string[] = [];
    for (const member of members) received.push((await member.next()).payload, (await member.next()).payload);
    assertEquals(received.sort(), ["1", "2", "3", "4"]);
  },

  "will": async (cell, topic) => {
    const heir = await cell.connect();
    await heir.subscribe(`${topic}/will`, 2);
    const will = { topic: `${topic}/will`, payload: "gone", qos: 2 } as const;
    const [victim, polite] = [await cell.connect({ will }), await cell.connect({ will, brief: true })];
    for (const client of [polite, victim]) await client.subscribe(`${topic}/other`, 0);
    await polite.disconnect();
    await victim.die();
    const { payload, qos } = await heir.next();
    assertEquals([payload, qos], ["gone", 2]);
    await heir.publish({ topic: `${topic}/will`, payload: "the end", qos: 2 });
    assertEquals((await heir.next()).payload, "the end"); // one will, not two
  },

  "a session that is kept": async (cell, topic) => {
    const kept = { clientId: Cell.name(), keepSession: true };
    const away = await cell.connect({ ...kept, brief: true });
    await away.subscribe(topic, 2);
    await away.disconnect();
    const publisher = await cell.connect();
    for (const qos of [1, 2] as const) await publisher.publish({ topic, payload: `at QoS ${qos}`, qos });
    const back = await cell.connect(kept);
    await back.subscribe(`${topic}/other`, 0); // mosquitto_sub connects to subscribe
    assertEquals([(await back.next()).payload, (await back.next()).payload], ["at QoS 1", "at QoS 2"]);
  },
};

async function pick(client: TestClient): Promise<{ payload: string; retain: boolean }> {
  const { payload, retain } = await client.next();
  return { payload, retain };
}

for (const kind of KINDS) {
  for (const version of VERSIONS) {
    testWith(kind.needs, `${kind.name} with MQTT ${VERSION_NAMES[version]}`, async (t) => {
      await using program = await Program.start();
      for (const transport of kind.transports) {
        const endpoint = await program.endpoint(transport);
        for (const [name, scenario] of Object.entries(SCENARIOS)) {
          await t.step(`${name} over ${transport}`, async () => {
            await using cell = new Cell(kind, { program, endpoint, version });
            await within(scenario(cell, `${transport}/${name.replaceAll(" ", "-")}`), "the exchange");
          });
        }
      }
    });
  }
}

testWith(KINDS.flatMap(({ needs }) => needs), "every kind and version hears every other", async () => {
  await using program = await Program.start();
  const endpoint = await program.endpoint("tcp");
  await using stack = new AsyncDisposableStack();
  const all = KINDS.flatMap((kind) => VERSIONS.map((version) => ({ kind, version })));
  const clients = await Promise.all(all.map(async ({ kind, version }) => {
    const client = await kind.connect({ program, endpoint, version, clientId: Cell.name() });
    await client.subscribe("all/#", 2);
    return stack.use(client);
  }));
  const names = all.map(({ kind, version }) => `${kind.name} ${version}`);
  await Promise.all(clients.map((client, index) => client.publish({ topic: "all/x", payload: names[index], qos: 2 })));
  for (const client of clients) {
    const heard: string[] = [];
    for (const _ of names) heard.push((await within(client.next(), "a message")).payload);
    assertEquals(heard.sort(), names.toSorted());
  }
});
