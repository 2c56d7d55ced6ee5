/** Publishes pre-encoded packets, many in one write. */

import { LoadClient } from "./client.ts";
import { BURST, type Flow } from "./flow.ts";
import type { Link } from "./link.ts";
import { type Level, type PublishTemplate, publishTemplate, putUint32 } from "./packets.ts";

/** Bytes that may wait for a connection before its publisher does. */
const MAXIMUM_WAITING = 65_536;
const CONNACK = 2, PUBACK = 4, PUBREC = 5, PUBCOMP = 7;

/** What a publisher does. */
export interface PublisherOptions {
  readonly number: number;
  readonly topic: string;
  readonly qos: number;
  readonly level: Level;
  readonly size: number;
  /** Messages that may be unacknowledged at QoS 1 and 2. */
  readonly window: number;
  /** Whether somebody else says when to publish. */
  readonly paced: boolean;
}

/** One client that publishes. */
export class Publisher extends LoadClient {
  readonly #flow: Flow;
  readonly #options: PublisherOptions;
  readonly #template: PublishTemplate;
  readonly #burst: number;
  #unacknowledged = 0;
  #packetId = 0;
  #sequence = 0;
  #running = false;

  /**
   * @param link its connection
   * @param flow where it counts
   * @param options what it does
   */
  constructor(link: Link, flow: Flow, options: PublisherOptions) {
    super(link);
    this.#flow = flow;
    this.#options = options;
    this.#template = publishTemplate({ ...options, publisher: options.number });
    this.#burst = Math.max(1, Math.min(BURST, Math.floor(MAXIMUM_WAITING / this.#template.bytes.length)));
  }

  /** Begins to publish. */
  start(): void {
    this.#running = true;
    this.pump();
  }

  /** Publishes what may be published now. */
  pump(): void {
    if (!this.#running || this.#options.paced || this.outbox.waiting >= MAXIMUM_WAITING) return;
    const { qos, window } = this.#options;
    const room = qos === 0 ? this.#burst : Math.min(this.#burst, window - this.#unacknowledged);
    if (room <= 0) return;
    const count = this.#flow.take(this, room);
    if (count > 0) this.send(count);
  }

  /** Publishes some messages, already counted. */
  send(count: number): void {
    const { bytes, idAt, payloadAt } = this.#template, size = bytes.length;
    const micros = performance.now() * 1000;
    let at = this.outbox.reserve(count * size);
    const target = this.outbox.bytes;
    for (const end = at + count * size; at < end; at += size) {
      target.set(bytes, at);
      if (idAt >= 0) this.#putPacketId(target, at + idAt);
      putUint32(target, at + payloadAt + 4, this.#sequence++);
      putUint32(target, at + payloadAt + 8, micros);
    }
    this.outbox.flush();
  }

  #putPacketId(target: Uint8Array, at: number): void {
    this.#packetId = this.#packetId % 65_535 + 1;
    target[at] = this.#packetId >> 8;
    target[at + 1] = this.#packetId;
    this.#unacknowledged++;
  }

  protected override packet(first: number, bytes: Uint8Array, start: number, end: number): void {
    const type = first >> 4;
    if (type === PUBACK || type === PUBCOMP) {
      this.#unacknowledged--;
      if (end - start > 2 && bytes[start + 2] >= 0x80) this.#flow.closed++; // refused is as bad as lost
      else this.#flow.acknowledged++;
    } else if (type === PUBREC) this.outbox.addAck(0x62, bytes[start], bytes[start + 1]);
    else if (type === CONNACK && bytes[start + 1] === 0) this.ready();
  }

  protected override turn(): void {
    this.outbox.flush();
    this.#flow.progress();
    this.pump();
  }

  protected override written(): void {
    this.pump();
  }

  protected override lost(): void {
    this.#flow.closed++;
  }
}
