/** Many QoS 0 messages of one client to one topic, one behind the other in the same read: checked each, routed at once.
 *
 * A client that publishes fast mostly publishes to the topic of its last message. The packets of such a run differ in nothing
 * but their payload, so that access, subscribers and room are the same for all of them, and subscribers of the same version
 * get the whole range of bytes. `tests/bench/publish_run_bench.ts` compares it with one message after the other.
 * @module */
import type { Framer } from "../packets/framer.ts";
import { readPublish } from "../packets/publish.ts";
import { Message } from "../session/message.ts";
import type { Connection } from "./connection.ts";
import type { Core } from "./core.ts";

/** First byte of a PUBLISH at QoS 0 without RETAIN. */
const PLAIN_PUBLISH = 0x30;

/** A run of packets in one buffer. */
export class PublishRun {
  /** Memory that holds the packets. */
  readonly buffer: Uint8Array;
  /** Index of the first packet. */
  readonly start: number;
  /** Index behind the last packet. */
  end: number;
  /** Number of packets. */
  count = 1;
  /** The topic of all packets, once it was read. */
  topic = "";
  /** Size of the largest packet. */
  largest: number;
  /** True when the publisher speaks MQTT 5. */
  readonly version5: boolean;
  /** Index of the topic of the first packet, its two bytes of length included. */
  readonly #topicStart: number;
  /** Bytes that all packets have in common there: the topic, and an empty Property Length in MQTT 5. */
  readonly #commonLength: number;
  #messages: Message[] | undefined;

  private constructor(framer: Framer, commonLength: number, version5: boolean) {
    this.buffer = framer.buffer;
    this.start = framer.frameStart;
    this.end = framer.end;
    this.largest = framer.end - framer.frameStart;
    this.#topicStart = framer.start;
    this.#commonLength = commonLength;
    this.version5 = version5;
  }

  /** The run that the packet at hand begins; `undefined` for a packet that has to be handled alone. */
  static begin(framer: Framer, version5: boolean): PublishRun | undefined {
    const { header, buffer, start, end } = framer;
    if (header !== PLAIN_PUBLISH || end - start < 3) return undefined;
    const topicLength = 2 + (buffer[start] << 8 | buffer[start + 1]),
      commonLength = version5 ? topicLength + 1 : topicLength;
    if (topicLength === 2 || start + commonLength > end) return undefined;
    if (version5 && buffer[start + topicLength] !== 0) return undefined;
    return new PublishRun(framer, commonLength, version5);
  }

  /** Takes the packet at hand into the run, if it belongs there. */
  extend(framer: Framer): boolean {
    const { header, buffer, frameStart, start, end } = framer, length = this.#commonLength, first = this.#topicStart;
    if (header !== PLAIN_PUBLISH || frameStart !== this.end || buffer !== this.buffer || end - start < length) {
      return false;
    }
    for (let index = 0; index < length; index++) if (buffer[start + index] !== buffer[first + index]) return false;
    this.end = end;
    this.count++;
    if (end - frameStart > this.largest) this.largest = end - frameStart;
    return true;
  }

  /** The packets one by one, for those who need them so. */
  messages(core: Core, connection: Connection): readonly Message[] {
    if (this.#messages !== undefined) return this.#messages;
    this.#messages = [];
    for (let at = this.start; at < this.end;) {
      const message = this.#messageAt(core, connection, at);
      this.#messages.push(message);
      at = message.frameEnd;
    }
    return this.#messages;
  }

  /** The first packet as a message: its topic is the topic of all. */
  first(core: Core, connection: Connection): Message {
    return this.#messages?.[0] ?? this.#messageAt(core, connection, this.start);
  }

  #messageAt(core: Core, connection: Connection, frameStart: number): Message {
    const { buffer } = this;
    let start = frameStart + 1, length = buffer[start] & 0x7f;
    for (let shift = 7; buffer[start] >= 0x80; shift += 7) length |= (buffer[++start] & 0x7f) << shift;
    start++;
    const message = inboundMessage(connection);
    readPublish(message, PLAIN_PUBLISH, buffer, start, start + length, connection.version, core.decodeOptions);
    keepFrame(core, connection, { message, frameStart });
    return message;
  }
}

/** An empty message of this connection, to read a packet into. */
export function inboundMessage(connection: Connection): Message {
  const message = new Message();
  message.publisherId = connection.client!.id;
  message.receivedAt = connection.lastRead;
  return message;
}

/** Notes where the packet of a message is, if it may be forwarded as it came, and how long the message lives. */
export function keepFrame(
  core: Core,
  connection: Connection,
  { message, frameStart }: { message: Message; frameStart: number },
): void {
  const { maximumMessageExpiryInterval } = core.options.capabilities;
  if (message.properties === undefined) {
    message.frameStart = frameStart;
    message.frameVersion5 = connection.version === 5;
    if (maximumMessageExpiryInterval === 0) return;
  }
  message.limitLife(maximumMessageExpiryInterval);
}
