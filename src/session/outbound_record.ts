/** One QoS 1 or 2 delivery of a session.
 * @module */
import type { QoS } from "../packets/types.ts";
import type { InflightRecord, InflightState } from "./inflight.ts";
import type { Message } from "./message.ts";

/** How a message goes to one subscriber. */
export interface DeliveryOptions {
  /** QoS of the delivery. */
  readonly qos: QoS;
  /** RETAIN flag of the delivery. */
  readonly retain: boolean;
  /** Subscription Identifiers of the delivery. */
  readonly identifiers: readonly number[] | undefined;
  /** Shared subscription filter (`$share/name/filter`) that it came through. */
  readonly share: string | undefined;
  /** Packet Identifier; 0 at QoS 0 and until there is one. */
  readonly packetId: number;
}

/** What the PUBLISH of one delivery says. */
export type PublishDelivery = Pick<DeliveryOptions, "qos" | "retain" | "identifiers" | "packetId">;

/** A message to the client of a session, from the queue to its last acknowledgement. */
export class OutboundRecord implements InflightRecord {
  readonly clientId: string;
  readonly direction = "out" as const;
  readonly sequence: number;
  packetId = 0;
  state: InflightState = "queued";
  readonly qos: QoS;
  readonly retain: boolean;
  readonly identifiers: readonly number[] | undefined;
  readonly share: string | undefined;
  message: Message | undefined;
  #older: OutboundRecord | undefined = undefined;
  #newer: OutboundRecord | undefined = undefined;

  /**
   * A delivery that begins in the queue.
   *
   * @param clientId ClientID of the session
   * @param sequence place in the order of delivery
   * @param message what is sent; `undefined` for a restored exchange that waits for PUBCOMP
   * @param delivery how it goes
   */
  constructor(
    clientId: string,
    sequence: number,
    message: Message | undefined,
    delivery: Omit<DeliveryOptions, "packetId">,
  ) {
    this.clientId = clientId;
    this.sequence = sequence;
    this.qos = delivery.qos;
    this.retain = delivery.retain;
    this.identifiers = delivery.identifiers;
    this.share = delivery.share;
    this.message = message;
  }

  /** The record before it in flight. */
  get older(): OutboundRecord | undefined {
    return this.#older;
  }

  /** The record behind it in flight. */
  get newer(): OutboundRecord | undefined {
    return this.#newer;
  }

  /** Takes its place in flight, between two others or at an end. */
  link(older: OutboundRecord | undefined, newer: OutboundRecord | undefined): void {
    this.#older = older;
    this.#newer = newer;
    if (older !== undefined) older.#newer = this;
    if (newer !== undefined) newer.#older = this;
  }

  /** Leaves its place: a dead record that leads to others would keep them alive until the next full collection. */
  unlink(): void {
    const older = this.#older, newer = this.#newer;
    if (older !== undefined) older.#newer = newer;
    if (newer !== undefined) newer.#older = older;
    this.#older = this.#newer = undefined;
  }
}
