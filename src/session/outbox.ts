/** Everything on its way to the client of one session: sent and unacknowledged, to be sent again, and queued.
 * @module */
import type { QoS } from "../packets/types.ts";
import { InflightTable } from "./inflight_table.ts";
import type { OutboundRecord } from "./outbound_record.ts";
import { RecordQueue } from "./record_queue.ts";
import { SentRun, type SentRunInit } from "./sent_run.ts";

/** Highest Packet Identifier. */
const MAXIMUM_PACKET_ID = 65_535;

/** A source of further messages that is read only when there is room: the replay of retained messages. */
export interface Replay {
  /** Highest QoS of its deliveries: above 0 it needs send quota. */
  readonly qos: QoS;
  /** Makes the next delivery; false when there is none left. */
  next(): boolean | Promise<boolean>;
}

/** The outbound half of a session. */
export class Outbox {
  /** Sent and not finished, by Packet Identifier, in the order in which they were first sent [MQTT-4.6.0-1]. */
  readonly inflight: InflightTable = new InflightTable();
  /** Not sent yet. */
  readonly queue: RecordQueue = new RecordQueue();
  /** Retained messages still to be sent to new subscriptions. */
  readonly replays: Replay[] = [];
  /** Of an earlier connection, to be sent again before anything from the queue; the last one is the first. */
  resend: OutboundRecord[] = [];
  /** QoS 1/2 PUBLISH packets that may still be sent on this connection; below 0 after many resent PUBREL [MQTT-3.3.4-9]. */
  quota = 0;
  /** Bytes of the messages that were sent and are not acknowledged. */
  inflightBytes = 0;
  /** The send quota that the connection began with. */
  #initialQuota = 0;
  #nextPacketId = 0;

  /** Whether something waits to be sent. */
  get waiting(): boolean {
    return this.resend.length > 0 || this.queue.length > 0 || this.replays.length > 0;
  }

  /** Whether records wait that go before a new one. */
  get ahead(): boolean {
    return this.resend.length > 0 || this.queue.length > 0;
  }

  /** Number of records, sent or queued. */
  get size(): number {
    return this.inflight.size + this.queue.length;
  }

  /** Begins a connection: everything unfinished is to be sent again, in its old order [MQTT-4.4.0-1]. */
  connect(quota: number): void {
    this.quota = this.#initialQuota = quota; // [MQTT-4.9.0-1]
    this.resend = this.inflight.values().reverse();
  }

  /** True when all Packet Identifiers are in use. */
  get exhausted(): boolean {
    return this.inflight.size >= MAXIMUM_PACKET_ID;
  }

  /** A free Packet Identifier, 0 when all are in use [MQTT-2.2.1-4]. */
  allocatePacketId(): number {
    if (this.exhausted) return 0;
    do {
      this.#nextPacketId = this.#nextPacketId === MAXIMUM_PACKET_ID ? 1 : this.#nextPacketId + 1;
    } while (this.inflight.has(this.#nextPacketId));
    return this.#nextPacketId;
  }

  /** So many free Packet Identifiers, one behind the other: the first of them, 0 when those that come next are not free. */
  allocatePacketIds(count: number): number {
    const first = this.#nextPacketId + 1, last = this.#nextPacketId + count;
    if (last > MAXIMUM_PACKET_ID) return 0;
    for (let packetId = first; packetId <= last; packetId++) if (this.inflight.has(packetId)) return 0;
    this.#nextPacketId = last;
    return first;
  }

  /** Whether a new message may be sent: there is quota, and what is not acknowledged is below so many bytes. */
  maySend(maximumBytes: number): boolean {
    return this.quota > 0 && this.inflightBytes < maximumBytes;
  }

  /** Keeps a record that has a Packet Identifier until it is finished. */
  keep(record: OutboundRecord): void {
    this.inflight.set(record.packetId, record);
    this.inflightBytes += record.message?.size ?? 0;
  }

  /** Keeps the deliveries of a run until they are acknowledged. */
  keepRun(run: SentRunInit): void {
    this.inflight.setRun(run.packetId, new SentRun(run), run.messages.length);
    for (let index = 0; index < run.messages.length; index++) this.inflightBytes += run.messages[index].size;
  }

  /** Forgets a delivery that nobody has looked at. @returns false when it is not one of these */
  forgetUnseen(packetId: number): boolean {
    const message = this.inflight.takeUnseen(packetId);
    if (message === undefined) return false;
    this.inflightBytes -= message.size;
    return true;
  }

  /** Forgets the message of a record: from PUBREC on only its Packet Identifier matters. */
  release(record: OutboundRecord): void {
    this.inflightBytes -= record.message?.size ?? 0;
    record.message = undefined;
  }

  /** Forgets a record, not its message. */
  forget(record: OutboundRecord): void {
    if (this.inflight.get(record.packetId) !== record) return;
    this.inflight.delete(record.packetId);
    this.inflightBytes -= record.message?.size ?? 0;
  }

  /** Puts a restored record back under its old Packet Identifier. */
  restore(record: OutboundRecord): void {
    if (record.packetId === 0) {
      this.queue.push(record);
      return;
    }
    this.keep(record);
    if (record.packetId > this.#nextPacketId) this.#nextPacketId = record.packetId;
  }

  /** A slot of the send quota is free again; it never rises above its start. */
  returnQuota(): void {
    if (this.quota < this.#initialQuota) this.quota++;
  }

  /** All records, the oldest first. */
  *records(): Generator<OutboundRecord> {
    yield* this.inflight.values();
    yield* this.queue;
  }
}
