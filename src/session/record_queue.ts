/** A first-in first-out queue that knows how many bytes it holds.
 * @module */
import { DELIVERY } from "./cost.ts";
import type { OutboundRecord } from "./outbound_record.ts";

/** Below this many dead places the array is left as it is. */
const SLACK = 256;

/** Records that wait for the client or for send quota. */
export class RecordQueue {
  #items: OutboundRecord[] = [];
  #head = 0;
  #bytes = 0;

  /** Number of records. */
  get length(): number {
    return this.#items.length - this.#head;
  }

  /** Bytes of memory that they take, with their messages. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Appends a record. */
  push(record: OutboundRecord): void {
    this.#items.push(record);
    this.#bytes += DELIVERY + (record.message?.size ?? 0);
  }

  /** The oldest record; it stays. */
  peek(): OutboundRecord | undefined {
    return this.#items[this.#head];
  }

  /** Takes the oldest record. */
  shift(): OutboundRecord | undefined {
    const record = this.#items[this.#head];
    if (record === undefined) return undefined;
    this.#bytes -= DELIVERY + (record.message?.size ?? 0);
    this.#items[this.#head++] = undefined as unknown as OutboundRecord;
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    } else if (this.#head >= SLACK && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return record;
  }

  /** The records, oldest first. */
  *[Symbol.iterator](): Generator<OutboundRecord> {
    for (let index = this.#head; index < this.#items.length; index++) yield this.#items[index];
  }
}
