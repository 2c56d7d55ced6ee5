/** Bytes on their way to one socket: appended during a turn, written once at its end.
 * @module */
import type { Slab } from "../../packets/slab.ts";
import type { Writer } from "../../packets/writer.ts";
import type { Socket } from "../core/listener.ts";
import type { Flushable, OutboundLimits, Turn } from "../core/turn.ts";

/** So many writes of the usual size wait at most where little waits: one under way, and the next. */
const LOW_WRITES = 2;
const NOTHING: Uint8Array = new Uint8Array(0);

/** What the owner of a queue is told. */
export interface OutboundOwner {
  /** A write is done, and there is room again. */
  written(): void;
  /** A write failed: the connection is lost. */
  writeFailed(error: unknown): void;
}

/**
 * The outbound buffer of one connection. An idle connection holds no memory here.
 *
 * Packets that a publisher has sent one behind the other are often forwarded just so. They are kept as a range of the
 * publisher's read buffer, and copied all at once, or written from there when nothing else is to be written.
 */
export class OutboundQueue implements Flushable {
  readonly #socket: Socket;
  readonly #turn: Turn;
  readonly #limits: OutboundLimits;
  readonly #owner: OutboundOwner;
  #filling: Writer | undefined;
  #range: Uint8Array | undefined;
  #slab: Slab | undefined;
  #rangeStart = 0;
  #rangeEnd = 0;
  /** Bytes in the writer and the range that are counted already. */
  #counted = 0;
  #packets = 0;
  #bytes = 0;
  #dirty = false;
  #writing = false;
  /** What is on its way, and the bytes of it that the socket has not taken. */
  #leaving: { packets: number; writer: Writer | undefined; slab: Slab | undefined } | undefined;
  #rest = NOTHING;
  #whenTaken: ((bytes: number) => void) | undefined;
  #whenLost: ((error: unknown) => void) | undefined;
  #ended: (() => void) | undefined;

  /**
   * @param socket where the bytes go
   * @param options what the queue works with
   */
  constructor(
    socket: Socket,
    options: { turn: Turn; limits: OutboundLimits; owner: OutboundOwner },
  ) {
    this.#socket = socket;
    this.#turn = options.turn;
    this.#limits = options.limits;
    this.#owner = options.owner;
  }

  /** Bytes that wait, those of a write under way included. */
  get pendingBytes(): number {
    return this.#bytes;
  }

  /** True when no limit is reached. */
  hasRoom(): boolean {
    const limits = this.#limits;
    return this.#packets < limits.packets && this.#bytes < limits.bytes &&
      (this.#turn.pendingBytes < limits.totalBytes || this.#bytes < limits.flushBytes);
  }

  /** True when little waits: what can be sent at any time need not pile up here, for a client that may never read it. */
  isLow(): boolean {
    return this.#bytes < LOW_WRITES * this.#limits.flushBytes && this.hasRoom();
  }

  /** True when answers have piled up to twice the limits, so that nothing more should be asked for. */
  isFlooded(): boolean {
    const limits = this.#limits;
    return this.#packets > 2 * limits.packets || this.#bytes > 2 * limits.bytes ||
      this.#turn.pendingBytes > 2 * limits.totalBytes && this.#bytes > limits.flushBytes;
  }

  /** The buffer to append one packet to; call {@linkcode OutboundQueue.appended} afterwards. */
  get writer(): Writer {
    if (this.#range !== undefined) this.#copyRange();
    return this.#filling ??= this.#turn.acquire();
  }

  /** A packet was appended to the writer. */
  appended(): void {
    this.#count(this.#filling!.length - this.#counted, 1);
  }

  /** Appends a packet that stands in `buffer` from `start` to `end`; these bytes must not change while `slab` is held. */
  appendFrame(buffer: Uint8Array, start: number, end: number, slab: Slab | undefined): void {
    if (this.#range === buffer && this.#rangeEnd === start) this.#rangeEnd = end;
    else {
      if (this.#range !== undefined) this.#copyRange();
      this.#range = buffer;
      this.#rangeStart = start;
      this.#rangeEnd = end;
      this.#slab = slab;
      slab?.hold();
    }
    this.#count(end - start, 1);
  }

  #count(bytes: number, packets: number): void {
    this.#counted += bytes;
    this.#packets += packets;
    this.#bytes += bytes;
    this.#turn.pendingBytes += bytes;
    if (this.#dirty) this.#turn.hasMoved = true;
    else {
      this.#dirty = true;
      this.#turn.schedule(this);
    }
    if (this.#counted >= this.#limits.flushBytes && !this.#writing) this.#write();
  }

  /** Copies the range behind what the writer holds. */
  #copyRange(): void {
    const writer = this.#filling ??= this.#turn.acquire(),
      range = this.#range!,
      start = this.#rangeStart,
      end = this.#rangeEnd;
    writer.copy(range, start, end);
    this.#range = undefined;
    this.#slab?.release();
    this.#slab = undefined;
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

  /** Begins to write all that waits; what is appended meanwhile follows when that is done. */
  #write(): void {
    this.#writing = true;
    try {
      if (this.#range !== undefined && this.#filling !== undefined) this.#copyRange();
    } catch (error) { // there is no memory for it
      return this.#lost(error);
    }
    const writer = this.#filling;
    this.#leaving = { packets: this.#packets, writer, slab: this.#slab };
    const bytes = writer === undefined
      ? this.#range!.subarray(this.#rangeStart, this.#rangeEnd)
      : writer.buffer.subarray(0, writer.length);
    this.#filling = this.#range = this.#slab = undefined;
    this.#counted = 0;
    this.#send(bytes);
  }

  /** Not async: the way from one write to the next is as short as it can be. */
  #send(bytes: Uint8Array): void {
    this.#rest = bytes;
    this.#whenTaken ??= (taken) => this.#taken(taken);
    this.#whenLost ??= (error) => this.#lost(error);
    try {
      this.#socket.write(bytes).then(this.#whenTaken, this.#whenLost);
    } catch (error) {
      this.#lost(error);
    }
  }

  #taken(bytes: number): void {
    this.#turn.sentBytes += bytes;
    this.#bytesGone(bytes);
    if (bytes < this.#rest.length) return this.#send(this.#rest.subarray(bytes));
    const { packets, writer, slab } = this.#leaving!;
    this.#leaving = undefined;
    this.#rest = NOTHING;
    this.#packets -= packets;
    slab?.release();
    if (writer !== undefined) this.#turn.release(writer);
    try {
      this.#owner.written();
    } catch (error) {
      return this.#lost(error);
    }
    // what this turn has appended leaves at its end, unless there is much of it
    if (this.#counted >= this.#limits.flushBytes || this.#counted > 0 && !this.#dirty) this.#write();
    else this.#end();
  }

  #lost(error: unknown): void {
    this.#leaving = undefined;
    this.#rest = NOTHING;
    this.#bytesGone(this.#bytes);
    this.#packets = this.#counted = 0;
    this.#owner.writeFailed(error);
    this.#end();
  }

  #end(): void {
    this.#writing = false;
    this.#ended?.();
  }

  #bytesGone(bytes: number): void {
    this.#bytes -= bytes;
    this.#turn.pendingBytes -= bytes;
  }
}
