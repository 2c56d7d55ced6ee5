/** Deliveries of a run, before somebody asks for one of them.
 * @module */
import type { Message } from "./message.ts";
import { OutboundRecord } from "./outbound_record.ts";

/** What is known of the deliveries of a run. */
export interface SentRunInit {
  /** ClientID of the session. */
  readonly clientId: string;
  /** Place of the first in the order of delivery. */
  readonly sequence: number;
  /** Packet Identifier of the first; those of the others follow it. */
  readonly packetId: number;
  /** Quality of Service of all of them. */
  readonly qos: 1 | 2;
  /** What was sent. */
  readonly messages: readonly Message[];
}

/**
 * Messages that were sent to a session together. At QoS 1 most are acknowledged before a hook, a store or a new connection
 * looks at them, and of these no record is ever made, which saves a sixth of what a delivery costs; at QoS 2 PUBREC asks
 * for it.
 */
export class SentRun {
  /** Quality of Service of all of them. */
  readonly qos: 1 | 2;
  readonly #clientId: string;
  readonly #sequence: number;
  readonly #packetId: number;
  readonly #messages: (Message | undefined)[];

  /**
   * Deliveries that nobody has asked for yet.
   *
   * @param init what is known of them
   */
  constructor(init: SentRunInit) {
    this.qos = init.qos;
    this.#clientId = init.clientId;
    this.#sequence = init.sequence;
    this.#packetId = init.packetId;
    this.#messages = init.messages.slice();
  }

  /** The message with a Packet Identifier, which is not kept here any more. */
  take(packetId: number): Message {
    const index = packetId - this.#packetId, message = this.#messages[index]!;
    this.#messages[index] = undefined;
    return message;
  }

  /** The record of the delivery with a Packet Identifier, which is not kept here any more. */
  record(packetId: number): OutboundRecord {
    const sequence = this.#sequence + packetId - this.#packetId;
    const delivery = { qos: this.qos, retain: false, identifiers: undefined, share: undefined };
    const record = new OutboundRecord(this.#clientId, sequence, this.take(packetId), delivery);
    record.packetId = packetId;
    record.state = "sent";
    return record;
  }
}
