/** A client of single packets: sends what it is told, right or wrong, and checks what comes back. */

import {
  type ConnectPacket,
  PacketType,
  type Properties,
  type ProtocolVersion,
  type QoS,
  type SubscribeRequest,
  type Will,
} from "../../src/packets/types.ts";
import { toHex } from "../packets/bytes.ts";
import { Inbox } from "./inbox.ts";
import type { ByteStream, Sendable } from "./byte_link.ts";
import { PacketLink } from "./packet_link.ts";
import { describe, type ServerPacket } from "./server_packet.ts";
import { difference, type Expected } from "./expected.ts";

export type { Sendable } from "./byte_link.ts";

/** A will in short. */
export type WillOptions = Partial<Omit<Will, "payload">> & { payload?: string | Uint8Array };

/** A CONNECT in short: Clean Start, no Keep Alive, and the fields that are given. */
export type ConnectOptions = Partial<Omit<ConnectPacket, "type" | "will" | "password">> & {
  will?: WillOptions;
  password?: string | Uint8Array;
};

/** One filter with its options, and what goes with the packet. */
export type SubscribeOptions = Partial<Omit<SubscribeRequest, "topicFilter">> & {
  packetId?: number;
  identifier?: number;
};

/** Flags and properties of a PUBLISH. */
export interface PublishOptions {
  readonly qos?: QoS;
  readonly retain?: boolean;
  readonly dup?: boolean;
  readonly packetId?: number;
  readonly properties?: Properties;
}

const encoder = new TextEncoder();

function toBytes(text: string | Uint8Array): Uint8Array {
  return typeof text === "string" ? encoder.encode(text) : text;
}

/** The packet of {@linkcode ConnectOptions}. */
export function connectPacket(options: ConnectOptions, version: ProtocolVersion): ConnectPacket {
  const { will, password, ...rest } = options;
  return {
    ...{ type: PacketType.CONNECT, protocolVersion: version, cleanStart: true, keepAlive: 0, clientId: "a" },
    ...rest,
    will: will && { topic: "will", qos: 0, retain: false, ...will, payload: toBytes(will.payload ?? "gone") },
    password: password === undefined ? undefined : toBytes(password),
  };
}

/** How a client waits. */
export interface RawClientOptions {
  /** Protocol version in which packets are written and read. */
  readonly version: ProtocolVersion;
  /** Waits until the broker has done all it was asked for; by default a client knows of nothing but its own packets. */
  readonly settle?: () => Promise<void>;
  /** Milliseconds after which it waits in vain, default 3,000. */
  readonly patience?: number;
}

/** One connection to the broker. */
export class RawClient {
  /** Protocol version in which packets are written and read. */
  readonly version: ProtocolVersion;
  /** CONNACK of {@linkcode RawClient.connect}. */
  connack: ServerPacket | undefined;
  readonly #link: PacketLink;
  readonly #inbox: Inbox;
  readonly #settle: () => Promise<void>;
  #packetId = 0;

  /** @param stream to the broker @param options how to wait */
  constructor(stream: ByteStream, options: RawClientOptions) {
    const { version, settle = () => Promise.resolve(), patience = 3_000 } = options;
    const inbox = this.#inbox = new Inbox(patience);
    this.version = version;
    this.#settle = settle;
    this.#link = new PacketLink(stream, { version, take: (packet) => inbox.take(packet) });
    this.#link.ended.then((failure) => inbox.end(failure));
  }

  /** True from an accepted CONNACK to the end of the stream or to DISCONNECT. */
  get live(): boolean {
    return this.#inbox.live;
  }

  /** All packets that have arrived so far, those that were expected already included. */
  get received(): readonly ServerPacket[] {
    return this.#inbox.received;
  }

  /** Sends everything in one write. */
  async send(...what: Sendable[]): Promise<void> {
    await this.#link.send(...what);
  }

  /** The next packet, if one is there. */
  take(): ServerPacket | undefined {
    return this.#inbox.waiting.shift();
  }

  /** Waits for the next packet. */
  async next(): Promise<ServerPacket> {
    return await this.#inbox.next();
  }

  /** Waits for one packet that is as the pattern (`"40 02 .. 01"`, `..` any byte, `*` any rest) or the fields say. */
  async expect(expected: string | Expected): Promise<ServerPacket> {
    const packet = await this.next();
    const wrong = difference(packet, expected);
    if (wrong !== undefined) throw new Error(`${wrong}\n  received ${describe(packet)}`);
    return packet;
  }

  /** Waits for a message. */
  async expectMessage(topic: string, payload: string, more: Expected = {}): Promise<ServerPacket> {
    return await this.expect({ type: PacketType.PUBLISH, topic, payload, ...more });
  }

  /** Waits for DISCONNECT with a reason code and for the end of the stream. */
  async expectDisconnect(reasonCode: number): Promise<ServerPacket> {
    const packet = await this.expect({ type: PacketType.DISCONNECT, reasonCode });
    await this.expectClosed();
    return packet;
  }

