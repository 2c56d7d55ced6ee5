/** Clients that lose their connections, resume, and keep the promises of their QoS: what they got is compared with what was sent. */

import { type Harness, PacketType, type RawClient } from "../helpers/harness.ts";
import type { QoS } from "../../src/packets/types.ts";

const { CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, DISCONNECT } = PacketType;

/** A generator of numbers from 0 to 1 that repeats itself for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = state + 0x6d2b79f5 | 0;
    let value = Math.imul(state ^ state >>> 15, 1 | state);
    value = value + Math.imul(value ^ value >>> 7, 61 | value) ^ value;
    return ((value ^ value >>> 14) >>> 0) / 4_294_967_296;
  };
}

/** A client with a session of its own that outlives its connections. */
abstract class Persistent {
  protected client: RawClient | undefined;
  readonly id: string;
  protected readonly harness: Harness;
  protected readonly random: () => number;

  constructor(harness: Harness, id: string, random: () => number) {
    this.harness = harness;
    this.id = id;
    this.random = random;
  }

  get connected(): boolean {
    return this.client !== undefined;
  }

  async connect(receiveMaximum = 65_535): Promise<void> {
    const properties = { sessionExpiryInterval: 1_000, receiveMaximum };
    this.client = await this.harness.connect({ clientId: this.id, cleanStart: false, properties });
    await this.resume(this.client);
  }

  protected abstract resume(client: RawClient): Promise<void>;

  async cut(): Promise<void> {
    const { client } = this;
    this.client = undefined;
    await client?.cut();
  }
}

interface Sent {
  readonly packetId: number;
  readonly topic: string;
  readonly payload: string;
  readonly qos: QoS;
  released: boolean;
}

/** Publishes numbered messages and sends again what was not acknowledged. */
export class Publisher extends Persistent {
  /** What was published, by topic and QoS. */
  readonly published: Map<string, string[]> = new Map();
  readonly #open = new Map<number, Sent>();
  #packetId = 0;
  #number = 0;

  async publish(topic: string, qos: QoS): Promise<void> {
    if (this.client === undefined || this.#open.size >= 5) return;
    const payload = `${this.id} ${++this.#number} ${"x".repeat(Math.floor(this.random() ** 4 * 3_000))}`;
    const key = `${topic} ${qos}`;
    this.published.set(key, [...this.published.get(key) ?? [], payload]);
    const packetId = qos === 0 ? 0 : this.#nextId();
    if (qos > 0) this.#open.set(packetId, { packetId, topic, payload, qos, released: false });
    await this.client.sendPublish(topic, payload, { qos, packetId });
  }

  #nextId(): number {
    do this.#packetId = this.#packetId % 40 + 1; while (this.#open.has(this.#packetId));
    return this.#packetId;
  }

  /** Handles the acknowledgements that have arrived. */
  async work(): Promise<void> {
    const { client } = this;
    for (let packet = client?.take(); packet !== undefined; packet = client?.take()) {
      const { type, packetId } = packet, sent = this.#open.get(packetId!);
      if (type === PUBACK || type === PUBCOMP) this.#open.delete(packetId!);
      else if (type !== PUBREC) throw new Error(`${this.id} received packet type ${type}`);
      else if (sent !== undefined) {
        sent.released = true;
        await client!.ack(PUBREL, packetId!);
      }
    }
  }

  get done(): boolean {
    return this.#open.size === 0;
  }

  protected override async resume(client: RawClient): Promise<void> {
    for (const { packetId, topic, payload, qos, released } of this.#open.values()) {
      if (released) await client.ack(PUBREL, packetId);
      else await client.sendPublish(topic, payload, { qos, packetId, dup: true });
    }
  }
}

/** Receives at its own pace. */
export class Subscriber extends Persistent {
  /** What was received, without repetitions that the receiver can tell, by topic and QoS of the delivery. */
  readonly got: Map<string, string[]> = new Map();
  readonly qos: QoS;
  readonly #received = new Set<number>();

  constructor(harness: Harness, id: string, random: () => number, qos: QoS) {
    super(harness, id, random);
    this.qos = qos;
  }

  async subscribe(filter: string): Promise<void> {
    await this.client!.subscribe(filter, { qos: this.qos });
  }

  /** Handles some of the packets that have arrived. */
  async work(most: number): Promise<void> {
    const { client } = this;
    for (let left = most; left > 0; left--) {
      const packet = client?.take();
      if (packet === undefined) return;
      const { type, packetId, topic, payload, qos } = packet;
      if (type === PUBREL) {
        this.#received.delete(packetId!);
        await client!.ack(PUBCOMP, packetId!);
      } else if (type === PUBLISH) {
        const repeated = qos === 2 && this.#received.has(packetId!);
        if (!repeated) this.#take(`${topic} ${qos}`, new TextDecoder().decode(payload));
        if (qos === 2) this.#received.add(packetId!);
        if (qos! > 0) await client!.ack(qos === 1 ? PUBACK : PUBREC, packetId!);
      } else if (type !== CONNACK && type !== DISCONNECT) throw new Error(`${this.id} received packet type ${type}`);
    }
  }

  #take(key: string, payload: string): void {
    const list = this.got.get(key);
    if (list === undefined) this.got.set(key, [payload]);
    else list.push(payload);
  }

  protected override resume(): Promise<void> {
    return Promise.resolve();
  }
}
