/** Plays a scenario and tells what everybody has seen of it. */

import { settle } from "../helpers/fake_clock.ts";
import { Harness, PacketType, type RawClient } from "../helpers/harness.ts";
import type { ServerPacket } from "../helpers/server_packet.ts";
import { type HookLog, SCRIBBLER } from "./publish_hooks.ts";
import { hooksOf, type Scenario, type SubscriberPlan } from "./publish_model.ts";

const { PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, DISCONNECT } = PacketType;

/** What everybody has seen. */
export interface Outcome {
  /** By ClientID. */
  readonly clients: Readonly<Record<string, Pick<Seen, "messages" | "answers" | "open">>>;
  readonly hooks: HookLog["seen"];
  readonly counters: Readonly<Record<string, number>>;
}

/**
 * Plays a scenario.
 * @param scenario what happens
 * @param writeSizes how many packets go into each write, the last number for all further ones
 */
export async function play(scenario: Scenario, writeSizes: readonly number[]): Promise<Outcome> {
  const { log, hooks } = hooksOf(scenario, () => harness.clock);
  const harness: Harness = await Harness.start({ hooks, hookTimeout: 100, errorsExpected: true });
  await using _ = harness;
  const clients = new Map<string, RawClient>();
  for (const plan of scenario.subscribers) clients.set(plan.clientId, await begin(harness, plan));
  const publisher = await harness.connect({ clientId: "p", protocolVersion: scenario.version });
  clients.set("p", publisher);
  for (const filter of scenario.own) await subscribe(publisher, filter);
  await sendAll(harness, publisher, { scenario, writeSizes });
  const { messagesReceived } = harness.broker.info;
  if (scenario.heavy) await scribble(harness);
  for (const plan of scenario.subscribers) {
    if (plan.offline) clients.set(plan.clientId, await harness.connect(connectOptions(plan)));
  }
  const { store, durable } = scenario.others, byQos = store === "async" && durable;
  const seen = new Map([...clients].map(([id, client]) => [id, new Seen(client, byQos)]));
  while (await acknowledgeAll(harness, seen));
  // a hook that ends the connection may come before what is still to be written to the publisher
  if (scenario.actions.some(({ what }) => what.includes("disconnect"))) seen.delete("p");
  const { messagesSent, messagesDropped, inflight, retained, hookErrors } = harness.broker.info;
  return {
    clients: Object.fromEntries(
      [...seen].map(([id, { messages, answers, open }]) => [id, { messages, answers, open }]),
    ),
    hooks: log.seen,
    counters: {
      messagesDropped,
      inflight,
      retained,
      hookErrors,
      ...publisher.live && { messagesReceived, messagesSent },
    },
  };
}

function connectOptions({ clientId, version, properties }: SubscriberPlan) {
  return { clientId, protocolVersion: version, cleanStart: false, properties };
}

async function begin(harness: Harness, plan: SubscriberPlan): Promise<RawClient> {
  const client = await harness.connect(connectOptions(plan));
  for (const filter of plan.filters) await subscribe(client, filter);
  if (plan.offline) await client.cut();
  return client;
}

async function subscribe(client: RawClient, plan: SubscriberPlan["filters"][number]): Promise<void> {
  const { filter, qos, identifier, noLocal, asPublished } = plan;
  await client.subscribe(filter, { qos, identifier, noLocal, retainAsPublished: asPublished });
}

async function sendAll(
  harness: Harness,
  publisher: RawClient,
  { scenario: { packets }, writeSizes }: { scenario: Scenario; writeSizes: readonly number[] },
): Promise<void> {
  for (let at = 0, write = 0; at < packets.length && publisher.live; write++) {
    const size = writeSizes[Math.min(write, writeSizes.length - 1)];
    const sent = publisher.send(...packets.slice(at, at += size));
    const handled = sent.then(() => publisher.barrier()).then(() => true);
    while (!await Promise.race([handled, settle().then(() => false)])) await harness.clock.advance(10);
  }
  await harness.settle();
}

/** Another client writes over all memory that is free. */
async function scribble(harness: Harness): Promise<void> {
  const client = await harness.connect(SCRIBBLER);
  for (let time = 0; time < 8; time++) await client.publish("x/y/z", new Uint8Array(130_000).fill(33));
}

/** Everybody answers what has arrived. @returns false when nothing has */
async function acknowledgeAll(harness: Harness, seen: Map<string, Seen>): Promise<boolean> {
  await harness.settle();
  let more = false;
  for (const one of seen.values()) if (await one.takeAll()) more = true;
  return more;
}

/** What a client has seen. */
class Seen {
  /** By QoS where storage holds some of them back and not others. */
  readonly messages: Record<string, string[]> = {};
  /** PUBREL and PUBCOMP each for themselves, and everything else. */
  readonly answers: Record<string, string[]> = {};
  readonly #client: RawClient;
  readonly #byQos: boolean;

  constructor(client: RawClient, byQos: boolean) {
    this.#client = client;
    this.#byQos = byQos;
  }

  get open(): boolean {
    return this.#client.live;
  }

  async takeAll(): Promise<boolean> {
    let any = false;
    for (let packet = this.#client.take(); packet !== undefined; packet = this.#client.take()) {
      any = true;
      this.#note(packet);
      if (this.#client.live) await this.#answer(packet);
    }
    return any;
  }

  #note(packet: ServerPacket): void {
    const { type, topic, payload, qos, retain, dup, packetId = 0, reasonCode = 0, properties } = packet;
    const more = properties === undefined ? "" : JSON.stringify(properties);
    if (type !== PUBLISH) {
      (this.answers[type === PUBREL || type === PUBCOMP ? type : "first"] ??= []).push(
        `${type} ${packetId} ${reasonCode} ${type === DISCONNECT ? "" : more}`,
      );
    } else {
      const flags = `${retain ? " retained" : ""}${dup ? " again" : ""}`;
      const text = new TextDecoder().decode(payload).replace(/(.)\1{99,}/g, (all, letter) => `${all.length} ${letter}`);
      (this.messages[this.#byQos ? qos! : "any"] ??= []).push(`${text} ${topic} ${qos} ${packetId}${flags} ${more}`);
    }
  }

  async #answer({ type, qos, packetId = 0, reasonCode = 0 }: ServerPacket): Promise<void> {
    const client = this.#client;
    if (type === PUBLISH && qos! > 0) await client.ack(qos === 1 ? PUBACK : PUBREC, packetId);
    if (type === PUBREC && reasonCode < 0x80) await client.ack(PUBREL, packetId);
    if (type === PUBREL) await client.ack(PUBCOMP, packetId);
  }
}
