/** The Application Message on its way through the broker.
 * @module */
import type { Properties, QoS } from "../packets/types.ts";

/** The PUBLISH that brought a message, as it arrived: where to copy from, when a subscriber gets the same bytes. */
export interface Frame {
  /** Bytes that hold the packet; never changed. */
  readonly buffer: Uint8Array;
  /** Index of its first byte. */
  readonly start: number;
  /** Index behind its last byte. */
  readonly end: number;
  /** Version of the publisher, 4 also for 3. */
  readonly version: 4 | 5;
  /** Offset of the Packet Identifier from `start`, -1 at QoS 0. */
  readonly packetIdAt: number;
}

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
  readonly properties: Properties | undefined;
  /** ClientID of the publisher. */
  readonly publisherId: string;
  /** When it arrived, in milliseconds since 1970. */
  readonly receivedAt: number;
  /** The PUBLISH that brought it, as long as its read buffer is kept. */
  frame: Frame | undefined = undefined;
  /** Sessions and share groups that it was routed to. */
  reached = 0;
  /** When it expires, in milliseconds since 1970; Infinity for never. */
  readonly expiresAt: number;
  /** Commits that an acknowledgement of this message waits for. */
  commits: Promise<unknown>[] | undefined = undefined;
  #detached = false;

  /** @param init the parts */
  constructor(init: MessageInit) {
    this.topic = init.topic;
    this.payload = init.payload;
    this.qos = init.qos ?? 0;
    this.retain = init.retain ?? false;
    this.properties = init.properties;
    this.publisherId = init.publisherId ?? "";
    this.receivedAt = init.receivedAt;
    const seconds = Math.min(init.properties?.messageExpiryInterval ?? Infinity, init.maximumExpiry || Infinity);
    this.expiresAt = seconds === Infinity ? Infinity : init.receivedAt + seconds * 1000;
  }

  /** Copies the payload out of the read buffer, so that keeping the message does not keep the buffer. */
  detach(): this {
    if (!this.#detached) {
      this.payload = this.payload.slice();
      this.frame = undefined;
      this.#detached = true;
    }
    return this;
  }

  /** Bytes that this message is counted with in limits. */
  get size(): number {
    return this.topic.length + this.payload.length + 64;
  }

  /** Lets the acknowledgement of this message wait for `commit`. */
  awaitCommit(commit: Promise<unknown> | undefined): void {
    if (commit !== undefined) (this.commits ??= []).push(commit);
  }
}
