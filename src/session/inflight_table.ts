/** Deliveries by Packet Identifier and in their order, for identifiers that come and go by the thousand.
 * @module */
import type { OutboundRecord } from "./outbound_record.ts";

const SMALLEST = 16;
/** A table of more places is made smaller when it is nearly empty, and given back once it is empty. */
const LARGEST_KEPT = 1_024;
/** A table of so many times its records is nearly empty. */
const SPARSE = 8;
/** 2 to the power of 32 divided by the golden ratio: it spreads identifiers of any pattern over all places. */
const SPREAD = 0x9e3779b1;
/** Nobody knows which identifiers would share places. */
const SEED = Math.random() * 65_536 | 0;

/**
 * An open hash table that is half full at most. A `Map` that is filled and emptied all the time leaves old tables behind which keep
 * dead records alive until the next full collection (`tests/bench/sessions_bench.ts`); here a place is simply cleared. Which
 * identifiers stay is the client's choice, who acknowledges what it likes: the table follows their number alone.
 *
 * Records are linked in their order as well, so that a client that comes and goes costs nothing for what it has in flight.
 */
export class InflightTable {
  #places: (OutboundRecord | undefined)[] = new Array(SMALLEST).fill(undefined);
  /** Bits by which a hash is shifted to have as many left as the table has. */
  #shift = Math.clz32(SMALLEST - 1);
  #size = 0;
  #oldest: OutboundRecord | undefined = undefined;
  #newest: OutboundRecord | undefined = undefined;

  /** The record with the lowest sequence; {@linkcode OutboundRecord.newer} leads to the others. */
  get oldest(): OutboundRecord | undefined {
    return this.#oldest;
  }

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
    return this.#places[this.#placeOf(packetId)];
  }

  /** Adds a record under its Packet Identifier, which is not in use. */
  add(record: OutboundRecord): void {
    this.#places[this.#placeOf(record.packetId)] = record;
    this.#link(record);
    if (++this.#size * 2 > this.#places.length) this.#resize(this.#places.length * 2);
  }

  /** Removes what has this Packet Identifier. */
  delete(packetId: number): void {
    const places = this.#places, at = this.#placeOf(packetId), record = places[at];
    if (record === undefined) return;
    places[at] = undefined;
    this.#unlink(record);
    this.#closeGap(at);
    if (--this.#size * SPARSE >= places.length || places.length <= LARGEST_KEPT) return;
    this.#resize(this.#size === 0 ? SMALLEST : places.length / 2);
  }

  /** It is nearly always the newest: only a store may bring records in another order. */
  #link(record: OutboundRecord): void {
    let older = this.#newest;
    while (older !== undefined && older.sequence > record.sequence) older = older.older;
    const newer = older === undefined ? this.#oldest : older.newer;
    record.link(older, newer);
    if (older === undefined) this.#oldest = record;
    if (newer === undefined) this.#newest = record;
  }

  #unlink(record: OutboundRecord): void {
    if (this.#oldest === record) this.#oldest = record.newer;
    if (this.#newest === record) this.#newest = record.older;
    record.unlink();
  }

  /** Where an identifier is, or would be. */
  #placeOf(packetId: number): number {
    const places = this.#places, mask = places.length - 1;
    let at = Math.imul(packetId ^ SEED, SPREAD) >>> this.#shift, there = places[at];
    while (there !== undefined && there.packetId !== packetId) there = places[at = at + 1 & mask];
    return at;
  }

  /** What stands behind a place that has become free moves up, where it stands only because others were there first. */
  #closeGap(gap: number): void {
    const places = this.#places, mask = places.length - 1;
    for (let at = gap + 1 & mask, record = places[at]; record !== undefined; record = places[at = at + 1 & mask]) {
      const home = Math.imul(record.packetId ^ SEED, SPREAD) >>> this.#shift;
      if ((at - home & mask) < (at - gap & mask)) continue;
      places[gap] = record;
      places[gap = at] = undefined;
    }
  }

  #resize(length: number): void {
    const records = this.#places;
    this.#places = new Array(length).fill(undefined);
    this.#shift = Math.clz32(length - 1);
    if (this.#size === 0) return;
    for (const record of records) if (record !== undefined) this.#places[this.#placeOf(record.packetId)] = record;
  }
}
