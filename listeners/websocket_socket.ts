/** A WebSocket of the runtime as a socket of the broker.
 *
 * Limits of the runtime: it delivers a message only when all of its fragments have arrived, however many; reads cannot be
 * paused; and a socket that was closed here keeps its file descriptor until the peer sends something or leaves, or until
 * the server stops: there is no `terminate`.
 * @module */
import type { Socket } from "../src/broker/core/listener.ts";

const HIGH_WATER = 1_048_576;
const CHUNK_COST = 128;
const LONGEST_POLL = 50;
/** A message of so many bytes gives its memory back once it is read: garbage collection would leave hundreds of them. */
const LARGE_MESSAGE = 16_384;

interface PendingRead {
  readonly buffer: Uint8Array;
  resolve(length: number | null): void;
}

/** Lets bytes be pulled from messages that are pushed, and makes writers wait for what has not left yet. */
export class RuntimeWebSocket implements Socket {
  /** Address of the peer. */
  readonly remoteAddress: string;
  #socket: WebSocket;
  #limit: number;
  #chunks: Uint8Array<ArrayBuffer>[] = [];
  #bytes = 0;
  /** True while messages are gathered, and whether one has come since that was looked at last. */
  #gathering = false;
  #hasMore = false;
  #hasEnded = false;
  #reader: PendingRead | undefined = undefined;
  #wakeWriters: Set<() => void> = new Set();

  /**
   * Makes one.
   *
   * @param socket the WebSocket
   * @param options address of the peer, and how many bytes may wait to be read
   */
  constructor(socket: WebSocket, options: { remoteAddress: string; maximumBuffered: number }) {
    this.remoteAddress = options.remoteAddress;
    this.#limit = options.maximumBuffered;
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onclose = () => this.#finish();
    socket.onerror = () => this.#finish();
  }

  /**
   * Reads at least one byte. Messages that arrive together are read together, as far as the buffer takes them.
   *
   * @param buffer where the bytes go
   * @returns the number of bytes, `null` at the end
   */
  read(buffer: Uint8Array): Promise<number | null> {
    if (this.#chunks.length > 0 && this.#isEnoughFor(buffer)) return Promise.resolve(this.#take(buffer));
    if (this.#hasEnded) return Promise.resolve(null);
    if (this.#reader !== undefined) return Promise.reject(new Deno.errors.Busy("another read is pending"));
    return new Promise((resolve) => this.#reader = { buffer, resolve });
  }

  /**
   * Sends some or all of the bytes as one message. Waits while much of what was sent before has not left.
   *
   * @param data the bytes
   * @returns how many were taken
   */
  write(data: Uint8Array): Promise<number> {
    if (this.#socket.readyState !== WebSocket.OPEN) return Promise.reject(closed());
    const part = data.length > HIGH_WATER ? data.subarray(0, HIGH_WATER) : data;
    this.#socket.send(part as Uint8Array<ArrayBuffer>);
    return this.#socket.bufferedAmount <= HIGH_WATER ? Promise.resolve(part.length) : this.#drained(part.length);
  }

  /** Tells the peer that nothing more comes; it answers, and then `read` returns `null`. */
  closeWrite(): Promise<void> {
    this.#close(1000);
    return Promise.resolve();
  }

  /** Ends the stream after what was written. Safe to call twice. */
  close(): void {
    this.#close(1000);
    this.#chunks = [];
    this.#finish();
  }

  async #drained(taken: number): Promise<number> {
    for (let delay = 1; this.#socket.bufferedAmount > HIGH_WATER; delay = Math.min(LONGEST_POLL, delay * 2)) {
      await this.#pause(delay);
      if (this.#hasEnded || this.#socket.readyState !== WebSocket.OPEN) throw closed();
    }
    return taken;
  }

  #pause(delay: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#wakeWriters.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, delay);
      this.#wakeWriters.add(wake);
    });
  }

  #receive(data: unknown): void {
    if (this.#hasEnded) return;
    if (!(data instanceof ArrayBuffer)) return this.#refuse(1003, "MQTT is sent in binary frames"); // [MQTT-6.0.0-1]
    const size = data.byteLength;
    if (size === 0) return;
    if (size > this.#limit) return this.#refuse(1009, "a message is too long");
    if (!this.#hasRoomFor(size)) this.#wakeReader();
    if (!this.#hasRoomFor(size)) return this.#refuse(1013, "too much waits to be read");
    this.#chunks.push(new Uint8Array(data));
    this.#bytes += size;
    this.#gather();
  }

  #hasRoomFor(size: number): boolean {
    return this.#bytes + this.#chunks.length * CHUNK_COST + size <= this.#limit;
  }

  /**
   * Messages that have arrived together come one by one, each in a microtask of its own. A reader gets them when such a
   * microtask brings nothing, or when they fill its buffer, so that it can answer all of them at once.
   */
  #gather(): void {
    this.#hasMore = true;
    if (!this.#gathering) queueMicrotask(this.#goOn);
    this.#gathering = true;
    if (this.#reader !== undefined && this.#isEnoughFor(this.#reader.buffer)) this.#wakeReader();
  }

  readonly #goOn = (): void => {
    this.#gathering = this.#hasMore;
    this.#hasMore = false;
    if (this.#gathering) queueMicrotask(this.#goOn);
    else this.#wakeReader();
  };

  #isEnoughFor(buffer: Uint8Array): boolean {
    return !this.#gathering || this.#bytes >= buffer.length || this.#hasEnded;
  }

  /** What came in before can still be read. */
  #refuse(code: number, reason: string): void {
    this.#close(code, reason);
    this.#finish();
  }

  #close(code: number, reason?: string): void {
    try {
      this.#socket.close(code, reason);
    } catch {
      // it is closing already
    }
  }

  /** May run twice: the runtime can tell of one end more than once. */
  #finish(): void {
    this.#hasEnded = true;
    for (const wake of this.#wakeWriters) wake();
    this.#wakeReader();
  }

  #wakeReader(): void {
    const reader = this.#reader;
    if (reader === undefined || this.#chunks.length === 0 && !this.#hasEnded) return;
    this.#reader = undefined;
    reader.resolve(this.#chunks.length > 0 ? this.#take(reader.buffer) : null);
  }

  /** Copies from as many chunks as fit; a chunk that does not fit stays with its rest. */
  #take(buffer: Uint8Array): number {
    let length = 0, used = 0;
    while (used < this.#chunks.length && length < buffer.length) {
      const chunk = this.#chunks[used], count = Math.min(chunk.length, buffer.length - length);
      buffer.set(count === chunk.length ? chunk : chunk.subarray(0, count), length);
      length += count;
      if (count < chunk.length) this.#chunks[used] = chunk.subarray(count);
      else {
        if (chunk.buffer.byteLength >= LARGE_MESSAGE) chunk.buffer.transfer(0);
        used++;
      }
    }
    this.#chunks.splice(0, used);
    this.#bytes -= length;
    return length;
  }
}

function closed(): Error {
  return new Deno.errors.BrokenPipe("the stream is closed");
}
