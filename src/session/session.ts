/** A session: what the broker keeps of a client, with or without a connection (4.1).
 * @module */
import type { ProtocolVersion, PublishPacket } from "../packets/types.ts";
import type { AddressTotals } from "./address_totals.ts";
import type { Client } from "./client.ts";
import { costOfText, SESSION } from "./cost.ts";
import type { Message } from "./message.ts";
import { DeliveryTotals } from "./delivery_totals.ts";
import type { PublishDelivery } from "./outbound_record.ts";
import { Outbox } from "./outbox.ts";
import { PacketIdSet } from "./packet_id_set.ts";
import { peerOf } from "./peer_address.ts";
import type { Task } from "../time/scheduler.ts";
import { SendQuota } from "./send_quota.ts";
import type { SessionSubscription, SessionView } from "./session_view.ts";
import type { PendingWill } from "./will.ts";

/** Session Expiry Interval that never ends. */
export const NEVER_EXPIRES = 0xffff_ffff;

/** What a session needs of the connection that it is attached to. */
export interface SessionLink {
  /** True from CONNACK to the end: messages may be sent. */
  readonly ready: boolean;
  /** Acknowledgements to the client that wait. */
  readonly ackQueue: { readonly length: number };
  /** True when the outbound buffer takes more. */
  hasRoom(): boolean;
  /** True when so little is on its way to the client that some of what has waited for it may follow. */
  takesBacklog(): boolean;
  /**
   * Sends a PUBLISH.
   * @returns false when it can never be sent: it is too large for the client, or a hook refuses it
   */
  sendPublish(message: Message, delivery: PublishDelivery, dup: boolean): boolean;
  /** Sends PUBREL. */
  sendRelease(packetId: number): void;
  /** Ends the connection. */
  close(reasonCode: number, error?: Error): void;
}

/** Receives a message for a subscription of the broker's own client. */
export type InlineHandler = (client: Client, packet: PublishPacket) => void | Promise<void>;

/** Bytes that a session takes by itself. */
export function costOfSession({ id, username }: Pick<Client, "id" | "username">): number {
  return SESSION + costOfText(id) + costOfText(username);
}

/** State of one ClientID [MQTT-3.1.3-2]. */
export class Session implements SessionView {
  /** ClientID. */
  readonly clientId: string;
  /** Bytes that it takes by itself, without subscriptions, messages and will. */
  readonly bytes: number;
  /** What is held by the address that it began from, wherever its client is now. */
  readonly address: AddressTotals;
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
  /** Bytes that the will is counted with. */
  willBytes = 0;
  /** Of the connection. */
  readonly sendQuota: SendQuota = new SendQuota();
  /** True once the session has ended and nothing may be added to it. */
  ended = false;
  /** Subscriptions by filter as sent. */
  readonly subscriptions: Map<string, SessionSubscription> = new Map();
  /** Bytes that they take, without the nodes of the tree. */
  subscriptionBytes = 0;
  /** How many of them have wildcards. */
  wildcardSubscriptions = 0;
  /** How many of them are shared. */
  shares = 0;
  /** What is due next while the client is away: expiry, and the will. */
  expiryTask: Task | undefined = undefined;
  /** The delayed will. */
  willTask: Task | undefined = undefined;
  /** True while a pump runs that had to wait for a hook. */
  pumping = false;
  /** Who is told of messages, where the session is one subscription of the broker's own client. */
  inlineHandler: InlineHandler | undefined = undefined;
  /** Packet Identifiers of QoS 2 messages that a hook has not decided on, over whichever connection they came. */
  undecided: Map<number, Promise<void>> | undefined = undefined;
  readonly #totals: DeliveryTotals;
  #outbox: Outbox | undefined;
  #awaitingPubrel: PacketIdSet | undefined;
  #sequence = 0;

  /**
   * A session without subscriptions or messages.
   *
   * @param client who it belongs to
   * @param expiryInterval seconds without a connection, 0xFFFFFFFF for ever
   * @param totals sums of all sessions of the broker
   */
  constructor(client: Client, expiryInterval: number, totals: DeliveryTotals = new DeliveryTotals()) {
    this.#totals = totals;
    this.clientId = client.id;
    this.client = client;
    this.bytes = costOfSession(client);
    this.address = totals.addresses.of(peerOf(client.remoteAddress));
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
    return this.#outbox ??= new Outbox(this.#totals, this);
  }

  /** Messages on their way to the client, if there ever were any. */
  get existingOutbox(): Outbox | undefined {
    return this.#outbox;
  }

  /** Messages that were sent to the client and are not finished. */
  get inflightMessages(): number {
    return this.#outbox?.inflight.size ?? 0;
  }

  /** Messages that wait for the client. */
  get queuedMessages(): number {
    return this.#outbox?.queue.length ?? 0;
  }

  /** Messages of the client between PUBREC and PUBREL. */
  get awaitingPubrelMessages(): number {
    return this.#awaitingPubrel?.size ?? 0;
  }

  /** Bytes of the session with the Packet Identifiers of QoS 2 messages from its client. */
  get bytesWithIdentifiers(): number {
    return this.bytes + (this.#awaitingPubrel?.bytes ?? 0);
  }

  /** Bytes of the messages that wait. */
  get queuedBytes(): number {
    return this.#outbox?.queue.bytes ?? 0;
  }

  /** Remembers the Packet Identifier of a QoS 2 message of the client until PUBREL. */
  awaitPubrel(packetId: number): void {
    const ids = this.#awaitingPubrel ??= new PacketIdSet(), { bytes } = ids;
    ids.add(packetId);
    this.#totals.receivedBytes += ids.bytes - bytes;
  }

  /** PUBREL has come: forgets its Packet Identifier. */
  forgetPubrel(packetId: number): void {
    const ids = this.#awaitingPubrel;
    if (ids === undefined) return;
    const { bytes } = ids;
    ids.delete(packetId);
    this.#totals.receivedBytes += ids.bytes - bytes;
  }

  /** Whether a QoS 2 message with this Packet Identifier is between PUBREC and PUBREL. */
  awaitsPubrel(packetId: number): boolean {
    return this.#awaitingPubrel?.has(packetId) ?? false;
  }

  /** Forgets all messages, those of the client too: the session has ended. */
  clear(): void {
    this.#outbox?.clear();
    this.#totals.receivedBytes -= this.#awaitingPubrel?.bytes ?? 0;
    this.#awaitingPubrel = undefined;
  }

  /** The next place in the order of delivery. */
  nextSequence(): number {
    return ++this.#sequence;
  }

  /** Continues after a restored record. */
  restoreSequence(sequence: number): void {
    this.#sequence = Math.max(this.#sequence, sequence);
  }
}
