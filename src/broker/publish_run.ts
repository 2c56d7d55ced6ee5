/** Many messages of one client to one topic, one behind the other in the same read: checked each, routed at once.
 *
 * A client that publishes fast mostly publishes to the topic of its last message. The packets of such a run differ in nothing
 * but payload and Packet Identifier, so that access, subscribers and room are the same for all of them, and subscribers of the
 * same version get the whole range of bytes. `tests/bench/publish_run_bench.ts` compares it with one message after the other.
 * @module */
import type { Framer } from "../packets/framer.ts";
import type { Slab } from "../packets/slab.ts";
import { readPublish } from "../packets/publish.ts";
import type { QoS } from "../packets/types.ts";
import { Message } from "../session/message.ts";
import type { FrameRun } from "../session/session.ts";
import type { Connection } from "./connection.ts";
import type { Core } from "./core.ts";

/** First byte of a PUBLISH without DUP and RETAIN, by QoS. */
const PLAIN_PUBLISH = [0x30, 0x32, 0x34];

/** Where a packet of a run has what. */
interface Place {
  /** Behind the fixed header. */
  readonly bodyStart: number;
  readonly payloadStart: number;
  readonly end: number;
}

/** A run of packets in one buffer. */
export class PublishRun implements FrameRun {
  readonly buffer: Uint8Array;
  readonly start: number;
  end: number;
  count = 1;
  largest: number;
  readonly qos: QoS;
  readonly version5: boolean;
  readonly slab: Slab | undefined;
  packetIdsAt: number[] = [];
  /** True when hooks have let all of it pass: then it is routed, also when the connection has ended meanwhile. */
  hasPassed = false;
  /** Bytes of the topic, those of its length included. */
  readonly #topicLength: number;
  #topic: string | undefined;
  #messages: Message[] = [];

  private constructor(
    like: Pick<PublishRun, "buffer" | "start" | "end" | "qos" | "version5" | "slab">,
    topicLength: number,
  ) {
    this.buffer = like.buffer;
    this.start = like.start;
    this.end = like.end;
    this.largest = like.end - like.start;
    this.qos = like.qos;
    this.version5 = like.version5;
    this.slab = like.slab;
    this.#topicLength = topicLength;
  }

