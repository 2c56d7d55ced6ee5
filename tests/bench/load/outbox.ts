/** Bytes that wait for one connection: what is added while a write is under way leaves with the next one. */

import type { Link } from "./link.ts";

/** Collects packets and writes them together. */
export class Outbox {
  readonly #link: Link;
  readonly #written: () => void;
  #filling = new Uint8Array(1024);
  #spare = new Uint8Array(1024);
  #filled = 0;
  #writing = false;

  /**
   * @param link the connection
   * @param written called after each write, or when one has failed
   */
  constructor(link: Link, written: () => void) {
    this.#link = link;
    this.#written = written;
  }

  /** Bytes that no write has taken yet. */
  get waiting(): number {
    return this.#filled;
  }

  /** Makes room. @returns where to write `size` bytes in {@linkcode Outbox.bytes} */
  reserve(size: number): number {
    const at = this.#filled;
    this.#filled += size;
    if (this.#filled > this.#filling.length) {
      const larger = new Uint8Array(2 * this.#filled);
      larger.set(this.#filling);
      this.#filling = larger;
    }
    return at;
  }

  /** The bytes as they are now. */
  get bytes(): Uint8Array {
    return this.#filling;
  }

  /** Adds bytes. */
  add(bytes: Uint8Array): void {
    const at = this.reserve(bytes.length);
    this.#filling.set(bytes, at);
  }

  /** Adds PUBACK, PUBREC, PUBREL or PUBCOMP. */
  addAck(first: number, high: number, low: number): void {
    const at = this.reserve(4), bytes = this.#filling;
    bytes[at] = first;
    bytes[at + 1] = 2;
    bytes[at + 2] = high;
    bytes[at + 3] = low;
  }

  /** Begins to write, unless a write is under way. */
  flush(): void {
    if (!this.#writing && this.#filled > 0) this.#write();
  }

  async #write(): Promise<void> {
    this.#writing = true;
    try {
      while (this.#filled > 0) {
        const bytes = this.#filling.subarray(0, this.#filled), filling = this.#filling;
        this.#filling = this.#spare;
        this.#filled = 0;
        await this.#link.write(bytes);
        this.#spare = filling;
        this.#written();
      }
    } catch {
      this.#link.close(); // the reader sees it and counts
    }
    this.#writing = false;
  }
}
