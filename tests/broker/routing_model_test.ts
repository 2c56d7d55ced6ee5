/** Who receives a message is what a slow model says, while subscriptions, sessions and retained messages change all the time. */
import { assert, assertEquals } from "@std/assert";
import type { Hook } from "../../src/hook/hook.ts";
import { encodePacket } from "../../src/packets/codec.ts";
import type { ProtocolVersion, QoS } from "../../src/packets/types.ts";
import { Harness, PacketType, type RawClient } from "../helpers/harness.ts";
import { randomOf } from "./delivery_model.ts";
import { ModelClient, receipt, RoutingModel, type Sent, type Subscribed } from "./routing_model.ts";

const { PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBSCRIBE, UNSUBSCRIBE } = PacketType;
const SEEDS = 4, STEPS = 60, PLAYERS: readonly ProtocolVersion[] = [5, 4, 5, 4];
const TOPICS = ["a", "a/b", "a/b/c", "b", "b/a", "$x/a", "é/a", "/", "a/", "b/" + "long/".repeat(30)];
const FILTERS = [...TOPICS, "#", "+", "a/+", "+/a", "a/#", "+/b/#", "b/#", "$x/#", "é/+", "/#", "+/", "b/+/#"];
/** More topics than the broker remembers who receives them, and more than it knows by their bytes. */
const MANY = [17_000, 34_000];

const later = async () => await Promise.resolve();
/** Lets everybody in, and publish to topics with `$` too. */
const OPEN: Omit<Hook, "id"> = { onConnectAuthenticate: () => true, onAclCheck: () => true };
const HOOKS: readonly Hook[] = [
  { id: "none" },
  { id: "late looks", onPublish: later, onPublished: later },
  { id: "late verdicts", onAclCheck: async () => await Promise.resolve(true) },
  { id: "late choices", onSelectSubscribers: later },
];

/** One game. */
class Game {
  readonly model = new RoutingModel();
  readonly #harness: Harness;
  readonly #random: () => number;
  readonly #links = new Map<string, RawClient>();
  #number = 0;

  constructor(harness: Harness, seed: number) {
    this.#harness = harness;
    this.#random = randomOf(seed);
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #of<T>(list: readonly T[]): T {
    return list[this.#below(list.length)];
  }

  async begin(): Promise<void> {
    for (const [index, version] of PLAYERS.entries()) {
      const client = new ModelClient(`c${index}`, version);
      this.model.clients.set(client.id, client);
      await this.#connect(client, false);
    }
  }

  async step(): Promise<void> {
    const chance = this.#random(), client = this.#of([...this.model.clients.values()]);
    if (chance < 0.1) await this.#comeOrGo(client);
    else if (chance < 0.2) await this.#lookAtRetained();
    else if (chance < 0.3) await this.#churn();
    else if (chance < 0.32) await this.#flood();
    else if (!client.isAway) await this.#act(client);
    await this.#check();
  }

  async #connect({ id, version }: ModelClient, cleanStart: boolean): Promise<void> {
    const properties = version === 5 ? { sessionExpiryInterval: 1_000, topicAliasMaximum: this.#below(3) } : undefined;
    this.#links.set(
      id,
      await this.#harness.connect({ clientId: id, protocolVersion: version, cleanStart, properties }),
    );
  }

