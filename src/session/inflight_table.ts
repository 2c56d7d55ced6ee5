/** Deliveries by Packet Identifier, for identifiers that come and go by the thousand.
 * @module */
import type { Message } from "./message.ts";
import type { OutboundRecord } from "./outbound_record.ts";
import { SentRun } from "./sent_run.ts";

const SMALLEST = 16;
/** A table with more places is given back once it is empty. */
const LARGEST_KEPT = 1_024;
/** No Packet Identifier. */
const FREE = 0;

/**
 * A table of places, of which an identifier has just one; it grows until no two in use share one, to 65,536 at most. A `Map`
 * that is filled and emptied all the time leaves old tables behind which keep dead records alive until the next full
 * collection; here a place is simply cleared. A record that belongs to a run is made when it is asked for.
 */
export class InflightTable {
  #packetIds: number[] = new Array(SMALLEST).fill(FREE);
  #places: (OutboundRecord | SentRun | undefined)[] = new Array(SMALLEST).fill(undefined);
  #size = 0;

  /** Number of deliveries. */
  get size(): number {
    return this.#size;
  }

  /** Whether a Packet Identifier is in use. */
  has(packetId: number): boolean {
    return this.#packetIds[this.#placeOf(packetId)] === packetId;
  }

  /** The record with this Packet Identifier. */
  get(packetId: number): OutboundRecord | undefined {
    return this.has(packetId) ? this.#recordAt(this.#placeOf(packetId)) : undefined;
  }

  /** Adds a record under its Packet Identifier, or replaces the one that has it. */
  set(packetId: number, record: OutboundRecord): void {
    this.#put(packetId, record);
  }

  /** Adds deliveries of a run under so many Packet Identifiers, one behind the other. None of them is in use. */
  setRun(packetId: number, run: SentRun, count: number): void {
    for (let index = 0; index < count; index++) this.#put(packetId + index, run);
  }

  /** Removes what has this Packet Identifier. */
  delete(packetId: number): void {
    if (this.has(packetId)) this.#free(this.#placeOf(packetId));
  }

  /**
   * Removes a delivery of a run at QoS 1 that has no record, which is all that has to happen when it is acknowledged.
   * @returns its message; `undefined` when there is a record, or nothing
   */
  takeUnseen(packetId: number): Message | undefined {
    const at = this.#placeOf(packetId), entry = this.#places[at];
    if (this.#packetIds[at] !== packetId || !(entry instanceof SentRun) || entry.qos !== 1) return undefined;
    this.#free(at);
    return entry.take(packetId);
  }

  /** Removes everything. */
  clear(): void {
    this.#packetIds = new Array(SMALLEST).fill(FREE);
    this.#places = new Array(SMALLEST).fill(undefined);
    this.#size = 0;
  }

  /** The records in the order of their sequence. */
  values(): OutboundRecord[] {
    const records: OutboundRecord[] = [];
    for (let at = 0; at < this.#places.length; at++) if (this.#packetIds[at] !== FREE) records.push(this.#recordAt(at));
    return records.sort((a, b) => a.sequence - b.sequence);
  }

  #placeOf(packetId: number): number {
    return packetId & (this.#places.length - 1);
  }

  #recordAt(at: number): OutboundRecord {
    const entry = this.#places[at]!;
    return entry instanceof SentRun ? this.#places[at] = entry.record(this.#packetIds[at]) : entry;
  }

  #put(packetId: number, entry: OutboundRecord | SentRun): void {
    let at = this.#placeOf(packetId);
    for (let there = this.#packetIds[at]; there !== FREE && there !== packetId; there = this.#packetIds[at]) {
      this.#resize(this.#places.length * 2);
      at = this.#placeOf(packetId);
    }
    if (this.#packetIds[at] === FREE) this.#size++;
    this.#packetIds[at] = packetId;
    this.#places[at] = entry;
  }

  #free(at: number): void {
    this.#packetIds[at] = FREE;
    this.#places[at] = undefined;
    if (--this.#size === 0 && this.#places.length > LARGEST_KEPT) this.clear();
  }

  #resize(length: number): void {
    const packetIds = this.#packetIds, places = this.#places;
    this.#packetIds = new Array(length).fill(FREE);
    this.#places = new Array(length).fill(undefined);
    packetIds.forEach((packetId, at) => {
      if (packetId === FREE) return;
      this.#packetIds[packetId & (length - 1)] = packetId;
      this.#places[packetId & (length - 1)] = places[at];
    });
  }
}
