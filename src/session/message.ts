/** The Application Message on its way through the broker.
 * @module */
import type { PublishTarget } from "../packets/decode_publish.ts";
import type { Properties, QoS } from "../packets/types.ts";

const NO_BYTES: Uint8Array = new Uint8Array(0);

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
 * One Application Message, shared by all sessions that it is delivered to. What a client has sent is read straight into one,
 * and its payload stays in the read buffer of the connection until somebody asks for it.
 */
export class Message implements PublishTarget {
  /** Topic Name. */
  topic = "";
  /** QoS that it was published with. */
  qos: QoS = 0;
  /** RETAIN flag of the publisher. */
  retain = false;
  /** DUP flag of the publisher. */
  dup = false;
  /** Packet Identifier of the publisher, 0 at QoS 0. */
  packetId = 0;
  /** Properties to forward (MQTT 5). */
  properties: Properties | undefined = undefined;
  /** ClientID of the publisher. */
  publisherId = "";
  /** When it arrived, in milliseconds since 1970. */
  receivedAt = 0;
  /** When it expires, in milliseconds since 1970; Infinity for never. */
  expiresAt: number = Infinity;
  /** Memory that holds the payload, and the packet that brought it where `frameStart` says so. */
  buffer: Uint8Array = NO_BYTES;
  /** Index of the first byte of the packet that brought it, -1 when that cannot be forwarded as it is. */
  frameStart: number = -1;
  /** Index of the first byte of the payload. */
  payloadStart = 0;
  /** Index behind the payload and the packet. */
  frameEnd = 0;
  /** True when that packet is one of MQTT 5. */
  frameVersion5 = false;
  /** Sessions and share groups that it was routed to. */
  reached = 0;
  /** Commits that an acknowledgement of this message waits for. */
  commits: Promise<unknown>[] | undefined = undefined;
  #payload: Uint8Array | undefined = undefined;
  #frame: Uint8Array | undefined = undefined;
  #detached = false;
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
    this.properties = init.properties;
    this.publisherId = init.publisherId ?? "";
    this.receivedAt = init.receivedAt;
    this.buffer = this.#payload = init.payload;
    this.frameEnd = init.payload.length;
    this.limitLife(init.maximumExpiry ?? 0);
  }

  /** The bytes. Copy them to keep them for long: they may be a view on something larger. */
  get payload(): Uint8Array {
    return this.#payload ??= this.buffer.subarray(this.payloadStart, this.frameEnd);
  }

  /** The packet that brought it, to be copied; only where `frameStart` is not -1. */
  get frame(): Uint8Array {
    return this.#frame ??= this.buffer.subarray(this.frameStart, this.frameEnd);
  }

  /** Number of bytes of the payload. */
  get payloadLength(): number {
    return this.frameEnd - this.payloadStart;
  }

  /** Bytes that this message is counted with in limits; what has been counted must not change any more. */
  get size(): number {
    return this.#size ??= this.topic.length + this.payloadLength + sizeOf(this.properties) + 64;
  }

  /** Copies the bytes out of the read buffer, so that keeping the message does not keep the buffer. */
  detach(): this {
    if (this.#detached) return this;
    this.buffer = this.#payload = this.buffer.slice(this.payloadStart, this.frameEnd);
    this.payloadStart = 0;
    this.frameEnd = this.buffer.length;
    this.frameStart = -1;
    this.#frame = undefined;
    const { properties } = this, correlationData = properties?.correlationData?.slice();
    if (correlationData !== undefined) this.properties = { ...properties, correlationData };
    this.#detached = true;
    return this;
  }

  /**
   * Sets {@linkcode Message.expiresAt} to the sooner of the message's own expiry and the limit of the broker.
   *
   * @param maximumExpiry seconds, 0 for no limit
   */
  limitLife(maximumExpiry: number): void {
    const seconds = Math.min(this.properties?.messageExpiryInterval ?? Infinity, maximumExpiry || Infinity);
    this.expiresAt = seconds === Infinity ? Infinity : this.receivedAt + seconds * 1000;
  }

  /** Lets the acknowledgement of this message wait for `commit`. */
  awaitCommit(commit: Promise<unknown> | undefined): void {
    if (commit !== undefined && this.commits?.at(-1) !== commit) (this.commits ??= []).push(commit);
  }
}

/** About the memory that properties take: what is in their texts and bytes, and something for each User Property. */
function sizeOf(properties: Properties | undefined): number {
  if (properties === undefined) return 0;
  const { contentType, responseTopic, correlationData, userProperties = [] } = properties;
  let size = 64 + (contentType?.length ?? 0) + (responseTopic?.length ?? 0) + (correlationData?.length ?? 0);
  for (const [name, value] of userProperties) size += 64 + name.length + value.length;
  return size;
}
