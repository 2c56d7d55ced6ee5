/** Deliveries by Packet Identifier, for identifiers that come and go by the thousand.
 * @module */
import type { OutboundRecord } from "./outbound_record.ts";

const SMALLEST = 16;
/** A table with more places is given back once it is empty. */
const LARGEST_KEPT = 1_024;

/**
 * A table of places, of which an identifier has just one; it grows until no two in use share one, to 65,536 at most. A `Map`
 * that is filled and emptied all the time leaves old tables behind which keep dead records alive until the next full
 * collection (`tests/bench/sessions_bench.ts`); here a place is simply cleared.
 */
export class InflightTable {
  #places: (OutboundRecord | undefined)[] = new Array(SMALLEST).fill(undefined);
  #size = 0;

  /** Number of deliveries. */
  get size(): number {
    return this.#size;
  }

  /** Whether a Packet Identifier is in use. */
  has(packetId: number): boolean {
    return this.get(packetId) !== undefined;
  }

  /** The record with this Packet Identifier. */
  get(packetId: number): OutboundRecord | undefined {
    const record = this.#places[packetId & (this.#places.length - 1)];
    return record?.packetId === packetId ? record : undefined;
  }

  /** Adds a record under its Packet Identifier, or replaces the one that has it. */
  add(record: OutboundRecord): void {
    const { packetId } = record;
    let at = packetId & (this.#places.length - 1), there = this.#places[at];
    while (there !== undefined && there.packetId !== packetId) {
      this.#grow();
      at = packetId & (this.#places.length - 1);
      there = this.#places[at];
    }
    if (there === undefined) this.#size++;
    this.#places[at] = record;
  }

  /** Removes what has this Packet Identifier. */
  delete(packetId: number): void {
    const at = packetId & (this.#places.length - 1);
    if (this.#places[at]?.packetId !== packetId) return;
    this.#places[at] = undefined;
    if (--this.#size === 0 && this.#places.length > LARGEST_KEPT) this.clear();
  }

  /** Removes everything. */
  clear(): void {
    this.#places = new Array(SMALLEST).fill(undefined);
    this.#size = 0;
  }

  /** The records in the order of their sequence. */
  values(): OutboundRecord[] {
    const records = this.#places.filter((record) => record !== undefined);
    return records.sort((a, b) => a.sequence - b.sequence);
  }

  #grow(): void {
    const places = this.#places, mask = places.length * 2 - 1;
    this.#places = new Array(mask + 1).fill(undefined);
    for (const record of places) if (record !== undefined) this.#places[record.packetId & mask] = record;
  }
}
