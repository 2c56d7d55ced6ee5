/** A session: what the broker keeps of a client, with or without a connection (4.1).
 * @module */
import type { ProtocolVersion, PublishPacket, QoS } from "../packets/types.ts";
import type { Slab } from "../packets/slab.ts";
import type { ParsedFilter } from "../topics/topic_filter.ts";
import type { SubscriptionOptions } from "../topics/subscription.ts";
import type { Client } from "./client.ts";
import type { Message } from "./message.ts";
import type { OutboundRecord } from "./outbound_record.ts";
import { Outbox } from "./outbox.ts";
import type { Task } from "../time/scheduler.ts";
import type { PendingWill } from "./will.ts";

/** Session Expiry Interval that never ends. */
export const NEVER_EXPIRES = 0xffff_ffff;

/** A subscription of a session. */
export interface SessionSubscription {
  /** The filter, taken apart. */
  readonly filter: ParsedFilter;
  /** Granted options. */
  readonly options: SubscriptionOptions;
}

/** PUBLISH packets without DUP and RETAIN, one behind the other and all to the same topic. */
export interface FrameRun {
  /** Memory that holds them; not changed while `slab` is held. */
  readonly buffer: Uint8Array;
  /** Index of the first byte. */
  readonly start: number;
  /** Index behind the last byte. */
  readonly end: number;
  /** Number of packets. */
  readonly count: number;
  /** Bytes of the largest packet. */
  readonly largest: number;
  /** QoS of all packets. */
  readonly qos: QoS;
  /** Who has to be told that the bytes are still needed; nobody when they stay anyway. */
  readonly slab: Slab | undefined;
  /** Where the Packet Identifiers are, at QoS 1 and 2. */
  readonly packetIdsAt: readonly number[];
  /** True when they are packets of MQTT 5, without properties. */
  readonly version5: boolean;
}

/** What a session needs of the connection that it is attached to. */
export interface SessionLink {
  /** True from CONNACK to the end: messages may be sent. */
  readonly ready: boolean;
  /** True when the outbound buffer takes more. */
  hasRoom(): boolean;
  /** True when the client gets the packets of a run just as they came. */
  takesRun(run: FrameRun): boolean;
  /** Sends the packets of a run, at QoS 1 and 2 with Packet Identifiers that begin with this one. */
  sendRun(run: FrameRun, packetId?: number): void;
  /** Sends a message at QoS 0. @returns false when it could not be */
  sendMessage(message: Message, retain: boolean, identifiers: readonly number[] | undefined): boolean;
  /** Sends a message at QoS 1 or 2. @returns false when it can never be sent (too large for the client) */
  sendRecord(record: OutboundRecord, dup: boolean): boolean;
  /** Sends PUBREL. */
  sendRelease(packetId: number): void;
  /** Ends the connection. */
  close(reasonCode: number, error?: Error): void;
}

/** Receives a message for a subscription of the broker's own client. */
export type InlineHandler = (client: Client, packet: PublishPacket) => void | Promise<void>;

/** QoS 2 messages between PUBLISH and the decision of a hook, over whichever connection they came. */
export interface Arriving {
  /** First of their Packet Identifiers, which follow each other. */
  readonly first: number;
  /** Last of their Packet Identifiers. */
  readonly last: number;
  /** Ends, in whatever way, when all of them are decided. */
  readonly decided: Promise<unknown>;
}

/** State of one ClientID [MQTT-3.1.3-2]. */
export class Session {
  /** ClientID. */
  readonly clientId: string;
  /** Who is, or was last, connected. */
  client: Client;
  /** The connection; `undefined` while the client is away. */
  link: SessionLink | undefined = undefined;
  /** Seconds that the session lives without a connection; 0xFFFFFFFF for ever. */
  expiryInterval: number;
  /** When the last connection closed, in milliseconds since 1970. */
  disconnectedAt: number | undefined = undefined;
  /** The will, until it is published or dropped. */
  will: PendingWill | undefined = undefined;
  /** Send quota that the connection began with. */
  sendQuota = 0;
  /** True once the session has ended and nothing may be added to it. */
  ended = false;
  /** Subscriptions by filter as sent. */
  readonly subscriptions: Map<string, SessionSubscription> = new Map();
  /** Bytes of their filters. */
  subscriptionBytes = 0;
  /** What is due next while the client is away: expiry, and the will. */
  expiryTask: Task | undefined = undefined;
  /** The delayed will. */
  willTask: Task | undefined = undefined;
  /** True while a pump runs that had to wait for a hook. */
  pumping = false;
  /** Who is told of messages, where the session is one subscription of the broker's own client. */
  inlineHandler: InlineHandler | undefined = undefined;
  /** QoS 2 messages of the client that a hook has not decided on. */
  arriving: Arriving[] | undefined = undefined;
  #outbox: Outbox | undefined;
  #inbound: Set<number> | undefined;
  #sequence = 0;

  /**
   * A session without subscriptions or messages.
   *
   * @param client who it belongs to
   * @param expiryInterval seconds without a connection, 0xFFFFFFFF for ever
   */
  constructor(client: Client, expiryInterval: number) {
    this.clientId = client.id;
    this.client = client;
    this.expiryInterval = expiryInterval;
  }

  /** Protocol level of the last connection. */
  get protocolVersion(): ProtocolVersion {
    return this.client.protocolVersion;
  }

  /** User Name that the session belongs to. */
  get username(): string | undefined {
    return this.client.username;
  }

  /** True while a connection is attached. */
  get connected(): boolean {
    return this.link !== undefined;
  }

  /** Messages on their way to the client. */
  get outbox(): Outbox {
    if (this.#outbox === undefined) {
      this.#outbox = new Outbox();
      this.#outbox.connect(this.sendQuota);
    }
    return this.#outbox;
  }

  /** Messages on their way to the client, if there ever were any. */
  get existingOutbox(): Outbox | undefined {
    return this.#outbox;
  }

  /** QoS 2 messages of the client between PUBREC and PUBREL: their Packet Identifiers. */
  get inbound(): Set<number> {
    return this.#inbound ??= new Set();
  }

  /** The same, if there ever were any. */
  get existingInbound(): Set<number> | undefined {
    return this.#inbound;
  }

  /** The next place in the order of delivery. */
  nextSequence(): number {
    return ++this.#sequence;
  }

  /** So many next places in the order of delivery: the first of them. */
  nextSequences(count: number): number {
    this.#sequence += count;
    return this.#sequence - count + 1;
  }

  /** Continues after a restored record. */
  restoreSequence(sequence: number): void {
    if (sequence > this.#sequence) this.#sequence = sequence;
  }
}