  /** Waits for a refusing CONNACK and for the end of the stream. */
  async expectRefusal(reasonCode: number): Promise<ServerPacket> {
    const packet = await this.expect({ type: PacketType.CONNACK, sessionPresent: false, reasonCode });
    await this.expectClosed();
    return packet;
  }

  /** Waits for the end of the stream; nothing may come before it. */
  async expectClosed(): Promise<void> {
    await this.#inbox.over();
  }

  /** Makes sure that the connection is open and that nothing is on its way, once the broker has done all it was asked for. */
  async expectNothing(): Promise<void> {
    await this.#settle();
    if (this.live) await this.barrier();
    const [first] = this.#inbox.waiting;
    if (first !== undefined) throw new Error(`expected nothing, received ${describe(first)}`);
    if (this.#inbox.ended) throw new Error("expected nothing, but the connection was closed");
  }

  /** PINGREQ and its PINGRESP: what the broker sent before has arrived, what this client sent before is done. */
  async barrier(): Promise<void> {
    const pong = this.#inbox.pong();
    await this.send("C0 00");
    await pong;
  }

  /** Sends CONNECT and waits for CONNACK 0x00. */
  async connect(options: ConnectOptions = {}): Promise<this> {
    await this.sendConnect(options);
    this.connack = await this.expect({ type: PacketType.CONNACK, reasonCode: 0 });
    return this;
  }

  /** Sends CONNECT. */
  async sendConnect(options: ConnectOptions = {}): Promise<void> {
    await this.send(connectPacket(options, this.version));
  }

  /** Subscribes to one filter and waits for SUBACK. Returns its reason code. */
  async subscribe(topicFilter: string, options: SubscribeOptions = {}): Promise<number> {
    const { packetId = this.#nextId(), identifier, ...request } = options;
    const defaults = { qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
    await this.send({
      ...{ type: PacketType.SUBSCRIBE, packetId, subscriptions: [{ topicFilter, ...defaults, ...request }] },
      properties: identifier === undefined ? undefined : { subscriptionIdentifiers: [identifier] },
    });
    const { reasonCodes } = await this.expect({ type: PacketType.SUBACK, packetId });
    return reasonCodes![0];
  }

  /** Unsubscribes from one filter and waits for UNSUBACK. Returns its reason code, 0 before MQTT 5. */
  async unsubscribe(topicFilter: string): Promise<number> {
    const packetId = this.#nextId();
    await this.send({ type: PacketType.UNSUBSCRIBE, packetId, topicFilters: [topicFilter] });
    const { reasonCodes } = await this.expect({ type: PacketType.UNSUBACK, packetId });
    return reasonCodes![0] ?? 0;
  }

  /** Sends PUBLISH and nothing else. */
  async sendPublish(topic: string, payload: string | Uint8Array, options: PublishOptions = {}): Promise<number> {
    const { qos = 0, packetId = qos === 0 ? 0 : this.#nextId(), retain = false, dup = false, properties } = options;
    await this.send({
      type: PacketType.PUBLISH,
      topic,
      payload: toBytes(payload),
      ...{ qos, packetId, retain, dup, properties },
    });
    return packetId;
  }

  /** Publishes and goes through the exchange of its QoS; at QoS 0 through a barrier. Returns the code of the first answer. */
  async publish(topic: string, payload: string | Uint8Array, options: PublishOptions = {}): Promise<number> {
    const packetId = await this.sendPublish(topic, payload, options);
    if (!options.qos) {
      await this.barrier();
      return 0;
    }
    const first = options.qos === 1 ? PacketType.PUBACK : PacketType.PUBREC;
    const { reasonCode } = await this.expect({ type: first, packetId });
    if (options.qos === 1 || reasonCode! >= 0x80) return reasonCode!;
    await this.ack(PacketType.PUBREL, packetId);
    await this.expect({ type: PacketType.PUBCOMP, packetId });
    return reasonCode!;
  }

  /** Sends PUBACK, PUBREC, PUBREL or PUBCOMP. */
  async ack(type: 4 | 5 | 6 | 7, packetId: number, reasonCode = 0): Promise<void> {
    await this.send({ type, packetId, reasonCode });
  }

  /** Sends DISCONNECT and waits for the end of the stream. */
  async disconnect(reasonCode = 0, properties?: Properties): Promise<void> {
    await this.send({ type: PacketType.DISCONNECT, reasonCode, properties });
    await this.expectClosed();
  }

  /** Cuts the connection without a word, and waits until the broker has noticed. */
  async cut(): Promise<void> {
    this.#link.close();
    await this.#inbox.over({ ignoreRest: true });
    await this.#settle();
  }

  #nextId(): number {
    this.#packetId = this.#packetId % 65_535 + 1;
    return this.#packetId;
  }

  /** Bytes of what has arrived, for messages. */
  toString(): string {
    return this.received.map((packet) => toHex(packet.bytes)).join("\n");
  }
}
