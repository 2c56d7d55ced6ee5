/** Many messages of one client to one topic, one behind the other in the same read: checked each, routed at once.
 *
 * A client that publishes fast mostly publishes to the topic of its last message. The packets of such a run differ in nothing
 * but payload and Packet Identifier, so that access, subscribers and room are the same for all of them, and subscribers of the
 * same version get the whole range of bytes. `tests/bench/publish_run_bench.ts` compares it with one message after the other.
 * @module */
import type { Framer } from "../packets/framer.ts";
import { readPublish } from "../packets/publish.ts";
import type { QoS } from "../packets/types.ts";
import { Message } from "../session/message.ts";
import type { FrameRun } from "../session/session.ts";
import type { Connection } from "./connection.ts";
import type { Core } from "./core.ts";

/** First byte of a PUBLISH without DUP and RETAIN, by QoS. */
const PLAIN_PUBLISH = [0x30, 0x32, 0x34];

/** A run of packets in one buffer. */
export class PublishRun implements FrameRun {
  readonly buffer: Uint8Array;
  readonly start: number;
  end: number;
  count = 1;
  largest: number;
  readonly qos: QoS;
  readonly version5: boolean;
  readonly packetIdsAt: number[] = [];
  /** Index of the topic of the first packet, its two bytes of length included. */
  readonly #topicStart: number;
  /** Bytes of the topic, those of its length included. */
  readonly #topicLength: number;
  #messages: Message[] = [];

  private constructor(framer: Framer, plan: { qos: QoS; topicLength: number; version5: boolean }) {
    this.buffer = framer.buffer;
    this.start = framer.frameStart;
    this.end = framer.end;
    this.largest = framer.end - framer.frameStart;
    this.qos = plan.qos;
    this.version5 = plan.version5;
    this.#topicStart = framer.start;
    this.#topicLength = plan.topicLength;
    if (plan.qos > 0) this.packetIdsAt.push(framer.start + plan.topicLength);
  }

  /** The run that the packet at hand begins; `undefined` for a packet that has to be handled alone. */
  static begin(framer: Framer, version5: boolean): PublishRun | undefined {
    const { header, buffer, start, end } = framer, qos = header >> 1 & 3;
    if (header !== PLAIN_PUBLISH[qos] || end - start < 3) return undefined;
    const topicLength = 2 + (buffer[start] << 8 | buffer[start + 1]);
    if (topicLength === 2) return undefined;
    const run = new PublishRun(framer, { qos: qos as QoS, topicLength, version5 });
    return run.#isPlain(framer) ? run : undefined;
  }

  /** Takes the packet at hand into the run, if it belongs there. */
  extend(framer: Framer): boolean {
    const { header, buffer, frameStart, start, end } = framer, length = this.#topicLength, first = this.#topicStart;
    if (header !== PLAIN_PUBLISH[this.qos] || frameStart !== this.end || buffer !== this.buffer) return false;
    if (!this.#isPlain(framer)) return false;
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
    if (this.#messages.length > 0) return this.#messages[0];
    const { buffer, start: frameStart, qos } = this, start = this.#topicStart;
    const message = inboundMessage(connection), end = start + lengthOf(buffer, frameStart);
    readPublish(message, PLAIN_PUBLISH[qos], buffer, start, end, connection.version, core.decodeOptions);
    keepFrame(core, connection, { message, frameStart });
    this.#messages.push(message);
    return message;
  }

  /** The packets one by one, for those who need them so. */
  messages(core: Core, connection: Connection): readonly Message[] {
    const messages = this.#messages, { topic } = this.first(core, connection);
    if (messages.length === this.count) return messages;
    for (let at = this.#topicStart + lengthOf(this.buffer, this.start); at < this.end;) {
      const message = this.#messageAt(core, connection, { topic, frameStart: at });
      messages.push(message);
      at = message.frameEnd;
    }
    return messages;
  }

  /** A packet as a message; all that was not looked at before is where its payload is. */
  #messageAt(core: Core, connection: Connection, from: { topic: string; frameStart: number }): Message {
    const { buffer, qos } = this, { topic, frameStart } = from, message = inboundMessage(connection);
    const length = lengthOf(buffer, frameStart);
    const start = frameStart + 1 + (length < 0x80 ? 1 : length < 0x4000 ? 2 : length < 0x200000 ? 3 : 4);
    const packetIdAt = start + this.#topicLength, behind = packetIdAt + (qos > 0 ? 2 : 0);
    message.topic = topic;
    message.qos = qos;
    if (qos > 0) message.packetId = buffer[packetIdAt] << 8 | buffer[packetIdAt + 1];
    message.buffer = buffer;
    message.payloadStart = this.version5 ? behind + 1 : behind;
    message.frameEnd = start + length;
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
