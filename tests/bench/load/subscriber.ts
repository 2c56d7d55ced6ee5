/** Receives, acknowledges, and sees that nothing is missing, repeated or out of order. */

import { LoadClient } from "./client.ts";
import type { Flow } from "./flow.ts";
import type { Link } from "./link.ts";
import { type Level, subscribe, uint32 } from "./packets.ts";

const CONNACK = 2, PUBLISH = 3, PUBREL = 6, SUBACK = 9;

/** What a subscriber does. */
export interface SubscriberOptions {
  readonly filter: string;
  readonly qos: number;
  readonly level: Level;
  /** How many publishers there are. */
  readonly publishers: number;
}

/** One client that subscribes. */
export class Subscriber extends LoadClient {
  readonly #flow: Flow;
  readonly #options: SubscriberOptions;
  readonly #next: Uint32Array;
  #now = -1;

  /**
   * @param link its connection
   * @param flow where it counts
   * @param options what it does
   */
  constructor(link: Link, flow: Flow, options: SubscriberOptions) {
    super(link);
    this.#flow = flow;
    this.#options = options;
    this.#next = new Uint32Array(options.publishers);
  }

  protected override packet(first: number, bytes: Uint8Array, start: number, end: number): void {
    const type = first >> 4;
    if (type === PUBLISH) this.#publish(first >> 1 & 3, bytes, start);
    else if (type === PUBREL) this.outbox.addAck(0x70, bytes[start], bytes[start + 1]);
    else if (type === CONNACK && bytes[start + 1] === 0) {
      const { filter, qos, level } = this.#options;
      this.outbox.add(subscribe(filter, qos, level));
    } else if (type === SUBACK && bytes[end - 1] < 0x80) this.ready();
  }

  #publish(qos: number, bytes: Uint8Array, start: number): void {
    let at = start + 2 + (bytes[start] << 8 | bytes[start + 1]);
    if (qos > 0) {
      this.outbox.addAck(qos === 1 ? 0x40 : 0x50, bytes[at], bytes[at + 1]);
      at += 2;
    }
    if (this.#options.level === 5) at = afterProperties(bytes, at);
    this.#count(uint32(bytes, at), uint32(bytes, at + 4), uint32(bytes, at + 8));
  }

  #count(publisher: number, sequence: number, sent: number): void {
    const flow = this.#flow;
    if (sequence < this.#next[publisher]) {
      flow.repeated++;
      return;
    }
    this.#next[publisher] = sequence + 1;
    flow.delivered++;
    if (!flow.isWarm) return;
    if (this.#now < 0) this.#now = performance.now() * 1000 >>> 0;
    flow.latencies.add(this.#now - sent >>> 0);
  }

  protected override turn(): void {
    this.#now = -1;
    this.outbox.flush();
    this.#flow.progress();
  }

  protected override written(): void {}

  protected override lost(): void {
    this.#flow.closed++;
  }
}

function afterProperties(bytes: Uint8Array, start: number): number {
  let at = start, size = 0, shift = 0, byte: number;
  do {
    byte = bytes[at++];
    size |= (byte & 127) << shift;
    shift += 7;
  } while (byte > 127);
  return at + size;
}
