/** Sessions that end while there is more to do than a round has time for. */
import { assertEquals } from "@std/assert";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import type { Hook } from "../../src/hook/hook.ts";
import { until } from "../helpers/until.ts";
import { Harness, PacketType, type RawClient } from "../helpers/harness.ts";

/** So many subscriptions are more than one round removes. */
const MANY = 1_000;

/** No further round begins from the moment on in which the client `leaves` has gone. */
class NoFurtherRound implements Hook, Disposable {
  readonly id = "no-further-round";
  readonly #real = globalThis.setImmediate;
  readonly #held: (() => void)[] = [];
  #isHeld = false;

  constructor() {
    const later = (round: () => void) => this.#real(() => this.#isHeld ? void this.#held.push(round) : round());
    Object.assign(globalThis, { setImmediate: later });
  }

  onDisconnect({ id }: { id: string }): void {
    this.#isHeld ||= id === "leaves";
  }

  [Symbol.dispose](): void {
    globalThis.setImmediate = this.#real;
    for (const round of this.#held) this.#real(round);
  }
}

/** Subscribes to a lot, and ends its session. */
async function leaveWith(client: RawClient, lastFilter: string): Promise<void> {
  const filters = [...Array.from({ length: MANY - 1 }, (_, index) => `filter/${index}`), lastFilter];
  const options = { qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 2 } as const;
  const subscriptions = filters.map((topicFilter) => ({ topicFilter, ...options }));
  await client.send({ type: PacketType.SUBSCRIBE, packetId: 1, subscriptions });
  await client.expect({ type: PacketType.SUBACK, packetId: 1 });
  await client.cut();
}

Deno.test("share groups lose a session that ends at once, whatever else it has subscribed to", async () => {
  using rounds = new NoFurtherRound();
  await using harness = await Harness.start({ hooks: [allowAll(), rounds] });
  const properties = { sessionExpiryInterval: 60 };
  const stays = await harness.connect({ clientId: "stays", properties }), leaves = await harness.connect("leaves");
  await stays.subscribe("$share/g/jobs", { qos: 1 });
  await stays.cut(); // members that are connected come first, whoever else is in the group
  await leaveWith(leaves, "$share/g/jobs");
  for (const job of ["1", "2", "3", "4"]) await harness.broker.publish("jobs", job, { qos: 1 });
  assertEquals(harness.broker.clients.get("stays")!.session!.queuedMessages, 4);
});

Deno.test("what a session has waiting is forgotten in portions", async () => {
  const expired: string[] = [],
    hook = { id: "seen", onClientExpired: ({ id }: { id: string }) => void expired.push(id) };
  using rounds = new NoFurtherRound();
  await using harness = await Harness.start({ hooks: [allowAll(), rounds, hook] });
  const leaves = await harness.connect("leaves");
  await leaves.subscribe("t", { qos: 1 });
  for (let sent = 0; sent < 9_000; sent++) await harness.broker.publish("t", "x", { qos: 1 });
  const session = harness.broker.clients.get("leaves")!.session!,
    messages = () => session.inflightMessages + session.queuedMessages;
  assertEquals([messages(), session.queuedMessages > 0], [9_000, true]);
  await leaves.cut();
  await harness.settle();
  const left = messages();
  assertEquals([left > 1_000, left < 9_000, expired], [true, true, []]);
  await harness.broker.close();
  assertEquals([messages(), expired], [0, ["leaves"]]);
});

Deno.test("hooks are told of all sessions that have ended before the broker stops", async () => {
  const expired: string[] = [],
    hook = { id: "seen", onClientExpired: ({ id }: { id: string }) => void expired.push(id) };
  using rounds = new NoFurtherRound();
  await using harness = await Harness.start({ hooks: [allowAll(), rounds, hook] });
  await leaveWith(await harness.connect("leaves"), "last");
  assertEquals(expired, []);
  await harness.broker.close();
  assertEquals(expired, ["leaves"]);
});

Deno.test("maximumClients holds also where clients wait for the end of what they had before", async () => {
  const count = 4;
  await using harness = await Harness.start({ realTime: true, capabilities: { maximumClients: 2 } });
  const options = { properties: { sessionExpiryInterval: 1_000, receiveMaximum: 1 } };
  for (let index = 0; index < count; index++) {
    const member = await harness.connect({ clientId: `m${index}`, ...options });
    await member.subscribe(`$share/g${index}/t${index}`, { qos: 1 });
    for (let sent = 0; sent < 500; sent++) await harness.broker.publish(`t${index}`, "x", { qos: 1 });
    await member.cut();
    await until(() => harness.broker.info.clientsConnected === 0, "the end of the connection");
  }
  const clients = await Promise.all(Array.from({ length: count }, () => harness.open()));
  await Promise.all(clients.map((client, index) => client.sendConnect({ clientId: `m${index}`, ...options })));
  const codes = await Promise.all(clients.map(async (client) => (await client.next()).reasonCode));
  assertEquals([codes.filter((code) => code === 0).length, harness.broker.info.clientsConnected], [2, 2]);
});
