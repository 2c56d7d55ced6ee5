/** The Application Message on its way through the broker.
 * @module */
import { Copies, LARGEST_SHARED } from "../packets/copies.ts";
import { PublishFlag } from "../packets/fixed_header.ts";
import { decodePublishProperties, encodePublish, type PublishTarget, readPublish } from "../packets/publish.ts";
import type { Slab } from "../packets/slab.ts";
import type { Properties, ProtocolVersion, QoS } from "../packets/types.ts";
import { Writer } from "../packets/writer.ts";
import type { KnownTopic } from "../topics/known_topic.ts";
import { BUFFER, costOfProperties, costOfText, MESSAGE } from "./cost.ts";
import type { MessageView } from "./message_view.ts";

const NO_BYTES: Uint8Array = new Uint8Array(0);
const copies: Copies = new Copies();

/** What a {@linkcode Message} is made of. */
export interface MessageInit {
  /** Topic Name, resolved and valid. */
  topic: string;
  /** The bytes. */
  payload: Uint8Array;
  /** QoS that it was published with. */
  qos?: QoS;
  /** RETAIN flag of the publisher. */
  retain?: boolean;
  /** Properties to forward: no Topic Alias, no Subscription Identifier. */
  properties?: Properties;
  /** ClientID of the publisher, for No Local; empty for the broker itself. */
  publisherId?: string;
  /** When it arrived, in milliseconds since 1970. */
  receivedAt: number;
  /** Seconds that it lives at most, whatever its Message Expiry Interval; absent or 0 for no limit. */
  maximumExpiry?: number;
}

/**
 * One Application Message, shared by all sessions that it is delivered to: a PUBLISH packet in memory, and where its parts are.
 *
 * What a client has sent stays in the read buffer of its connection, and its parts are copied from there to each subscriber.
 * A message that a program, a hook or a store has made of parts becomes such a packet when it is sent for the first time.
 */
export class Message implements PublishTarget, MessageView {
  /** Topic Name. */
  topic = "";
  /** What the broker knows of its topic, where a client has sent it. */
  known: KnownTopic | undefined = undefined;
  /** QoS that it was published with. */
  qos: QoS = 0;
  /** RETAIN flag of the publisher. */
  retain = false;
  /** DUP flag of the publisher. */
  dup = false;
  /** Packet Identifier of the publisher, 0 at QoS 0. */
  packetId = 0;
  /** ClientID of the publisher. */
  publisherId = "";
  /** When it arrived, in milliseconds since 1970. */
  receivedAt = 0;
  /** When it expires, in milliseconds since 1970; Infinity for never. */
  expiresAt: number = Infinity;
  /** Memory that holds the packet, or only the payload where `frameStart` is -1. */
  buffer: Uint8Array = NO_BYTES;
  /** That memory, when it is used again once nobody holds it. */
  slab: Slab | undefined = undefined;
  /** Index of the first byte of the packet, -1 when there is none yet. */
  frameStart: number = -1;
  /** Index of the two bytes of the length of the Topic Name. */
  bodyStart = 0;
  /** Index of the Property Length. */
  propertiesStart = 0;
  /** Index of the first byte of the payload. */
  payloadStart = 0;
  /** Index behind the payload and the packet. */
  frameEnd = 0;
  /** True when the packet is one of MQTT 5. */
  version5 = false;
  /** Topic Alias of the publisher, which does not go on; 0 for none. */
  topicAlias = 0;
  /** Index of the three bytes of the Topic Alias, -1 for none. */
  aliasStart: number = -1;
  /** Index of the four bytes of the Message Expiry Interval, -1 for none. */
  expiryStart: number = -1;
  /** True when the payload is marked as UTF-8 text. */
  isText = false;
  /** True when the first who got it was sent it from the read buffer, with QoS and Packet Identifier written over. */
  isWrittenOver = false;
  /** Sessions and share groups that it was routed to. */
  reached = 0;
  /** Deliveries of it that are under way or queued. */
  deliveries = 0;
  /** What an acknowledgement of this message waits for. */
  commits: Promise<unknown>[] | undefined = undefined;
  #properties: Properties | undefined = undefined;
  #hasProperties = false;
  #payload: Uint8Array | undefined = undefined;
  #isKept = false;
  #isOwn = false;
  #size: number | undefined = undefined;

