/** What all sessions of a broker have on its way.
 * @module */
import { DELIVERY } from "./cost.ts";
import type { OutboundRecord } from "./outbound_record.ts";

/** Sums that every {@linkcode Outbox} and every session of a broker keep up to date; nobody else writes them. */
export class DeliveryTotals {
  /** QoS 1 and 2 messages to clients, sent or queued. */
  inflight = 0;
  /** Bytes that they take. A message that several sessions get is there once. */
  bytes = 0;
  /** Bytes that Packet Identifiers of QoS 2 messages from clients take. */
  receivedBytes = 0;

  /** A record is sent or queued. */
  add({ message }: OutboundRecord): void {
    this.inflight++;
    this.bytes += DELIVERY;
    if (message !== undefined && message.deliveries++ === 0) this.bytes += message.size;
  }

  /** A record is finished or given up. */
  remove(record: OutboundRecord): void {
    this.inflight--;
    this.bytes -= DELIVERY;
    this.release(record);
  }

  /** The message of a record is not needed any more. */
  release({ message }: OutboundRecord): void {
    if (message !== undefined && --message.deliveries === 0) this.bytes -= message.size;
  }
}
