/** A retained message as it is kept.
 * @module */
import { Copies } from "../packets/copies.ts";
import type { Task } from "../time/scheduler.ts";
import { BUFFER, costOfText, DEADLINE, RETAINED } from "./cost.ts";
import { Message } from "./message.ts";
import type { RetainedOwner } from "./retained_owner.ts";
import { LARGEST_ROOM, type RetainedRooms, type Shelf, type Tenant } from "./retained_rooms.ts";

const NO_BYTES = new Uint8Array(0);
const copies: Copies = new Copies();

/** Bytes that a message takes when it is retained, without the levels that its topic shares with others. */
export function costOfRetained(message: Message): number {
  return costOf(message, message.frameEnd - message.frameStart);
}

function costOf({ topic, expiryInterval }: Message, room: number): number {
  return RETAINED + costOfText(topic) + room + (room > LARGEST_ROOM ? BUFFER : 0) +
    (expiryInterval === undefined ? 0 : DEADLINE);
}

/**
 * The last message of a topic: a copy of its packet. The next one is copied over it, so that a topic that changes all the time
 * costs neither new memory nor its collection (`tests/bench/retained_bench.ts`).
 */
export class RetainedMessage implements Tenant {
  /** Bytes that it takes, as limits count them. */
  cost = 0;
  /** When it expires, `undefined` for never. */
  expiry: Task | undefined = undefined;
  /** Who it is counted for. */
  owner: RetainedOwner | undefined = undefined;
  /** Number of its room. */
  room = 0;
  readonly #topic: string;
  readonly #rooms: RetainedRooms;
  #publisherId = "";
  #receivedAt = 0;
  #expiresAt = Infinity;
  #version5 = false;
  /** Where it has a room; `undefined` for a large one, which has memory of its own. */
  #shelf: Shelf | undefined = undefined;
  #own: Uint8Array = NO_BYTES;
  #length = 0;
  /** Somebody has views on memory of its own. */
  #isSeen = false;

  /** @param topic Topic Name @param rooms memory for small messages */
  constructor(topic: string, rooms: RetainedRooms) {
    this.#topic = topic;
    this.#rooms = rooms;
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
    if (length > LARGEST_ROOM) this.#takeOwn(length);
    else if (this.#shelf === undefined || length > this.#shelf.size) this.#takeRoom(length);
    const shelf = this.#shelf, packet = buffer.subarray(frameStart, frameEnd);
    if (shelf === undefined) this.#own.set(packet);
    else shelf.blockOf(this.room).set(packet, shelf.startOf(this.room));
    this.#length = length;
    this.#version5 = message.version5;
    this.#publisherId = message.publisherId;
    this.#receivedAt = message.receivedAt;
    this.#expiresAt = message.expiresAt;
    this.cost = costOf(message, shelf === undefined ? this.#own.length : shelf.size);
  }

  #takeRoom(length: number): void {
    const { room } = this, shelf = this.#rooms.shelfFor(length);
    shelf.take(this);
    this.#shelf?.giveBack(room);
    this.#shelf = shelf;
    this.#own = NO_BYTES;
  }

  #takeOwn(length: number): void {
    const { length: room } = this.#own;
    if (length <= room && room <= 2 * length && !this.#isSeen) return;
    const own = new Uint8Array(length);
    this.release();
    this.#own = own;
    this.#isSeen = false;
  }

  /** Gives its memory back: the message is not kept any more. */
  release(): void {
    this.#shelf?.giveBack(this.room);
    this.#shelf = undefined;
    this.#own = NO_BYTES;
  }

  /** The message, to be looked at and sent; what is retained afterwards does not change it. */
  open(): Message {
    const message = new Message(), shelf = this.#shelf;
    message.topic = this.#topic;
    message.publisherId = this.#publisherId;
    message.receivedAt = this.#receivedAt;
    message.expiresAt = this.#expiresAt;
    const start = shelf === undefined ? 0 : this.#copyFrom(shelf),
      buffer = shelf === undefined ? this.#own : copies.buffer;
    if (shelf === undefined) this.#isSeen = true;
    message.readOwn(buffer, start, start + this.#length, this.#version5 ? 5 : 4);
    message.retain = true; // the packet may say that it is forwarded
    return message;
  }

  /** What is in a room does not stay there. */
  #copyFrom(shelf: Shelf): number {
    const start = shelf.startOf(this.room);
    return copies.add(shelf.blockOf(this.room), start, start + this.#length);
  }
}
