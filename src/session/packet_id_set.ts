/** Packet Identifiers that are in use, whatever their number.
 * @module */

/** Bytes of a bit for each identifier that there can be, and of one in a `Set` (`tests/bench/memory_bench.ts`). */
const BITS = 8_192, EACH = 32;
/** Up to so many a `Set` is not larger. */
const FEW = BITS / EACH;

/** A set of Packet Identifiers that never takes more than 8 KiB or so. */
export class PacketIdSet {
  #few: Set<number> | undefined = new Set();
  #bits: Uint8Array | undefined;
  #size = 0;

  /** How many there are. */
  get size(): number {
    return this.#size;
  }

  /** Bytes of memory that they take. */
  get bytes(): number {
    return this.#bits === undefined ? EACH * this.#size : BITS;
  }

  /** Whether an identifier is there. */
  has(packetId: number): boolean {
    const bits = this.#bits;
    return bits === undefined ? this.#few!.has(packetId) : (bits[packetId >> 3] & 1 << (packetId & 7)) !== 0;
  }

  /** Adds an identifier. */
  add(packetId: number): void {
    if (this.has(packetId)) return;
    if (this.#size++ === FEW && this.#bits === undefined) this.#spread();
    if (this.#bits === undefined) this.#few!.add(packetId);
    else this.#bits[packetId >> 3] |= 1 << (packetId & 7);
  }

  /** Removes an identifier. */
  delete(packetId: number): void {
    if (!this.has(packetId)) return;
    if (this.#bits === undefined) this.#few!.delete(packetId);
    else this.#bits[packetId >> 3] &= ~(1 << (packetId & 7));
    if (--this.#size === 0 && this.#bits !== undefined) this.#gather();
  }

  #spread(): void {
    const bits = this.#bits = new Uint8Array(BITS);
    for (const packetId of this.#few!) bits[packetId >> 3] |= 1 << (packetId & 7);
    this.#few = undefined;
  }

  #gather(): void {
    this.#bits = undefined;
    this.#few = new Set();
  }
}
