/** One direction of a connection within the process.
 * @module */

const FIRST_SIZE = 1_024;

interface PendingRead {
  readonly buffer: Uint8Array;
  resolve(length: number | null): void;
}

interface PendingWrite {
  readonly data: Uint8Array;
  resolve(length: number): void;
  reject(error: Error): void;
}

/**
 * A bounded ring of bytes with one reader and any number of writers, who wait while it is full. What a reader waits for
 * is copied into its buffer directly.
 */
export class MemoryPipe {
  #ring: Uint8Array;
  #capacity: number;
  #start = 0;
  #length = 0;
  #ended = false;
  #abandoned = false;
  #reader: PendingRead | undefined = undefined;
  #writers: PendingWrite[] = [];

  /**
   * Makes one.
   *
   * @param capacity bytes that it holds at most
   */
  constructor(capacity: number) {
    this.#capacity = Math.max(1, capacity);
    this.#ring = new Uint8Array(Math.min(FIRST_SIZE, this.#capacity));
  }

  /**
   * Reads at least one byte.
   *
   * @param buffer where the bytes go
   * @returns how many there were, `null` after the end
   */
  read(buffer: Uint8Array): Promise<number | null> {
    if (this.#abandoned) return Promise.resolve(null);
    if (this.#length > 0) return Promise.resolve(this.#take(buffer));
    if (this.#ended) return Promise.resolve(null);
    if (this.#reader !== undefined) return Promise.reject(new Deno.errors.Busy("another read is pending"));
    return new Promise((resolve) => this.#reader = { buffer, resolve });
  }

  /**
   * Writes what there is room for, and waits while there is none.
   *
   * @param data the bytes; free to change once the promise settles
   * @returns how many were taken
   */
  write(data: Uint8Array): Promise<number> {
    if (this.#ended || this.#abandoned) return Promise.reject(brokenPipe());
    const taken = this.#put(data);
    if (taken > 0 || data.length === 0) return Promise.resolve(taken);
    return new Promise((resolve, reject) => this.#writers.push({ data, resolve, reject }));
  }

  /** The writer's end: what is in the pipe can still be read; a write that waits is rejected. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#rejectWriters();
    this.#wakeReader(null);
  }

  /** The reader's end: what is in the pipe is lost, writes are rejected from now on. */
  abandon(): void {
    if (this.#abandoned) return;
    this.#abandoned = true;
    this.#length = 0;
    this.#rejectWriters();
    this.#wakeReader(null);
  }

  #rejectWriters(): void {
    for (const writer of this.#writers.splice(0)) writer.reject(brokenPipe());
  }

  #wakeReader(length: number | null): void {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.resolve(length);
  }

  /** Hands bytes to the waiting reader, stores the rest. While writers wait there is room for nobody. */
  #put(data: Uint8Array): number {
    let direct = 0;
    if (this.#reader !== undefined && data.length > 0) {
      direct = Math.min(data.length, this.#reader.buffer.length);
      this.#reader.buffer.set(data.length === direct ? data : data.subarray(0, direct));
      this.#wakeReader(direct);
    }
    return direct + this.#store(data, direct);
  }

  #store(data: Uint8Array, offset: number): number {
    const count = Math.min(data.length - offset, this.#capacity - this.#length);
    if (count === 0) return 0;
    this.#reserve(this.#length + count);
    const ring = this.#ring, end = (this.#start + this.#length) % ring.length;
    const first = Math.min(count, ring.length - end);
    ring.set(data.subarray(offset, offset + first), end);
    if (first < count) ring.set(data.subarray(offset + first, offset + count), 0);
    this.#length += count;
    return count;
  }

  #reserve(needed: number): void {
    if (needed <= this.#ring.length) return;
    const grown = new Uint8Array(Math.min(this.#capacity, Math.max(needed, this.#ring.length * 2)));
    this.#copyOut(grown, this.#length);
    this.#ring = grown;
    this.#start = 0;
  }

  #take(buffer: Uint8Array): number {
    const count = Math.min(buffer.length, this.#length);
    this.#copyOut(buffer, count);
    this.#start = (this.#start + count) % this.#ring.length;
    this.#length -= count;
    this.#admitWriters();
    return count;
  }

  #copyOut(target: Uint8Array, count: number): void {
    const first = Math.min(count, this.#ring.length - this.#start);
    target.set(this.#ring.subarray(this.#start, this.#start + first));
    if (first < count) target.set(this.#ring.subarray(0, count - first), first);
  }

  #admitWriters(): void {
    while (this.#writers.length > 0) {
      const taken = this.#store(this.#writers[0].data, 0);
      if (taken === 0) return;
      this.#writers.shift()!.resolve(taken);
    }
  }
}

function brokenPipe(): Error {
  return new Deno.errors.BrokenPipe("the stream is closed");
}