  /** The run that the packet at hand begins; `undefined` for a packet that has to be handled alone. */
  static begin(framer: Framer, version5: boolean): PublishRun | undefined {
    const { header, buffer, frameStart, start, end, slab } = framer, qos = header >> 1 & 3;
    if (header !== PLAIN_PUBLISH[qos] || end - start < 3) return undefined;
    const topicLength = 2 + (buffer[start] << 8 | buffer[start + 1]);
    if (topicLength === 2) return undefined;
    const run = new PublishRun({ buffer, start: frameStart, end, qos: qos as QoS, version5, slab }, topicLength);
    if (!run.#isPlain(framer)) return undefined;
    if (qos > 0) run.packetIdsAt.push(start + topicLength);
    return run;
  }

  /** Takes the packet at hand into the run, if it belongs there. */
  extend(framer: Framer): boolean {
    const { header, buffer, frameStart, start, end } = framer, length = this.#topicLength;
    if (header !== PLAIN_PUBLISH[this.qos] || frameStart !== this.end || buffer !== this.buffer) return false;
    if (!this.#isPlain(framer)) return false;
    const first = this.#bodyStart(this.start);
    for (let index = 0; index < length; index++) if (buffer[start + index] !== buffer[first + index]) return false;
    if (this.qos > 0) {
      if (!this.#isNext(start + length)) return false;
      this.packetIdsAt.push(start + length);
    }
    this.end = end;
    this.count++;
    if (end - frameStart > this.largest) this.largest = end - frameStart;
    return true;
  }

  /** Some packets of this run, one behind the other, as a run. */
  part({ start, end, first, count }: { start: number; end: number; first: number; count: number }): PublishRun {
    if (count === this.count) return this;
    const { buffer, qos, version5, slab } = this;
    const part = new PublishRun({ buffer, start, end, qos, version5, slab }, this.#topicLength);
    part.count = count;
    part.largest = this.largest;
    part.packetIdsAt = this.packetIdsAt.slice(first, first + count);
    part.#topic = this.#topic;
    return part;
  }

  /** True for a packet that has a Packet Identifier where one belongs, and no properties. */
  #isPlain({ buffer, start, end }: Framer): boolean {
    let at = start + this.#topicLength;
    if (this.qos > 0) {
      if (at + 2 > end || (buffer[at] | buffer[at + 1]) === 0) return false;
      at += 2;
    }
    return this.version5 ? at < end && buffer[at] === 0 : at <= end;
  }

  /** True when the Packet Identifier there follows that of the packet before: none comes twice in a run. */
  #isNext(at: number): boolean {
    const { buffer } = this, before = this.packetIdsAt[this.count - 1];
    return (buffer[at] << 8 | buffer[at + 1]) === (buffer[before] << 8 | buffer[before + 1]) + 1;
  }

  /** The first packet as a message. @throws MqttError 0x81 when its topic is no text */
  first(core: Core, connection: Connection): Message {
    if (this.#messages.length === 0) this.#messages.push(this.#first(core, connection));
    return this.#messages[0];
  }

  #first(core: Core, connection: Connection): Message {
    const { buffer, start: frameStart, qos } = this;
    if (this.#topic !== undefined) return this.messageAt(core, connection, frameStart);
    const message = inboundMessage(connection), { bodyStart, end } = this.locate(frameStart);
    readPublish(message, PLAIN_PUBLISH[qos], buffer, bodyStart, end, connection.version, core.decodeOptions);
    keepFrame(core, connection, { message, frameStart });
    this.#topic = message.topic;
    return message;
  }

  /** All packets as messages, for those who keep them. */
  messages(core: Core, connection: Connection): readonly Message[] {
    const messages = this.#messages;
    this.first(core, connection);
    if (messages.length === this.count) return messages;
    for (let at = this.locate(this.start).end; at < this.end;) {
      const message = this.messageAt(core, connection, at);
      messages.push(message);
      at = message.frameEnd;
    }
    return messages;
  }

  /** Where a packet is that begins there, and where its payload is. */
  locate(frameStart: number): Place {
    const bodyStart = this.#bodyStart(frameStart), behindTopic = bodyStart + this.#topicLength;
    const payloadStart = behindTopic + (this.qos > 0 ? 2 : 0) + (this.version5 ? 1 : 0);
    return { bodyStart, payloadStart, end: bodyStart + lengthOf(this.buffer, frameStart) };
  }

  #bodyStart(frameStart: number): number {
    const { buffer } = this;
    let at = frameStart + 1;
    while (buffer[at] >= 0x80) at++;
    return at + 1;
  }

  /** The packet that begins there as a message, once the first of the run was read. */
  messageAt(core: Core, connection: Connection, frameStart: number): Message {
    const { buffer, qos } = this, message = inboundMessage(connection);
    const { bodyStart, payloadStart, end } = this.locate(frameStart), packetIdAt = bodyStart + this.#topicLength;
    message.topic = this.#topic!;
    message.qos = qos;
    if (qos > 0) message.packetId = buffer[packetIdAt] << 8 | buffer[packetIdAt + 1];
    message.buffer = buffer;
    message.payloadStart = payloadStart;
    message.frameEnd = end;
    keepFrame(core, connection, { message, frameStart });
    return message;
  }
}

/** Remaining Length of a packet that was framed before. */
function lengthOf(buffer: Uint8Array, frameStart: number): number {
  let at = frameStart + 1, length = buffer[at] & 0x7f;
  for (let shift = 7; buffer[at] >= 0x80; shift += 7) length |= (buffer[++at] & 0x7f) << shift;
  return length;
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
