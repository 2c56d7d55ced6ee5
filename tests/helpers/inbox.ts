/** What has arrived at a client, packet by packet. */

import { PacketType } from "../../src/packets/types.ts";
import { describe, type ServerPacket } from "./server_packet.ts";
import { within } from "./within.ts";

/** Keeps packets until they are asked for. */
export class Inbox {
  /** All packets so far. */
  readonly received: ServerPacket[] = [];
  /** Packets that nobody has asked for. */
  readonly waiting: ServerPacket[] = [];
  /** True once the stream has ended. */
  ended = false;
  /** True from an accepted CONNACK to DISCONNECT or the end. */
  live = false;
  readonly #patience: number;
  readonly #pongs: (() => void)[] = [];
  readonly #sleepers: (() => void)[] = [];
  #failure: Error | undefined;

  /** @param patience milliseconds after which a test waits in vain */
  constructor(patience: number) {
    this.#patience = patience;
  }

  /** A packet has come. */
  take(packet: ServerPacket): void {
    this.received.push(packet);
    if (packet.type === PacketType.CONNACK) this.live = packet.reasonCode === 0;
    if (packet.type === PacketType.DISCONNECT) this.live = false;
    const pong = packet.type === PacketType.PINGRESP ? this.#pongs.shift() : undefined;
    if (pong !== undefined) return pong();
    this.waiting.push(packet);
    this.#wake();
  }

  /** The stream has ended, perhaps because the broker did something wrong. */
  end(failure: Error | undefined): void {
    this.#failure = failure;
    this.ended = true;
    this.live = false;
    this.#wake();
    for (const pong of this.#pongs.splice(0)) pong();
  }

  /** The next PINGRESP, which nobody else will see, or the end. */
  pong(): Promise<void> {
    if (this.ended) return Promise.resolve();
    return this.#patiently(new Promise((resolve) => this.#pongs.push(resolve)), "PINGRESP");
  }

  /** The next packet. */
  async next(): Promise<ServerPacket> {
    while (this.waiting.length === 0) {
      this.#throwFailure();
      if (this.ended) throw new Error("expected a packet, but the connection was closed");
      await this.#change("a packet");
    }
    return this.waiting.shift()!;
  }

  /** Waits for the end of the stream. */
  async over({ ignoreRest = false } = {}): Promise<void> {
    while (!this.ended) {
      if (!ignoreRest && this.waiting.length > 0) break;
      await this.#change("the end of the stream");
    }
    this.#throwFailure();
    if (!ignoreRest && this.waiting.length > 0) {
      throw new Error(`expected the end, received ${describe(this.waiting[0])}`);
    }
  }

  /** Tells of a broken rule, once. */
  #throwFailure(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
  }

  #change(what: string): Promise<void> {
    return this.#patiently(new Promise((resolve) => this.#sleepers.push(resolve)), what);
  }

  #wake(): void {
    for (const wake of this.#sleepers.splice(0)) wake();
  }

  #patiently(awaited: Promise<void>, what: string): Promise<void> {
    return within(awaited, what, this.#patience);
  }
}
