/** What all sessions of a broker have on its way.
 * @module */
import { Addresses, type AddressTotals } from "./address_totals.ts";
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
  /** The same and more by address. */
  readonly addresses: Addresses = new Addresses();

  /** A record is sent or queued. */
  add({ message }: OutboundRecord, address: AddressTotals): void {
    this.inflight++;
    this.bytes += DELIVERY;
    address.queued += DELIVERY + (message?.size ?? 0);
    if (message?.beginDelivery()) this.bytes += message.size;
  }

  /** A record is finished or given up. */
  remove(record: OutboundRecord, address: AddressTotals): void {
    this.inflight--;
    this.bytes -= DELIVERY;
    address.queued -= DELIVERY;
    this.release(record, address);
  }

  /** The message of a record is not needed any more. */
  release({ message }: OutboundRecord, address: AddressTotals): void {
    if (message === undefined) return;
    address.queued -= message.size;
    if (message.endDelivery()) this.bytes -= message.size;
  }
}
