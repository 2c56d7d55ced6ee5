/** The Application Message on its way through the broker.
 * @module */
import type { Properties, QoS } from "../packets/types.ts";

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

/** One Application Message, shared by all sessions that it is delivered to. */
export class Message {
  /** Topic Name. */
  readonly topic: string;
  /** The bytes; a view on the publisher's read buffer until {@linkcode Message.detach}. */
  payload: Uint8Array;
  /** QoS that it was published with. */
  readonly qos: QoS;
  /** RETAIN flag of the publisher. */
  readonly retain: boolean;
  /** Properties to forward (MQTT 5). */
  properties: Properties | undefined;
  /** ClientID of the publisher. */
  readonly publisherId: string;
  /** When it arrived, in milliseconds since 1970. */
  readonly receivedAt: number;
  /** Bytes that hold the PUBLISH which brought it, to be forwarded as they are; `undefined` when they are not known. */
  frame: Uint8Array | undefined = undefined;
  /** Index of the first byte of that PUBLISH. */
  frameStart = 0;
  /** Index behind its last byte. */
  frameEnd = 0;
  /** Offset of its Packet Identifier from `frameStart`, -1 at QoS 0. */
  framePacketIdAt: number = -1;
  /** True when it is one of MQTT 5. */
  frameVersion5 = false;
  /** Sessions and share groups that it was routed to. */
  reached = 0;
  /** When it expires, in milliseconds since 1970; Infinity for never. */
  readonly expiresAt: number;
  /** Commits that an acknowledgement of this message waits for. */
  commits: Promise<unknown>[] | undefined = undefined;
  #detached = false;
  readonly #propertiesSize: number;

  /**
   * A message of these parts.
   *
   * @param init the parts
   */
  constructor(init: MessageInit) {
    this.topic = init.topic;
    this.payload = init.payload;
    this.qos = init.qos ?? 0;
    this.retain = init.retain ?? false;
    this.properties = init.properties;
    this.publisherId = init.publisherId ?? "";
    this.receivedAt = init.receivedAt;
    this.#propertiesSize = init.properties === undefined ? 0 : sizeOf(init.properties);
    this.expiresAt = init.properties === undefined && !init.maximumExpiry ? Infinity : expiryOf(init);
  }

  /** Copies the payload out of the read buffer, so that keeping the message does not keep the buffer. */
  detach(): this {
    if (!this.#detached) {
      this.payload = this.payload.slice();
      const { properties } = this, correlationData = properties?.correlationData?.slice();
      if (correlationData !== undefined) this.properties = { ...properties, correlationData };
      this.frame = undefined;
      this.#detached = true;
    }
    return this;
  }

  /** Bytes that this message is counted with in limits. */
  get size(): number {
    return this.topic.length + this.payload.length + 64 + this.#propertiesSize;
  }

  /** Lets the acknowledgement of this message wait for `commit`. */
  awaitCommit(commit: Promise<unknown> | undefined): void {
    if (commit !== undefined) (this.commits ??= []).push(commit);
  }
}

/** About the memory that properties take: what is in their texts and bytes, and something for each User Property. */
function sizeOf({ contentType, responseTopic, correlationData, userProperties = [] }: Properties): number {
  let size = 64 + (contentType?.length ?? 0) + (responseTopic?.length ?? 0) + (correlationData?.length ?? 0);
  for (const [name, value] of userProperties) size += 64 + name.length + value.length;
  return size;
}

/** The sooner of the message's own expiry and the limit of the broker. */
function expiryOf(init: MessageInit): number {
  const seconds = Math.min(init.properties?.messageExpiryInterval ?? Infinity, init.maximumExpiry || Infinity);
  return seconds === Infinity ? Infinity : init.receivedAt + seconds * 1000;
}
