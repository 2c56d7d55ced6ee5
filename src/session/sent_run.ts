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
  /** What was sent. */
  readonly messages: readonly Message[];
}

/**
 * Messages at QoS 1 that were sent to a session together. Most are acknowledged before a hook, a store or a new connection
 * looks at them, and of these no record is ever made, which saves a sixth of what a delivery costs.
 */
export class SentRun {
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
    const delivery = { qos: 1, retain: false, identifiers: undefined, share: undefined } as const;
    const record = new OutboundRecord(this.#clientId, sequence, this.take(packetId), delivery);
    record.packetId = packetId;
    record.state = "sent";
    return record;
  }
}
