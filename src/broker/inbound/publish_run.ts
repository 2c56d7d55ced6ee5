/** Many messages of one client to one topic, one behind the other in the same read: checked each, routed at once.
 *
 * A client that publishes fast mostly publishes to the topic of its last message. The packets of such a run differ in nothing
 * but payload and Packet Identifier, so that access, subscribers and room are the same for all of them, and subscribers of the
 * same version get the whole range of bytes. `tests/bench/publish_run_bench.ts` compares it with one message after the other.
 * @module */
import type { Framer } from "../../packets/framer.ts";
import type { Slab } from "../../packets/slab.ts";
import { decodeTopicName } from "../../packets/publish.ts";
import type { QoS } from "../../packets/types.ts";
import { Message } from "../../session/message.ts";
import type { FrameRun } from "../../session/session.ts";
import type { Connection } from "../connection/connection.ts";
import type { Core } from "../core/core.ts";

/** First byte of a PUBLISH without DUP and RETAIN, by QoS. */
const PLAIN_PUBLISH = [0x30, 0x32, 0x34];

/** Where a packet of a run has what. */
interface Place {
  /** Behind the fixed header. */
  readonly bodyStart: number;
  readonly payloadStart: number;
  readonly end: number;
}

type RunParts = Pick<PublishRun, "buffer" | "start" | "end" | "qos" | "version5" | "slab" | "topic" | "publisherId">;

const NONE: number[] = [];

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
  readonly topic: string;
  /** ClientID of the publisher. */
  readonly publisherId: string;
  packetIdsAt: number[] = NONE;
  /** True when hooks have let all of it pass: then it is routed, also when the connection has ended meanwhile. */
  hasPassed = false;
  /** Bytes of the topic, those of its length included. */
  readonly #topicLength: number;
  #messages: Message[] | undefined = undefined;

  private constructor(like: RunParts, topicLength: number) {
    this.buffer = like.buffer;
    this.start = like.start;
    this.end = like.end;
    this.largest = like.end - like.start;
    this.qos = like.qos;
    this.version5 = like.version5;
    this.slab = like.slab;
    this.topic = like.topic;
    this.publisherId = like.publisherId;
    this.#topicLength = topicLength;
  }

  /**
   * The run that the packet at hand begins; `undefined` for a packet that has to be handled alone.
   * @throws MqttError 0x81 when the topic is no text
   */
  static begin(framer: Framer, connection: Connection): PublishRun | undefined {
    const { header, buffer, frameStart, start, end, slab } = framer, qos = (header >> 1 & 3) as QoS;
    if (header !== PLAIN_PUBLISH[qos] || end - start < 3) return undefined;
    const topicStart = start + 2, behindTopic = topicStart + (buffer[start] << 8 | buffer[start + 1]);
    const version5 = connection.version === 5;
    if (behindTopic === topicStart || !isPlain(framer, behindTopic, qos, version5)) return undefined;
    const topic = decodeTopicName(buffer, topicStart, behindTopic, connection.validTopic);
    const publisherId = connection.client!.id;
    const run = new PublishRun(
      { buffer, start: frameStart, end, qos, version5, slab, topic, publisherId },
      behindTopic - start,
    );
    if (qos > 0) run.packetIdsAt = [behindTopic];
    return run;
  }

  /** Packet Identifier of the first packet; QoS 1 and 2 only. */
  get firstPacketId(): number {
    const { buffer, packetIdsAt: [at] } = this;
    return buffer[at] << 8 | buffer[at + 1];
  }

  /** Takes the packet at hand into the run, if it belongs there. */
  extend(framer: Framer): boolean {
    const { header, buffer, frameStart, start, end } = framer, length = this.#topicLength;
    if (header !== PLAIN_PUBLISH[this.qos] || frameStart !== this.end || buffer !== this.buffer) return false;
    if (!isPlain(framer, start + length, this.qos, this.version5)) return false;
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
    const { buffer, qos, version5, slab, topic, publisherId } = this;
    const part = new PublishRun({ buffer, start, end, qos, version5, slab, topic, publisherId }, this.#topicLength);
    part.count = count;
    part.largest = this.largest;
    part.packetIdsAt = this.packetIdsAt.slice(first, first + count);
    return part;
  }

  /** True when the Packet Identifier there follows that of the packet before: none comes twice in a run. */
  #isNext(at: number): boolean {
    const { buffer } = this, before = this.packetIdsAt[this.count - 1];
    return (buffer[at] << 8 | buffer[at + 1]) === (buffer[before] << 8 | buffer[before + 1]) + 1;
  }

  /** All packets as messages, for those who keep them. */
  messages(core: Core, connection: Connection): readonly Message[] {
    if (this.#messages !== undefined) return this.#messages;
    const messages: Message[] = this.#messages = [];
    for (let at = this.start; at < this.end; at = messages[messages.length - 1].frameEnd) {
      messages.push(this.messageAt(core, connection, at));
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

  /** The packet that begins there as a message. */
  messageAt(core: Core, connection: Connection, frameStart: number): Message {
    const { buffer, qos } = this, message = inboundMessage(connection);
    const { bodyStart, payloadStart, end } = this.locate(frameStart), packetIdAt = bodyStart + this.#topicLength;
    message.topic = this.topic;
    message.qos = qos;
    if (qos > 0) message.packetId = buffer[packetIdAt] << 8 | buffer[packetIdAt + 1];
    message.buffer = buffer;
    message.payloadStart = payloadStart;
    message.frameEnd = end;
    keepFrame(core, connection, { message, frameStart });
    return message;
  }
}

/** True for a packet that has a Packet Identifier where one belongs, and no properties. */
function isPlain({ buffer, end }: Framer, behindTopic: number, qos: QoS, version5: boolean): boolean {
  let at = behindTopic;
  if (qos > 0) {
    if (at + 2 > end || (buffer[at] | buffer[at + 1]) === 0) return false;
    at += 2;
  }
  return version5 ? at < end && buffer[at] === 0 : at <= end;
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
