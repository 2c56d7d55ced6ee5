/**
 * The part that publishers and subscribers share: a connection, its packets, and CONNECT. What all other tests use,
 * `tests/helpers/packet_link.ts`, checks and copies every packet and reads 0.4 million a second; the broker delivers several.
 */

import type { Link } from "./link.ts";
import { Outbox } from "./outbox.ts";
import { connect, type Level } from "./packets.ts";

const FIRST_READ = 1024, LARGEST_READ = 131_072;

/** A client that takes packets apart as they come. */
export abstract class LoadClient {
  /** What waits to be written. */
  protected readonly outbox: Outbox;
  readonly #link: Link;
  readonly #ready = Promise.withResolvers<void>();
  #ended = false;

  /** @param link the connection */
  constructor(link: Link) {
    this.#link = link;
    this.outbox = new Outbox(link, () => this.written());
  }

  /** Sends CONNECT and waits until the client can do its work. */
  begin(clientId: string, level: Level): Promise<void> {
    this.#run();
    this.outbox.add(connect(clientId, level));
    this.outbox.flush();
    return this.#ready.promise;
  }

  /** Ends the connection; that does not count as lost. */
  end(): void {
    this.#ended = true;
    this.#link.close();
  }

  /** The client can do its work now. */
  protected ready(): void {
    this.#ready.resolve();
  }

  /** A packet has come: its first byte, and where its body is. */
  protected abstract packet(first: number, bytes: Uint8Array, start: number, end: number): void;
  /** All packets of one read have been seen. */
  protected abstract turn(): void;
  /** A write is done. */
  protected abstract written(): void;
  /** The broker has closed the connection. */
  protected abstract lost(): void;

  async #run(): Promise<void> {
    try {
      await this.#readAll();
    } catch (error) {
      this.#ready.reject(error);
    }
    this.#ready.reject(new Error("the broker has closed a connection"));
    this.#ready.promise.catch(() => {});
    if (!this.#ended) this.lost();
  }

  async #readAll(): Promise<void> {
    let buffer = new Uint8Array(FIRST_READ), filled = 0;
    for (;;) {
      const length = await this.#link.read(filled === 0 ? buffer : buffer.subarray(filled));
      if (length === null || this.#ended) return;
      filled += length;
      const full = filled + this.#link.gaps === buffer.length, used = this.#take(buffer, filled);
      this.turn();
      if (used < filled) buffer.copyWithin(0, used, filled);
      filled -= used;
      if (full && (buffer.length < LARGEST_READ || filled === buffer.length)) buffer = larger(buffer, filled);
    }
  }

  /** @returns how many bytes belonged to complete packets */
  #take(bytes: Uint8Array, end: number): number {
    let at = 0;
    while (end - at >= 2) {
      let body = at + 1, size = 0, shift = 0, byte: number;
      do {
        byte = bytes[body++];
        size |= (byte & 127) << shift;
        shift += 7;
      } while (byte > 127 && body < end);
      if (byte > 127 || body + size > end) break;
      this.packet(bytes[at], bytes, body, body + size);
      at = body + size;
    }
    return at;
  }
}

function larger(buffer: Uint8Array, filled: number): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(Math.max(4 * buffer.length, FIRST_READ));
  result.set(buffer.subarray(0, filled));
  return result;
}
