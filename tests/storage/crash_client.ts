/** An MQTT client that keeps its half of the session as the standard asks: across connections, until it is told otherwise.
 * @module */
import {
  type AckPacket,
  PacketType,
  type ProtocolVersion,
  type PublishPacket,
  type QoS,
  type Will,
} from "../../src/packets/types.ts";
import { PacketLink } from "../helpers/packet_link.ts";
import type { ServerPacket } from "../helpers/server_packet.ts";

/** What a client is made of. */
export interface CrashClientOptions {
  /** Version of the protocol, default 5. */
  readonly version?: ProtocolVersion;
  /** Seconds that the session outlives the connection, default for ever; 0 begins anew with each connection. */
  readonly expiry?: number;
  /** How many QoS 2 messages the broker may send at a time (MQTT 5). */
  readonly receiveMaximum?: number;
  /** Makes the will of the next connection. */
  readonly will?: () => Will;
  /** Told of every message that is handed to the application: at QoS 2 once. */
  readonly onMessage?: (message: ServerPacket) => void;
}

/** A message that the broker has not taken over. */
interface Outgoing {
  readonly packet: PublishPacket;
  readonly done: PromiseWithResolvers<void>;
}

const NEVER = 0xffff_ffff;
const decoder = new TextDecoder();

/** The payload of a message as text. */
export function textOf(message: ServerPacket): string {
  return decoder.decode(message.payload);
}

/** A client with its session. */
export class CrashClient {
  readonly id: string;
  /** Told when the client has seen what a broker must not do. */
  onFailure: (error: Error) => void = (error) => queueMicrotask(() => Promise.reject(error));
  readonly #version: ProtocolVersion;
  readonly #options: CrashClientOptions;
  /** PUBLISH packets without an answer, in the order in which they were sent. */
  readonly #outgoing = new Map<number, Outgoing>();
  /** Packet Identifiers between PUBREC and PUBCOMP, in the order of PUBREC. */
  readonly #released = new Set<number>();
  /** QoS 2 messages that were handed over and wait for PUBREL. */
  readonly #received = new Set<number>();
  /** SUBSCRIBE, UNSUBSCRIBE and PINGREQ of this connection that wait for their answer, PINGREQ as 0. */
  readonly #requests = new Map<number, PromiseWithResolvers<readonly number[]>>();
  #idle: (() => void)[] = [];
  #link: PacketLink | undefined;
  /** From CONNACK to the end of the connection. */
  #ready = false;
  #connack = Promise.withResolvers<void>();
  #nextId = 0;
  /** True once the broker has confirmed the session: from then on it has to know it. */
  #known = false;

  /** @param id ClientID @param options what is special */
  constructor(id: string, options: CrashClientOptions = {}) {
    this.id = id;
    this.#options = options;
    this.#version = options.version ?? 5;
  }

  /** Number of its messages that the broker has not confirmed to the end. */
  get unfinished(): number {
    return this.#outgoing.size + this.#released.size;
  }

  /** Whether it is connected. */
  get connected(): boolean {
    return this.#ready && this.#link!.open;
  }

