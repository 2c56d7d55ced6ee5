/** Records by Packet Identifier, for identifiers that come and go by the thousand.
 * @module */
import type { OutboundRecord } from "./outbound_record.ts";

const SMALLEST = 16;
/** A table with more places is given back once it is empty. */
const LARGEST_KEPT = 1_024;

/**
 * A table of places, of which an identifier has just one; it grows until no two records share one, to 65,536 at most. A `Map` that is filled and emptied all the time leaves old tables
 * behind which keep dead records alive until the next full collection; here a place is simply cleared.
 */
export class InflightTable {
  #places: (OutboundRecord | undefined)[] = new Array(SMALLEST).fill(undefined);
  #size = 0;

  /** Number of records. */
  get size(): number {
    return this.#size;
  }

  /** The record with this Packet Identifier. */
  get(packetId: number): OutboundRecord | undefined {
    const record = this.#places[packetId & (this.#places.length - 1)];
    return record?.packetId === packetId ? record : undefined;
  }

  /** Adds a record under its Packet Identifier, or replaces the one that has it. */
  set(packetId: number, record: OutboundRecord): void {
    while (!this.#fits(packetId)) this.#resize(this.#places.length * 2);
    const at = packetId & (this.#places.length - 1);
    if (this.#places[at] === undefined) this.#size++;
    this.#places[at] = record;
  }

  /** Removes the record with this Packet Identifier. */
  delete(packetId: number): void {
    if (this.get(packetId) === undefined) return;
    this.#places[packetId & (this.#places.length - 1)] = undefined;
    if (--this.#size === 0 && this.#places.length > LARGEST_KEPT) this.clear();
  }

  /** Removes all records. */
  clear(): void {
    this.#places = new Array(SMALLEST).fill(undefined);
    this.#size = 0;
  }

  /** The records in the order of their sequence. */
  values(): OutboundRecord[] {
    return this.#places.filter((record) => record !== undefined).sort((a, b) => a.sequence - b.sequence);
  }

  #fits(packetId: number): boolean {
    const there = this.#places[packetId & (this.#places.length - 1)];
    return there === undefined || there.packetId === packetId;
  }

  #resize(length: number): void {
    const records = this.#places;
    this.#places = new Array(length).fill(undefined);
    for (const record of records) if (record !== undefined) this.#places[record.packetId & (length - 1)] = record;
  }
}
