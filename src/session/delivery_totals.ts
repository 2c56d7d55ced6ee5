/** What all sessions of a broker have on its way to clients.
 * @module */

/** Sums that every {@linkcode Outbox} of a broker keeps up to date; nobody else writes them. */
export class DeliveryTotals {
  /** QoS 1 and 2 messages, sent or queued. */
  inflight = 0;
  /** Bytes of the messages that are queued. */
  queuedBytes = 0;
}
