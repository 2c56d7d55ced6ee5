/** A retained message as it is kept.
 * @module */
import { Copies, LARGEST_SHARED } from "../packets/copies.ts";
import type { Task } from "../time/scheduler.ts";
import { BUFFER, costOfText, DEADLINE, RETAINED } from "./cost.ts";
import { Message } from "./message.ts";
import type { RetainedOwner } from "./retained_owner.ts";

const copies: Copies = new Copies();
/** Memory is taken in steps of so many bytes, so that a value that grows by a digit finds room. */
const STEP = 64;

/** Bytes that a message takes when it is retained, without the levels that its topic shares with others. */
export function costOfRetained(message: Message): number {
  return costOf(message, message.frameEnd - message.frameStart);
}

function costOf({ topic, expiryInterval }: Message, room: number): number {
  return RETAINED + costOfText(topic) + room + (room > LARGEST_SHARED ? BUFFER : 0) +
    (expiryInterval === undefined ? 0 : DEADLINE);
}

/**
 * The last message of a topic: a copy of its packet. The next one is copied over it, unless somebody has seen it, so that a topic
 * that changes all the time costs neither new memory nor its collection (`tests/bench/retained_bench.ts`).
 */
export class RetainedMessage {
  /** Bytes that it takes, as limits count them. */
  cost = 0;
  /** When it expires, `undefined` for never. */
  expiry: Task | undefined = undefined;
  /** Who it is counted for. */
  owner: RetainedOwner | undefined = undefined;
  readonly #topic: string;
  #publisherId = "";
  #receivedAt = 0;
  #expiresAt = Infinity;
  #version5 = false;
  #buffer: Uint8Array = copies.buffer;
  #start = 0;
  #end = 0;
  #room = 0;
  #isSeen = false;

  /** @param topic Topic Name */
  constructor(topic: string) {
    this.#topic = topic;
  }

  /**
   * Keeps a message, which itself is left as it is but for being encoded.
   *
   * @param message of this topic, with a payload
   * @throws MqttError 0x81, 0x82 or 0x94 for parts that cannot be sent
   */
  replace(message: Message): void {
    message.encode();
    const { buffer, frameStart, frameEnd } = message, length = frameEnd - frameStart;
    if (this.#isSeen || length > this.#room || this.#room > Math.max(LARGEST_SHARED, 2 * length)) {
      this.#takeRoom(length);
    }
    this.#buffer.set(buffer.subarray(frameStart, frameEnd), this.#start);
    this.#end = this.#start + length;
    this.#version5 = message.version5;
    this.#publisherId = message.publisherId;
    this.#receivedAt = message.receivedAt;
    this.#expiresAt = message.expiresAt;
    this.cost = costOf(message, this.#room);
  }

  #takeRoom(length: number): void {
    this.#room = length > LARGEST_SHARED ? length : STEP * Math.ceil(length / STEP);
    this.#start = copies.take(this.#room);
    this.#buffer = copies.buffer;
    this.#isSeen = false;
  }

  /** The message, to be looked at and sent; what is retained afterwards does not change it. */
  open(): Message {
    this.#isSeen = true;
    const message = new Message();
    message.topic = this.#topic;
    message.publisherId = this.#publisherId;
    message.receivedAt = this.#receivedAt;
    message.expiresAt = this.#expiresAt;
    message.readOwn(this.#buffer, this.#start, this.#end, this.#version5 ? 5 : 4);
    message.retain = true; // the packet may say that it is forwarded
    return message;
  }
}