  /** Connects with Clean Start 0, and sends again what was not confirmed. */
  async connect(address: string): Promise<void> {
    this.#ready = false;
    this.#connack = Promise.withResolvers();
    const take = (packet: ServerPacket) => this.#take(packet);
    const link = this.#link = await PacketLink.to(address, { version: this.#version, take, mayBeCut: true });
    link.ended.then((failure) => this.#ended(link, failure));
    const { expiry = NEVER, receiveMaximum } = this.#options;
    link.send({
      type: PacketType.CONNECT,
      protocolVersion: this.#version,
      clientId: this.id,
      cleanStart: expiry === 0,
      keepAlive: 0,
      properties: this.#version === 5 ? { sessionExpiryInterval: expiry, receiveMaximum } : undefined,
      will: this.#options.will?.(),
    });
    await this.#connack.promise;
  }

  #resume({ reasonCode, sessionPresent }: ServerPacket): void {
    if (reasonCode !== 0) throw new Error(`${this.id}: CONNACK 0x${reasonCode!.toString(16)}`);
    if (!sessionPresent) this.#begin();
    this.#known = this.#options.expiry !== 0;
    this.#ready = true;
    for (const packetId of this.#released) this.#ack(PacketType.PUBREL, packetId);
    for (const { packet } of this.#outgoing.values()) this.#link!.send({ ...packet, dup: true });
    this.#connack.resolve();
  }

  /** The broker has no session: nothing may be left of it here either. */
  #begin(): void {
    if (this.#known && this.#version === 3) return; // its CONNACK does not tell
    if (this.#known) throw new Error(`${this.id}: a session that was confirmed is lost`);
    this.#received.clear();
    this.#released.clear();
  }

  /** Cuts the connection without DISCONNECT. */
  async cut(): Promise<void> {
    this.#link?.close();
    await this.#link?.ended;
  }

  /** Publishes; resolves when the broker has taken the message over, on whatever connection that is. */
  publish(topic: string, payload: string, options: { qos: QoS; retain?: boolean }): Promise<void> {
    const { qos, retain = false } = options, packetId = this.#newId(), done = Promise.withResolvers<void>();
    const packet: PublishPacket = {
      ...{ type: PacketType.PUBLISH, topic, qos, retain, packetId },
      payload: new TextEncoder().encode(payload),
      dup: false,
    };
    this.#outgoing.set(packetId, { packet, done });
    if (this.connected) this.#link!.send(packet);
    return done.promise;
  }

  /** Subscribes; rejects when the connection ends before SUBACK. */
  async subscribe(topicFilter: string, qos: QoS): Promise<void> {
    const packetId = this.#newId(), options = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
    this.#link!.send({ type: PacketType.SUBSCRIBE, packetId, subscriptions: [{ topicFilter, qos, ...options }] });
    const [code] = await this.#request(packetId);
    if (code !== qos) throw new Error(`${this.id}: SUBACK 0x${code.toString(16)} for ${topicFilter}`);
  }

  /** Unsubscribes; rejects when the connection ends before UNSUBACK. */
  async unsubscribe(topicFilter: string): Promise<void> {
    const packetId = this.#newId();
    this.#link!.send({ type: PacketType.UNSUBSCRIBE, packetId, topicFilters: [topicFilter] });
    await this.#request(packetId);
  }

  /** PINGREQ and its answer: what the broker sent before has arrived. */
  async ping(): Promise<void> {
    this.#link!.send({ type: PacketType.PINGREQ });
    await this.#request(0);
  }

  /** Waits for something, as long as the connection lasts. */
  async whileConnected<T>(something: Promise<T>): Promise<T> {
    const link = this.#link!;
    const lost = link.ended.then(() => Promise.reject(new ConnectionLost(`${this.id}: the connection has ended`)));
    return await Promise.race([something, lost]);
  }

  /** Waits until every message is confirmed to the end. */
  async idle(): Promise<void> {
    while (this.unfinished > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  async #request(packetId: number): Promise<readonly number[]> {
    const request = Promise.withResolvers<readonly number[]>();
    this.#requests.set(packetId, request);
    if (!this.connected) request.reject(new ConnectionLost(`${this.id}: the connection has ended`));
    return await request.promise;
  }

  #newId(): number {
    do this.#nextId = this.#nextId % 65_535 + 1; while (
      this.#outgoing.has(this.#nextId) || this.#released.has(this.#nextId) || this.#requests.has(this.#nextId)
    );
    return this.#nextId;
  }

  #ended(link: PacketLink, cause?: Error): void {
    if (link !== this.#link) return;
    this.#ready = false;
    const error = cause ?? new ConnectionLost(`${this.id}: the connection has ended`);
    this.#connack.promise.catch(() => {});
    this.#connack.reject(error);
    for (const request of this.#requests.values()) request.reject(error);
    this.#requests.clear();
    if (cause !== undefined) this.onFailure(cause);
  }

  #take(packet: ServerPacket): void {
    const { type, packetId = 0, reasonCodes = [] } = packet;
    if (type === PacketType.CONNACK) this.#resume(packet);
    else if (type === PacketType.PUBLISH) this.#takePublish(packet);
    else if (type === PacketType.PUBREL) this.#takeRelease(packetId);
    else if (type === PacketType.PINGRESP || type === PacketType.SUBACK || type === PacketType.UNSUBACK) {
      this.#answer(packetId, reasonCodes);
    } else if (type !== PacketType.DISCONNECT) this.#takeAck(packet);
  }

  #answer(packetId: number, codes: readonly number[]): void {
    this.#requests.get(packetId)?.resolve(codes);
    this.#requests.delete(packetId);
  }

  #takePublish(packet: ServerPacket): void {
    const qos = packet.qos!, packetId = packet.packetId!;
    if (qos === 2 && this.#received.has(packetId)) return this.#ack(PacketType.PUBREC, packetId); // [MQTT-4.3.3-10]
    if (qos === 2) this.#received.add(packetId);
    this.#options.onMessage?.(packet);
    if (qos > 0) this.#ack(qos === 1 ? PacketType.PUBACK : PacketType.PUBREC, packetId);
  }

  #takeRelease(packetId: number): void {
    this.#ack(PacketType.PUBCOMP, packetId, this.#received.delete(packetId) ? 0 : 0x92);
  }

  #takeAck({ type, packetId, reasonCode }: ServerPacket): void {
    if (type === PacketType.PUBCOMP) this.#released.delete(packetId!);
    else this.#takenOver(type, packetId!, reasonCode!);
    if (this.unfinished === 0) { for (const resolve of this.#idle.splice(0)) resolve(); }
  }

  #takenOver(type: number, packetId: number, reasonCode: number): void {
    const outgoing = this.#outgoing.get(packetId), qos = type === PacketType.PUBACK ? 1 : 2;
    if (outgoing === undefined && !this.#released.has(packetId)) return this.#refuse(type, packetId);
    if (outgoing !== undefined && outgoing.packet.qos !== qos) {
      throw new Error(`${this.id}: an answer of QoS ${qos} to a message of QoS ${outgoing.packet.qos}`);
    }
    this.#outgoing.delete(packetId);
    if (reasonCode >= 0x80) {
      return outgoing?.done.reject(new Error(`${this.id}: refused with 0x${reasonCode.toString(16)}`));
    }
    if (qos === 2) {
      this.#released.add(packetId);
      this.#ack(PacketType.PUBREL, packetId);
    }
    outgoing?.done.resolve();
  }

  /** An answer to nothing: a PUBREC still gets its PUBREL. */
  #refuse(type: number, packetId: number): void {
    if (type === PacketType.PUBREC) this.#ack(PacketType.PUBREL, packetId, 0x92);
  }

  #ack(type: AckPacket["type"], packetId: number, reasonCode = 0): void {
    if (this.connected) this.#link!.send({ type, packetId, reasonCode });
  }
}

/** The connection ended before the answer came. */
export class ConnectionLost extends Error {}
