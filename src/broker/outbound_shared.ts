/** What all outbound queues of a broker share: buffers, counters, and the end of the turn.
 * @module */
import { Writer } from "../packets/writer.ts";
import type { OutboundQueue } from "./outbound_queue.ts";

/** Buffers up to this size are used again. */
const LARGEST_POOLED = 1_048_576;
/** Bytes of the buffers that wait to be used again. */
const POOL_BYTES = 16_777_216;
/** What waits for it runs at the end of the turn. */
const SETTLED: Promise<void> = Promise.resolve();

/** One for each broker. */
export class OutboundShared {
  /** Bytes in all queues. */
  pendingBytes = 0;
  /** Bytes that were written. */
  sentBytes = 0;
  readonly #pool: Writer[] = [];
  #pooledBytes = 0;
  #dirty: OutboundQueue[] = [];
  #turn: Promise<void> | undefined;
  readonly #flush = () => {
    this.#turn = undefined;
    const dirty = this.#dirty;
    this.#dirty = [];
    for (let index = 0; index < dirty.length; index++) dirty[index].flush();
  };

  /** Resolves when what was appended in this turn is on its way; `undefined` when nothing was. */
  get turn(): Promise<void> | undefined {
    return this.#turn;
  }

  /** Writes this queue at the end of the turn, together with all others. */
  schedule(queue: OutboundQueue): void {
    this.#dirty.push(queue);
    this.#turn ??= SETTLED.then(this.#flush);
  }

  /** A buffer to fill. */
  acquire(): Writer {
    const writer = this.#pool.pop();
    if (writer === undefined) return new Writer(4_096);
    this.#pooledBytes -= writer.buffer.length;
    return writer;
  }

  /** A buffer that was written. */
  release(writer: Writer): void {
    const bytes = writer.buffer.length;
    if (bytes > LARGEST_POOLED || this.#pooledBytes + bytes > POOL_BYTES) return;
    this.#pooledBytes += bytes;
    writer.length = 0;
    this.#pool.push(writer);
  }
}
