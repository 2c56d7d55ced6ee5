/** Turns: what has arrived is handled, then everything that came of it is written, then more is read.
 * @module */
import { Writer } from "../../packets/writer.ts";

/** Buffers up to this size are used again. */
const LARGEST_POOLED = 1_048_576;
/** Bytes of the buffers that wait to be used again. */
const POOL_BYTES = 16_777_216;
/**
 * A turn ends when nothing has been appended for so many microtasks. The answer of an async hook that does not wait for
 * anything takes three of them, so that what such hooks let pass leaves in one write, as it does without hooks.
 */
const QUIET = 4;
/** Milliseconds of turns, one after the other, after which timers and other sockets come first. */
const LONGEST_RUN = 3;
/** A reader that has handled so many bytes in its turn goes on behind all who have handled less. */
const HEAVY = 16_384;
/** So many bytes of heavy readers are handled before timers and other sockets come first. */
const HEAVY_BYTES = 131_072;

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

/** Somebody who wants to read on. */
export interface Reader {
  /** Bytes that it handled in this turn. */
  readonly handledBytes: number;
  /** Reads on. */
  readOn(): void;
}

/**
 * One for each broker. Sockets that have data are read in microtasks, and while one has, nothing else happens in the process:
 * no timer, no signal, no other socket. So whoever wants to read on says so here, and after a few milliseconds everybody waits
 * until the event loop has gone round.
 */
export class Turn {
  /** Bytes in all outbound queues. */
  pendingBytes = 0;
  /** Bytes that were written. */
  sentBytes = 0;
  /** Set when something is appended to a queue that is scheduled already, which keeps the turn open. */
  hasMoved = false;
  readonly #pool: Writer[] = [];
  #pooledBytes = 0;
  #dirty: Flushable[] = [];
  #readers: Reader[] = [];
  /** Heavy readers that wait for another round of the event loop, the first one first. */
  #heavy: Reader[] = [];
  #isOpen = false;
  #quiet = 0;
  /** When the event loop went round last, as far as is known. */
  #runStart = 0;
  #round: ReturnType<typeof setImmediate> | undefined;
  readonly #look = () => this.#lookAround();
  readonly #onError: (error: unknown) => void;

  /** @param onError told of what a queue or a reader throws: the others have their turn all the same */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** Writes this queue at the end of the turn, together with all others. */
  schedule(queue: Flushable): void {
    this.#dirty.push(queue);
    this.hasMoved = true;
    if (!this.#isOpen) this.#open();
  }

  /** Lets a reader read on when the turn has ended. */
  readNext(reader: Reader): void {
    this.#readers.push(reader);
    if (!this.#isOpen) this.#open();
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
    this.#isOpen = false;
    const dirty = this.#dirty;
    this.#dirty = [];
    for (let index = 0; index < dirty.length; index++) {
      try {
        dirty[index].flush();
      } catch (error) {
        this.#onError(error);
      }
    }
    if (this.#readers.length === 0 || this.#round !== undefined) return;
    if (Date.now() - this.#runStart < LONGEST_RUN) this.#letRead();
    else this.#round = setImmediate(() => this.#nextRound());
  }

  #letRead(): void {
    const readers = this.#readers;
    this.#readers = [];
    for (let index = 0; index < readers.length; index++) this.#readOn(readers[index]);
  }

  #readOn(reader: Reader): void {
    try {
      reader.readOn();
    } catch (error) {
      this.#onError(error);
    }
  }

  /** The event loop has gone round: all read on, of the heavy ones only as many as leave room for others. */
  #nextRound(): void {
    this.#round = undefined;
    this.#runStart = Date.now();
    const readers = this.#readers;
    this.#readers = [];
    for (const reader of readers) {
      if (reader.handledBytes < HEAVY) this.#readOn(reader);
      else this.#heavy.push(reader);
    }
    let bytes = 0, taken = 0;
    while (taken < this.#heavy.length && bytes < HEAVY_BYTES) bytes += this.#heavy[taken++].handledBytes;
    for (const reader of this.#heavy.splice(0, taken)) this.#readOn(reader);
    if (this.#heavy.length > 0) this.#round = setImmediate(() => this.#nextRound());
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
