/** Everything on its way to the client of one session: sent and unacknowledged, to be sent again, and queued.
 * @module */
import type { QoS } from "../packets/types.ts";
import { AddressTotals } from "./address_totals.ts";
import { DELIVERY } from "./cost.ts";
import type { DeliveryTotals } from "./delivery_totals.ts";
import { InflightTable } from "./inflight_table.ts";
import type { OutboundRecord } from "./outbound_record.ts";
import { RecordQueue } from "./record_queue.ts";
import type { Relief } from "./relief.ts";
import { SendQuota } from "./send_quota.ts";

/** Highest Packet Identifier. */
const MAXIMUM_PACKET_ID = 65_535;

/** A source of further messages that is read only when there is room: the replay of retained messages. */
export interface Replay {
  /** Highest QoS of its deliveries: above 0 it needs send quota. */
  readonly qos: QoS;
  /** The filter that was subscribed to, as sent. */
  readonly filter: string;
  /** Makes the next delivery; false when there is none left. */
  next(): boolean | Promise<boolean>;
}

/** Milliseconds that a publisher with little under way waits at most when the queue is full. */
export const LONGEST_WHEN_FULL = 900;

/** The outbound half of a session. It owns what is counted of its records; its fields are only read. */
export class Outbox {
  /** Sent and not finished, by Packet Identifier. */
  readonly inflight: InflightTable = new InflightTable();
  /** Not sent yet. */
  readonly queue: RecordQueue = new RecordQueue();
  /** Retained messages still to be sent to new subscriptions, by filter: a renewed one takes the place of the one before. */
  readonly #replays = new Map<string, Replay>();
  /** The one that is read: to ask the `Map` for its first one may mean to pass many that were removed. */
  #replay: Replay | undefined = undefined;
  /** Publishers that wait until the queue is shorter. */
  relief: Relief | undefined = undefined;
  /** Milliseconds that a publisher with little under way waits when the queue is full; the longest ones until it is known what is taken. */
  waitWhenFull: number = LONGEST_WHEN_FULL;
  /** Exchanges that the client has finished since the outbox began. */
  finished = 0;
  /** How many it had finished when it was last seen to stand still with a long queue, -1 for never. */
  stoodStillAt: number = -1;
  /** Slots for what is sent and not finished. */
  readonly sendQuota: SendQuota;
  readonly #totals: DeliveryTotals;
  readonly #address: AddressTotals;
  /** The first of those in flight from an earlier connection that is to be sent again, before anything from the queue. */
  #again: OutboundRecord | undefined = undefined;
  #inflightBytes = 0;
  #nextPacketId = 0;

  /** @param totals sums of all outboxes of the broker @param owner sums of one address, and the send quota of one session */
  constructor(totals: DeliveryTotals, owner: { address?: AddressTotals; sendQuota?: SendQuota } = {}) {
    this.#totals = totals;
    this.#address = owner.address ?? new AddressTotals();
    this.sendQuota = owner.sendQuota ?? new SendQuota();
  }

  /** Bytes of the messages that were sent and are not acknowledged. */
  get inflightBytes(): number {
    return this.#inflightBytes;
  }

  /** Bytes that all of it takes. */
  get bytes(): number {
    return this.queue.bytes + this.#inflightBytes + DELIVERY * this.inflight.size;
  }

  /** Whether something waits to be sent. */
  get waiting(): boolean {
    return this.ahead || this.#replays.size > 0;
  }

  /** Whether records wait that go before a new one. */
  get ahead(): boolean {
    return this.#again !== undefined || this.queue.length > 0;
  }