  /** Leaves, comes back, takes its own session over, or begins anew. Those who share stay. */
  async #comeOrGo(client: ModelClient): Promise<void> {
    if (mayShare(client)) return;
    const before = this.#links.get(client.id)!;
    if (!client.isAway && this.#random() < 0.5) {
      await before.cut();
      client.isAway = true;
      return;
    }
    const cleanStart = this.#random() < 0.2;
    if (cleanStart) {
      for (const list of [client.subscriptions, client.own]) {
        "clear" in list ? list.clear() : list.length = 0;
      }
    }
    await this.#connect(client, cleanStart);
    client.isAway = false;
  }

  /** Others change filters with wildcards, more of them than are compared one by one, or fewer. */
  async #churn(): Promise<void> {
    const link = await this.#harness.connect("churn"), filters = Array.from({ length: this.#of([2, 31, 32, 33, 40]) });
    const topicFilters = filters.map((_, index) => this.#of([`x/${index}/+`, "a/b/+", `+/+/${index}`]));
    const subscriptions = topicFilters.map((topicFilter) => ({ topicFilter, ...QUIET, qos: 0 as const }));
    await link.send(
      encodePacket({ type: SUBSCRIBE, packetId: 1, subscriptions }, 5)!,
      encodePacket({ type: UNSUBSCRIBE, packetId: 2, topicFilters }, 5)!,
    );
    await link.barrier();
    await link.disconnect().catch(() => {});
  }

  async #flood(): Promise<void> {
    const link = await this.#harness.connect({ clientId: "flood", protocolVersion: 4 }), count = this.#of(MANY);
    const common = { type: PUBLISH, qos: 0, packetId: 0, retain: false, dup: false } as const;
    const packets = Array.from(
      { length: count },
      (_, index) => encodePacket({ ...common, topic: `$f/${this.#number}/${index}`, payload: new Uint8Array(1) }, 4)!,
    );
    for (let at = 0; at < count; at += 1_000) await link.send(...packets.slice(at, at + 1_000));
    this.#number++;
    await link.barrier();
    await link.cut();
  }

  /** Packets of one client in one write: each counts for those behind it. */
  async #act(client: ModelClient): Promise<void> {
    const packets: Uint8Array[] = [], count = 1 + this.#below(12);
    for (let at = 0; at < count; at++) {
      const chance = this.#random(), packetId = ++this.#number % 60_000 + 1;
      if (chance < 0.2) packets.push(this.#subscribe(client, packetId));
      else if (chance < 0.35) packets.push(this.#unsubscribe(client, packetId));
      else packets.push(this.#publish(client, packetId));
    }
    await this.#links.get(client.id)!.send(...packets);
  }

  #subscribe(client: ModelClient, packetId: number): Uint8Array {
    const filter = this.#of(FILTERS),
      share = mayShare(client) && this.#random() < 0.5 ? this.#of(["g", "h"]) : undefined;
    const isNew = client.version === 5, identifier = isNew ? this.#below(4) : 0;
    const subscribed: Subscribed = {
      ...{ filter, share, identifier, qos: this.#below(3) as QoS },
      noLocal: isNew && share === undefined && this.#random() < 0.3,
      asPublished: isNew && this.#random() < 0.5,
    };
    const topicFilter = nameOf(subscribed), { qos, noLocal, asPublished: retainAsPublished } = subscribed;
    client.subscriptions.set(topicFilter, subscribed);
    const properties = identifier === 0 ? undefined : { subscriptionIdentifiers: [identifier] };
    const subscriptions = [{ topicFilter, ...QUIET, qos, noLocal, retainAsPublished }];
    return encodePacket({ type: SUBSCRIBE, packetId, subscriptions, properties }, client.version)!;
  }

  #unsubscribe(client: ModelClient, packetId: number): Uint8Array {
    const all = [...client.subscriptions.keys()], topicFilter = all.length === 0 ? "none" : this.#of(all);
    client.subscriptions.delete(topicFilter);
    return encodePacket({ type: UNSUBSCRIBE, packetId, topicFilters: [topicFilter] }, client.version)!;
  }

  #publish(client: ModelClient, packetId: number): Uint8Array {
    const retain = this.#random() < 0.4, qos = this.#below(3) as QoS, topic = this.#of(TOPICS);
    const text = retain && this.#random() < 0.2 ? "" : `${this.#number}`.padEnd(this.#of([1, 60, 700, 3_000]), ".");
    const sent: Sent = { from: client.id, topic, text, qos, retain };
    this.model.publish(sent);
    const payload = new TextEncoder().encode(text), alias = 1 + TOPICS.indexOf(topic) % 4;
    const properties = client.version === 5 && this.#random() < 0.3 ? { topicAlias: alias } : undefined;
    const packet = { type: PUBLISH, topic, payload, qos, retain, dup: false, packetId: qos && packetId, properties };
    return encodePacket(packet, client.version)!;
  }

  /** Nothing is left when all is cleared. */
  async end(): Promise<void> {
    const link = await this.#harness.connect("last"), { broker } = this.#harness;
    for (const topic of TOPICS) await link.publish(topic, "", { retain: true });
    for (const [id] of this.#links) await (await this.#harness.connect(id)).disconnect();
    const { retained, retainedBytes, subscriptions } = broker.info;
    assertEquals([retained, retainedBytes, subscriptions, [...broker.topics.subscriptions()]], [0, 0, 0, []]);
  }

  /** Somebody new is sent what is retained, and nothing else. */
  async #lookAtRetained(): Promise<void> {
    const link = await this.#harness.connect("new"), filter = this.#of(FILTERS), qos = this.#below(3) as QoS;
    await link.subscribe(filter, { qos });
    assertEquals(
      (await this.#receive(link)).map(({ text }) => text).sort(),
      this.model.retainedOf(filter, qos),
      filter,
    );
    await link.cut();
  }

  async #check(): Promise<void> {
    let fromShares = 0;
    for (const client of this.model.clients.values()) {
      if (client.isAway) continue;
      const received = await this.#receive(this.#links.get(client.id)!);
      const live = client.version === 5 ? received : received.filter(({ retain }) => !retain);
      const own = live.map(({ text }) => text);
      const rest = own.toSorted(), missing = client.own.filter((text) => !takeFrom(rest, text));
      assertEquals(missing, [], `${client.id} has not received`);
      for (const text of rest) assert(takeFrom(client.shared, text), `${client.id} has received ${text.slice(0, 100)}`);
      fromShares += rest.length;
      client.own.length = client.shared.length = 0;
    }
    assertEquals(fromShares, this.model.toShares, "messages to share groups");
    this.model.toShares = 0;
  }

  async #receive(link: RawClient): Promise<{ text: string; retain: boolean }[]> {
    const received: { text: string; retain: boolean }[] = [];
    for (;;) {
      await this.#harness.settle();
      let packet = link.take();
      if (packet === undefined) return received;
      for (; packet !== undefined; packet = link.take()) {
        const { type, packetId = 0, topic, payload, qos = 0, retain = false, properties, reasonCode = 0 } = packet;
        if (type === PUBREL) await link.ack(PUBCOMP, packetId);
        if (type === PUBREC && reasonCode < 0x80) await link.ack(PUBREL, packetId);
        if (type !== PUBLISH) continue;
        const text = new TextDecoder().decode(payload), identifiers = properties?.subscriptionIdentifiers;
        received.push({ text: receipt(topic!, { text, qos, retain, identifiers }), retain });
        if (qos > 0) await link.ack(qos === 1 ? PUBACK : PUBREC, packetId);
      }
    }
  }
}

const QUIET = { noLocal: false, retainAsPublished: false, retainHandling: 2 } as const;

function mayShare({ id }: ModelClient): boolean {
  return id === "c2" || id === "c3";
}

function nameOf({ share, filter }: Subscribed): string {
  return share === undefined ? filter : `$share/${share}/${filter}`;
}

function takeFrom(list: string[], text: string): boolean {
  const at = list.indexOf(text);
  if (at !== -1) list.splice(at, 1);
  return at !== -1;
}

for (const hook of HOOKS) {
  Deno.test(`who receives a message is what the model says, hook: ${hook.id}`, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      await using harness = await Harness.start({ hooks: [{ ...OPEN, ...hook }] });
      const game = new Game(harness, seed);
      await game.begin();
      for (let step = 0; step < STEPS; step++) {
        await game.step().catch((error) => {
          throw new Error(`seed ${seed}, step ${step}: ${error.message}`, { cause: error });
        });
      }
      await game.end();
    }
  });
}
