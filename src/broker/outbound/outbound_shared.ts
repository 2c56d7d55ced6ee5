/** What all outbound queues of a broker share: buffers, counters, and the end of the turn.
 * @module */
import type { LineWatcher } from "../../hook/transform_line.ts";
import { Writer } from "../../packets/writer.ts";
import type { OutboundQueue } from "./outbound_queue.ts";

/** Buffers up to this size are used again. */
const LARGEST_POOLED = 1_048_576;
/** Bytes of the buffers that wait to be used again. */
const POOL_BYTES = 16_777_216;
/** What waits for it runs at the end of the turn. */
const SETTLED: Promise<void> = Promise.resolve();

/**
 * One for each broker. While sequences wait for async hooks a turn lasts until the last of them has ended, so that one
 * write takes what several have brought, as it does without hooks; what fills a queue leaves before that.
 */
export class OutboundShared implements LineWatcher {
  /** Bytes in all queues. */
  pendingBytes = 0;
  /** Bytes that were written. */
  sentBytes = 0;
  readonly #pool: Writer[] = [];
  #pooledBytes = 0;
  #dirty: OutboundQueue[] = [];
  #turn: Promise<void> | undefined;
  #hasLine = false;
  /** Ends the turn, when a line holds it. */
  #endTurn: (() => void) | undefined;
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
    this.#turn ??= (this.#hasLine ? new Promise<void>((end) => this.#endTurn = end) : SETTLED).then(this.#flush);
  }

  /** What is appended from now on waits. */
  lineFormed(): void {
    this.#hasLine = true;
  }

  /** What has waited is written at the end of this turn. */
  lineEnded(): void {
    this.#hasLine = false;
    this.#endTurn?.();
    this.#endTurn = undefined;
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