  /** The source of retained messages that is read next. */
  get nextReplay(): Replay | undefined {
    if (this.#replays.size > 0) this.#replay ??= this.#replays.values().next().value;
    return this.#replay;
  }

  /** Adds a source behind the others; a client may subscribe to a filter as often as it likes, and has one source for it. */
  addReplay(replay: Replay): void {
    this.endReplay(replay.filter);
    this.#replays.set(replay.filter, replay);
  }

  /** The source for a filter has no more or is not wanted any more; with `only` unless another one has taken its place. */
  endReplay(filter: string, only?: Replay): void {
    const replay = this.#replays.get(filter);
    if (replay === undefined || only !== undefined && replay !== only) return;
    this.#replays.delete(filter);
    if (this.#replay === replay) this.#replay = undefined;
  }

  /** The connection that has asked for them has ended: a session that sleeps keeps no sources. */
  endReplays(): void {
    this.#replays.clear();
    this.#replay = undefined;
  }

  /** Number of records, sent or queued. */
  get size(): number {
    return this.inflight.size + this.queue.length;
  }

  /** The record that is to be sent again next. */
  get nextAgain(): OutboundRecord | undefined {
    return this.#again;
  }

  /** A connection begins: everything unfinished is to be sent again, in its old order [MQTT-4.4.0-1] [MQTT-4.6.0-1]. */
  connect(): void {
    this.#again = this.inflight.oldest;
  }

  /** True when all Packet Identifiers are in use. */
  get exhausted(): boolean {
    return this.inflight.size >= MAXIMUM_PACKET_ID;
  }

  /** Whether a new message may be sent: there is quota, and what is not acknowledged is below so many bytes. */
  maySend(maximumBytes: number): boolean {
    return this.sendQuota.slots > 0 && this.#inflightBytes < maximumBytes;
  }

  /** A free Packet Identifier, 0 when all are in use [MQTT-2.2.1-4]. */
  allocatePacketId(): number {
    if (this.exhausted) return 0;
    do {
      this.#nextPacketId = this.#nextPacketId === MAXIMUM_PACKET_ID ? 1 : this.#nextPacketId + 1;
    } while (this.inflight.has(this.#nextPacketId));
    return this.#nextPacketId;
  }

  /** A record that is not in the queue is sent under a free Packet Identifier. */
  begin(record: OutboundRecord, packetId: number): void {
    record.packetId = packetId;
    record.state = "sent";
    this.sendQuota.take();
    this.#keep(record);
  }

  #keep(record: OutboundRecord): void {
    this.inflight.add(record);
    this.#inflightBytes += record.message?.size ?? 0;
    this.#totals.add(record, this.#address);
  }

  /** Appends a record to the queue. */
  enqueue(record: OutboundRecord): void {
    this.queue.push(record);
    this.#totals.add(record, this.#address);
  }

  /** Takes the oldest record out of the queue, to be sent or given up. */
  dequeue(): OutboundRecord | undefined {
    const record = this.queue.shift();
    if (record === undefined) return undefined;
    this.#totals.remove(record, this.#address);
    if (this.relief !== undefined) this.relief.queueIsShorter(this.queue);
    return record;
  }

  /** The record that is to be sent again next is sent: takes its slot of the send quota. */
  sendAgain(): void {
    this.#again = this.#again?.newer;
    this.sendQuota.take();
  }

  /** Forgets the message of a record: from PUBREC on only its Packet Identifier matters. */
  release(record: OutboundRecord): void {
    this.#inflightBytes -= record.message?.size ?? 0;
    this.#totals.release(record, this.#address);
    record.message = undefined;
    record.state = "released";
  }

  /** The client has a message: its Packet Identifier and its slot of the send quota are free again [MQTT-4.9.0-1]. */
  finish(record: OutboundRecord): void {
    this.forget(record);
    this.finished++;
    this.sendQuota.giveBack();
  }

  /** Gives up a record that was sent. */
  forget(record: OutboundRecord): void {
    if (this.inflight.get(record.packetId) !== record) return;
    if (this.#again === record) this.#again = record.newer;
    this.inflight.delete(record.packetId);
    this.#inflightBytes -= record.message?.size ?? 0;
    this.#totals.remove(record, this.#address);
  }

  /** Puts a restored record back under its old Packet Identifier. */
  restore(record: OutboundRecord): void {
    if (record.packetId === 0) return this.enqueue(record);
    const other = this.inflight.get(record.packetId);
    if (other !== undefined) this.forget(other);
    this.#keep(record);
    if (record.packetId > this.#nextPacketId) this.#nextPacketId = record.packetId;
  }

  /** The oldest record, sent or queued. */
  get oldest(): OutboundRecord | undefined {
    return this.inflight.oldest ?? this.queue.peek();
  }

  /** Gives up the oldest record, sent or queued. */
  forgetOldest(): void {
    const { oldest } = this.inflight;
    if (oldest === undefined) this.dequeue();
    else this.forget(oldest);
  }

  /** Forgets everything: the session has ended. */
  clear(): void {
    while (this.size > 0) this.forgetOldest();
    this.endReplays();
    this.relief?.end();
  }
}
