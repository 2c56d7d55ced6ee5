/** PUBLISH packets encoded once and copied to every subscriber.
 * @module */
import { encodePublish } from "../../packets/publish.ts";
import type { ProtocolVersion, QoS } from "../../packets/types.ts";
import { Writer } from "../../packets/writer.ts";
import type { Message } from "../../session/message.ts";

/** Buffers above this size are given back after use. */
const LARGEST_KEPT = 65_536;

/** An encoded PUBLISH with DUP 0; at QoS 1 and 2 the Packet Identifier is still to be put in. */
export class PublishTemplate {
  /** The whole packet. */
  bytes: Uint8Array = new Uint8Array(0);
  /** Where the two bytes of the Packet Identifier are; -1 at QoS 0. */
  packetIdAt = -1;
  /** What it was made of. */
  message: Message | undefined;
  #writer = new Writer(512);

  /** Encodes `message`, unless that is what it holds. */
  fill(message: Message, version: ProtocolVersion, qos: QoS, retain: boolean): this {
    const writer = this.#writer.buffer.length > LARGEST_KEPT ? this.#writer = new Writer(512) : this.#writer;
    writer.length = 0;
    const { topic, payload, properties } = message;
    this.message = undefined; // until it is whole
    this.packetIdAt = encodePublish(
      writer,
      { topic, payload, qos, retain, dup: false, packetId: qos === 0 ? 0 : 1, properties },
      version,
    );
    this.bytes = writer.buffer.subarray(0, writer.length);
    this.message = message;
    return this;
  }
}

/** One template for each combination of version, QoS and RETAIN: the last message that needed it. */
export class PublishTemplates {
  readonly #templates: PublishTemplate[] = Array.from({ length: 12 }, () => new PublishTemplate());

  /** The template of a message; valid until the next call. */
  get(message: Message, version: ProtocolVersion, qos: QoS, retain: boolean): PublishTemplate {
    const template = this.#templates[(version === 5 ? 6 : 0) + qos * 2 + (retain ? 1 : 0)];
    return template.message === message ? template : template.fill(message, version, qos, retain);
  }
}
