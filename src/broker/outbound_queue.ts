/** Bytes on their way to one socket: appended during a turn, written once at its end.
 * @module */
import { Writer } from "../packets/writer.ts";
import type { Socket } from "./listener.ts";

/** Buffers up to this size are used again. */
const LARGEST_POOLED = 1_048_576;
/** Buffers that wait to be used again. */
const POOL_SIZE = 32;

/** What all outbound queues of a broker share. */
export class OutboundShared {
  /** Bytes in all queues. */
  pendingBytes = 0;
  /** Bytes that were written. */
  sentBytes = 0;
  readonly #pool: Writer[] = [];
  #dirty: OutboundQueue[] = [];
  #scheduled = false;
  readonly #flush = () => {
    this.#scheduled = false;
    const dirty = this.#dirty;
    this.#dirty = [];
    for (let index = 0; index < dirty.length; index++) dirty[index].flush();
  };

  /** Writes this queue at the end of the turn, together with all others. */
  schedule(queue: OutboundQueue): void {
    this.#dirty.push(queue);
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(this.#flush);
  }

  /** A buffer to fill. */
  acquire(): Writer {
    return this.#pool.pop() ?? new Writer(4_096);
  }

  /** A buffer that was written. */
  release(writer: Writer): void {
    if (this.#pool.length >= POOL_SIZE || writer.buffer.length > LARGEST_POOLED) return;
    writer.length = 0;
    this.#pool.push(writer);
  }
}

/** Limits of one queue, above which {@linkcode OutboundQueue.hasRoom} is false. */
export interface OutboundLimits {
  /** Packets. */
  readonly packets: number;
  /** Bytes. */
  readonly bytes: number;
  /** Bytes in all queues of the broker. */
  readonly totalBytes: number;
  /** Bytes after which a write begins before the end of the turn. */
  readonly flushBytes: number;
}

/** What the owner of a queue is told. */
export interface OutboundOwner {
  /** A write is done, and there is room again. */
  written(): void;
  /** A write failed: the connection is lost. */
  writeFailed(error: unknown): void;
}

/** The outbound buffer of one connection. An idle connection holds no memory here. */
export class OutboundQueue {
  readonly #socket: Socket;
  readonly #shared: OutboundShared;
  readonly #limits: OutboundLimits;
  readonly #owner: OutboundOwner;
  #filling: Writer | undefined;
  #counted = 0;
  #packets = 0;
  #bytes = 0;
  #dirty = false;
  #writing = false;
  #ended: (() => void) | undefined;

  /**
   * @param socket where the bytes go
   * @param options what the queue works with
   */
  constructor(
    socket: Socket,
    options: { shared: OutboundShared; limits: OutboundLimits; owner: OutboundOwner },
  ) {
    this.#socket = socket;
    this.#shared = options.shared;
    this.#limits = options.limits;
    this.#owner = options.owner;
  }

  /** Bytes that wait, those of a write under way included. */
  get pendingBytes(): number {
    return this.#bytes;
  }

  /** Packets that wait, those of a write under way included. */
  get pendingPackets(): number {
    return this.#packets;
  }

  /** True when no limit is reached. */
  hasRoom(): boolean {
    const limits = this.#limits;
    return this.#packets < limits.packets && this.#bytes < limits.bytes &&
      this.#shared.pendingBytes < limits.totalBytes;
  }

  /** The buffer to append one packet to; call {@linkcode OutboundQueue.appended} afterwards. */
  get writer(): Writer {
    return this.#filling ??= this.#shared.acquire();
  }

  /** One packet was appended to the writer. */
  appended(): void {
    const length = this.#filling!.length;
    const grown = length - this.#counted;
    this.#counted = length;
    this.#packets++;
    this.#bytes += grown;
    this.#shared.pendingBytes += grown;
    if (!this.#dirty) {
      this.#dirty = true;
      this.#shared.schedule(this);
    }
    if (length >= this.#limits.flushBytes && !this.#writing) this.#write();
  }

  /** Appends the bytes of one packet. */
  append(bytes: Uint8Array): void {
    const writer = this.#filling ??= this.#shared.acquire();
    writer.reserve(bytes.length);
    writer.buffer.set(bytes, writer.length);
    writer.length += bytes.length;
    this.appended();
  }

  /** Begins a write, unless one is under way. */
  flush(): void {
    this.#dirty = false;
    if (!this.#writing && this.#counted > 0) this.#write();
  }

  /** Calls `done` when everything is written, or when that has failed. */
  end(done: () => void): void {
    this.#ended = done;
    this.flush();
    if (!this.#writing) done();
  }

  async #write(): Promise<void> {
    this.#writing = true;
    try {
      while (this.#counted > 0) await this.#writeOnce();
    } catch (error) {
      this.#bytesGone(this.#bytes);
      this.#packets = 0;
      this.#owner.writeFailed(error);
    }
    this.#writing = false;
    this.#ended?.();
  }

  async #writeOnce(): Promise<void> {
    const writer = this.#filling!, length = this.#counted, packets = this.#packets;
    this.#filling = undefined;
    this.#counted = 0;
    let rest = writer.buffer.subarray(0, length);
    for (;;) {
      const taken = await this.#socket.write(rest);
      this.#shared.sentBytes += taken;
      this.#bytesGone(taken);
      if (taken >= rest.length) break;
      rest = rest.subarray(taken);
    }
    this.#packets -= packets;
    this.#shared.release(writer);
    this.#owner.written();
  }

  #bytesGone(bytes: number): void {
    this.#bytes -= bytes;
    this.#shared.pendingBytes -= bytes;
  }
}
