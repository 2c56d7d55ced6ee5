/** Turns: what has arrived is handled, then everything that came of it is written, then more is read.
 * @module */
import { Writer } from "../../packets/writer.ts";
import { type Reader, ReadingOrder } from "./reading_order.ts";

/** Buffers up to this size are used again. */
const LARGEST_POOLED = 1_048_576;
/** Bytes of the buffers that wait to be used again. */
const POOL_BYTES = 16_777_216;
/**
 * A turn ends when nothing has been appended for so many microtasks. The answer of an async hook that does not wait for
 * anything takes three of them, so that what such hooks let pass leaves in one write, as it does without hooks.
 */
const QUIET = 4;

/** Milliseconds of a turn after which no further read is begun with. */
const LONGEST_TURN = 3;

/**
 * Queues that are written before the event loop goes round. The runtime begins with so many writes at once, reads among them; what is
 * beyond that it puts behind all others, and a read that waits among them may wait for long (see `reading_order.ts`).
 */
const LOT = 64;

/** Limits of one outbound queue, above which it has no room. */
export interface OutboundLimits {
  /** Packets. */
  readonly packets: number;
  /** Bytes. */
  readonly bytes: number;
  /** Bytes in all queues of the broker; a queue below `flushBytes` does not suffer for the others. */
  readonly totalBytes: number;
  /** Bytes after which a write begins before the end of the turn. */
  readonly flushBytes: number;
}

/** Something that is written at the end of the turn. */
export interface Flushable {
  /** Begins to write what was appended. */
  flush(): void;
}

/** One for each broker: what is appended while packets are handled is written all at once, and then more is read. */
export class Turn {
  /** Bytes in all outbound queues. */
  pendingBytes = 0;
  /** Bytes that were written. */
  sentBytes = 0;
  /** Set when something is appended to a queue that is scheduled already, which keeps the turn open. */
  hasMoved = false;
  readonly #pool: Writer[] = [];
  #pooledBytes = 0;
  readonly #dirty: Flushable[] = [];
  readonly #readers: ReadingOrder;
  #isOpen = false;
  #quiet = 0;
  /** When the first read of the turn was begun with. */
  #firstRead = Infinity;
  readonly #look = () => this.#lookAround();
  readonly #goOn = () => this.#end();
  readonly #onError: (error: unknown) => void;

  /** @param onError told of what a queue or a reader throws: the others have their turn all the same */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
    this.#readers = new ReadingOrder(onError);
  }

  /** How many queues are written at the end of the turn. */
  get scheduled(): number {
    return this.#dirty.length;
  }

  /** Writes this queue at the end of the turn, together with all others. */
  schedule(queue: Flushable): void {
    this.#dirty.push(queue);
    this.hasMoved = true;
    if (!this.#isOpen) this.#open();
  }

  /**
   * Whether the turn has lasted so long that a read which is handed over now has to wait for others.
   *
   * @param now milliseconds
   */
  isLong(now: number): boolean {
    if (this.#firstRead === Infinity) this.#firstRead = now;
    return now - this.#firstRead >= LONGEST_TURN;
  }

  /** Lets a reader read on when the turn has ended. */
  readNext(reader: Reader): void {
    this.#readers.add(reader);
    if (!this.#isOpen) this.#open();
  }

  /** A connection has ended: what the runtime has handed over was its last read. */
  readEnded(): void {
    this.#readers.readEnded();
  }

  /** Does a part of some work when readers have had their turn. @param work never throws */
  afterReaders(work: () => unknown): void {
    this.#readers.afterRound(work);
  }

  #open(): void {
    this.#isOpen = true;
    this.#quiet = 0;
    queueMicrotask(this.#look);
  }

  #lookAround(): void {
    if (this.hasMoved) this.#quiet = 0;
    else this.#quiet++;
    this.hasMoved = false;
    if (this.#quiet < QUIET) queueMicrotask(this.#look);
    else this.#end();
  }

  #end(): void {
    const lot = this.#dirty.splice(0, LOT);
    for (let index = 0; index < lot.length; index++) {
      try {
        lot[index].flush();
      } catch (error) {
        this.#onError(error);
      }
    }
    if (this.#dirty.length > 0) return void setImmediate(this.#goOn);
    this.#isOpen = false;
    this.#firstRead = Infinity;
    this.#readers.turnEnded();
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