  /**
   * A message of these parts, or an empty one to read a packet into.
   *
   * @param init the parts
   */
  constructor(init?: MessageInit) {
    if (init === undefined) return;
    this.topic = init.topic;
    this.qos = init.qos ?? 0;
    this.retain = init.retain ?? false;
    this.publisherId = init.publisherId ?? "";
    this.receivedAt = init.receivedAt;
    this.properties = init.properties;
    this.buffer = this.#payload = init.payload;
    this.frameEnd = init.payload.length;
    this.limitLife(init.maximumExpiry ?? 0);
  }

  /** Sets the Topic Name of a message that a client has sent. */
  setTopic(topic: KnownTopic): void {
    this.known = topic;
    this.topic = topic.name;
  }

  /** The bytes. Copy them to keep them for long: they may be a view on something larger. */
  get payload(): Uint8Array {
    return this.#payload ??= this.#view();
  }

  #view(): Uint8Array {
    this.keepMemory();
    return this.buffer.subarray(this.payloadStart, this.frameEnd);
  }

  /** Number of bytes of the payload. */
  get payloadLength(): number {
    return this.frameEnd - this.payloadStart;
  }

  /** Properties to forward (MQTT 5), without the Topic Alias; `undefined` when there are none. */
  get properties(): Properties | undefined {
    if (this.#hasProperties) return this.#properties;
    const properties = this.#decodeProperties();
    if (!this.#isOwn) this.properties = properties; // who is kept for long keeps them as bytes
    return properties;
  }

  /** Properties of a message that is made of parts. */
  set properties(properties: Properties | undefined) {
    this.#properties = properties;
    this.#hasProperties = true;
  }

  #decodeProperties(): Properties | undefined {
    if (!this.version5) return undefined;
    this.keepMemory();
    const properties = decodePublishProperties(this.buffer, this.propertiesStart, this.payloadStart);
    if (properties !== undefined) delete properties.topicAlias;
    return properties;
  }

  /** Seconds of the Message Expiry Interval, `undefined` for none. */
  get expiryInterval(): number | undefined {
    if (this.frameStart === -1) return this.#properties?.messageExpiryInterval;
    const { buffer, expiryStart: at } = this;
    if (at === -1) return undefined;
    return (buffer[at] << 24 | buffer[at + 1] << 16 | buffer[at + 2] << 8 | buffer[at + 3]) >>> 0;
  }

  /** Bytes that this message takes in memory, as limits count it; what has been counted must not change any more. */
  get size(): number {
    return this.#size ??= MESSAGE + costOfText(this.topic) + this.payloadLength +
      (this.payloadLength > LARGEST_SHARED ? BUFFER : 0) +
      (this.frameStart === -1 ? costOfProperties(this.#properties) : this.payloadStart - this.propertiesStart);
  }

  /**
   * Makes the packet of a message that is made of parts; one that has a packet is left as it is.
   *
   * @throws MqttError 0x81, 0x82 or 0x94 for parts that cannot be sent
   */
  encode(): void {
    if (this.frameStart !== -1) return;
    const { topic, payload, qos, retain, dup, packetId, properties } = this;
    const writer = new Writer(payload.length + topic.length + 16);
    encodePublish(writer, { topic, payload, qos, retain, dup: false, packetId: 1, properties }, 5);
    const { buffer, length } = writer;
    this.readOwn(buffer.length > length + 64 ? buffer.slice(0, length) : buffer, 0, length, 5);
    this.dup = dup;
    this.packetId = packetId;
  }

  /**
   * Reads a packet of the broker's own, whose memory will not change. The Topic Name is known.
   *
   * @param buffer where the packet is
   * @param start index of its first byte
   * @param end index behind it
   * @param version that it was encoded for
   */
  readOwn(buffer: Uint8Array, start: number, end: number, version: ProtocolVersion): void {
    let bodyStart = start + 1;
    while (buffer[bodyStart++] >= 0x80);
    readPublish(this, buffer[start], buffer, bodyStart, end, version, OWN);
    this.frameStart = start;
    this.version5 = version === 5;
    this.#payload = undefined;
    this.#isOwn = true;
  }

  /**
   * Somebody may look at the message, or keep a view on it, after its turn: nothing else is read into its memory. Call it while
   * the message is being handled; later the memory may hold something else already.
   */
  keepMemory(): void {
    this.#isKept = true;
    this.slab?.keep();
  }

  /** A delivery begins: its memory is held until the last one has ended. @returns true for the first one */
  beginDelivery(): boolean {
    if (this.deliveries++ > 0) return false;
    this.slab?.hold();
    return true;
  }

  /** A delivery has ended. @returns true for the last one: who looks at the message later has to keep its memory before that */
  endDelivery(): boolean {
    if (--this.deliveries > 0) return false;
    this.slab?.release();
    return true;
  }

  /** Most get a retained message like any other [MQTT-3.3.1-12]: the packet in the read buffer is made one, `retain` stays. */
  clearRetainInPacket(): void {
    if (this.slab !== undefined && this.frameStart !== -1) this.buffer[this.frameStart] &= ~PublishFlag.RETAIN;
  }

  /**
   * Makes it a message that a packet may be read into, unless somebody may still look at what it was.
   *
   * @returns false when it cannot be used again
   */
  reuse(): boolean {
    if (this.#isKept || this.#isOwn || this.deliveries > 0) return false;
    this.packetId = this.reached = this.topicAlias = 0;
    this.aliasStart = this.expiryStart = -1;
    this.isText = this.isWrittenOver = this.#hasProperties = false;
    this.#payload = this.#properties = this.slab = undefined;
    this.#size = this.commits = undefined;
    return true;
  }

  /** Copies the bytes out of the read buffer, so that keeping the message does not keep the buffer. */
  detach(): this {
    if (this.#isOwn) return this;
    const hasFrame = this.frameStart !== -1, start = hasFrame ? this.frameStart : this.payloadStart;
    const moved = copies.add(this.buffer, start, this.frameEnd) - start;
    this.buffer = copies.buffer;
    if (this.deliveries > 0) this.slab?.release(); // not before the copy, for which there may be no memory
    this.#isOwn = true;
    this.#payload = this.slab = undefined;
    this.frameEnd += moved;
    this.payloadStart += moved;
    if (!hasFrame) return this.#detachProperties();
    this.frameStart += moved;
    this.bodyStart += moved;
    this.propertiesStart += moved;
    if (this.aliasStart !== -1) this.aliasStart += moved;
    if (this.expiryStart !== -1) this.expiryStart += moved;
    this.#properties = undefined; // they may be views on what was left
    this.#hasProperties = false;
    return this;
  }

  /** Properties that are parts keep nothing but themselves. */
  #detachProperties(): this {
    const properties = this.#properties, correlationData = properties?.correlationData?.slice();
    if (correlationData !== undefined) this.properties = { ...properties, correlationData };
    return this;
  }

  /**
   * Sets {@linkcode Message.expiresAt} to the sooner of the message's own expiry and the limit of the broker.
   *
   * @param maximumExpiry seconds, 0 for no limit
   */
  limitLife(maximumExpiry: number): void {
    const seconds = Math.min(this.expiryInterval ?? Infinity, maximumExpiry || Infinity);
    this.expiresAt = seconds === Infinity ? Infinity : this.receivedAt + seconds * 1000;
  }

  /** Lets the acknowledgement of this message wait for `commit`. */
  awaitCommit(commit: Promise<unknown> | undefined): void {
    if (commit !== undefined && this.commits?.at(-1) !== commit) (this.commits ??= []).push(commit);
  }
}

/** The broker's own packets may hold what only a server sends. */
const OWN = { from: "server" } as const;
