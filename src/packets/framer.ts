/** Cuts a stream of bytes into packets without copying them.
 * @module */

import { ReasonCode } from "./reason_codes.ts";
import { MqttError } from "./errors.ts";
import { ReadSize } from "./read_size.ts";
import type { Slab, SlabPool } from "./slab.ts";

/** The largest packet that the protocol can express (2.1.4). */
export const PROTOCOL_MAXIMUM_PACKET_SIZE = 268_435_460;

const NOTHING: Uint8Array = new Uint8Array(0);

/** Options of {@linkcode Framer}. */
export interface FramerOptions {
  /** Largest packet in bytes, fixed header included; the protocol's maximum when absent. */
  maximumPacketSize?: number;
  /** Bytes of the first slab, 1,024 when absent. */
  initialSize?: number;
  /** Largest region offered for one read, 65,536 when absent. */
  maximumReadSize?: number;
  /** Where memory comes from and returns to; without it every slab is new and never written again. */
  pool?: SlabPool;
}

/**
 * Collects what arrives on one connection and finds the packets in it.
 *
 * Bytes that were handed out are not overwritten: views on them stay valid for ever (and keep their slab alive, so copy
 * what is kept for long); with a pool only those whose slab is held or kept. Memory follows what has arrived, never a length that a client only announces.
 *
 * @example
 * ```ts
 * import { Framer } from "@mochi/broker/packets";
 *
 * const framer = new Framer({ maximumPacketSize: 1024 });
 * framer.push(Uint8Array.of(0xc0, 0x00, 0xe0)); // PINGREQ and the first byte of DISCONNECT
 * console.assert(framer.next() && framer.header === 0xc0);
 * console.assert(!framer.next());
 * ```
 */
export class Framer {
  /** Largest packet accepted, in bytes with its fixed header; may change at any time. */
  maximumPacketSize: number;
  /** First byte of the packet found last: type and flags. */
  header = 0;
  /** Where that packet is. */
  buffer: Uint8Array = NOTHING;
  /** Index of its first byte, the fixed header. */
  frameStart = 0;
  /** Index of its first byte behind the fixed header. */
  start = 0;
  /** Index behind its last byte. */
  end = 0;

  /** Packets that were found. */
  packets = 0;
  /** The memory of the packet found last, when it belongs to a pool: hold it or keep it to use views for longer. */
  slab: Slab | undefined = undefined;

  readonly #readSize: ReadSize;
  readonly #pool: SlabPool | undefined;
  #slab: Uint8Array = NOTHING;
  /** Whether the slab is a chunk of the caller; it is full then. */
  #foreign = true;
  /** Bytes before this index are framed. */
  #framed = 0;
  /** Bytes before this index have arrived. */
  #filled = 0;
  /** Size of the packet that is incomplete, 0 when its length is not known yet. */
  #announced = 0;
  /** Bytes of the slab that its pool counts: what it has for one read, not what a packet that is incomplete takes. */
  #counted = 0;
  /** Length of the region offered last. */
  #offered = 0;

  /**
   * A framer without memory yet.
   *
   * @param options limits and sizes
   */
  constructor(options: FramerOptions = {}) {
    this.maximumPacketSize = options.maximumPacketSize ?? PROTOCOL_MAXIMUM_PACKET_SIZE;
    this.#pool = options.pool;
    this.#readSize = new ReadSize(options.initialSize ?? 1024, options.maximumReadSize ?? 65_536);
  }

  /** Bytes that have arrived and that {@linkcode Framer.next} has not found a packet in. */
  get pendingBytes(): number {
    return this.#filled - this.#framed;
  }

  /**
   * The region to read into, at least one byte; call {@linkcode Framer.commit} afterwards.
   *
   * @returns a view that nothing else uses
   */
  space(): Uint8Array {
    const pending = this.pendingBytes;
    if (pending === 0 && this.slab?.isIdle) this.#framed = this.#filled = 0;
    const free = this.#slab.length - this.#filled;
    const { initial, maximum } = this.#readSize;
    const most = Math.max(this.#pool?.mostForRead ?? Infinity, initial), size = Math.min(this.#readSize.size, most);
    const oversized = this.#slab.length > 2 * size && pending <= size >>> 1;
    if (free < size >>> 2 || free === 0 || oversized || this.#slab.length > most && this.#mayShrink(pending, size)) {
      this.#renew(pending, this.#slabSize(pending, size));
    }
    const end = Math.min(this.#slab.length, this.#filled + maximum);
    this.#offered = end - this.#filled;
    return this.#offered === this.#slab.length ? this.#slab : this.#slab.subarray(this.#filled, end);
  }

  /**
   * Tells that bytes were read into the region from {@linkcode Framer.space}.
   *
   * @param length number of bytes read
   */
  commit(length: number): void {
    this.#filled += length;
    this.#readSize.adapt(length, this.#offered);
  }

  /**
   * Takes a chunk of a source that brings its own memory; the caller must not change it afterwards.
   *
   * @param chunk bytes that arrived
   */
  push(chunk: Uint8Array): void {
    const pending = this.pendingBytes;
    if (pending === 0) {
      this.#take(undefined);
      this.#slab = chunk;
      this.#foreign = true;
      this.#framed = 0;
      this.#filled = chunk.length;
      return;
    }
    const free = this.#slab.length - this.#filled;
    if (free < chunk.length) {
      this.#renew(pending, Math.max(2 * pending, pending + chunk.length, this.#readSize.initial));
    }
    this.#slab.set(chunk, this.#filled);
    this.#filled += chunk.length;
  }

  /**
   * Looks for the next whole packet and describes it in `header`, `buffer`, `frameStart`, `start` and `end`, which hold
   * until the next call of any method.
   *
   * @returns false when more bytes have to arrive first
   * @throws {MqttError} 0x81 when the Remaining Length has five bytes or is not in its shortest form,
   * 0x95 when the packet would exceed `maximumPacketSize`
   */
  next(): boolean {
    const slab = this.#slab;
    const at = this.#framed;
    if (this.#filled - at < 2) return this.#incomplete();
    let start = at + 2;
    let length = slab[at + 1];
    if (length >= 0x80) {
      length = this.#longLength(at + 1);
      if (length < 0) return false;
      start += length < 0x4000 ? 1 : length < 0x200000 ? 2 : 3;
    }
    const end = start + length;
    if (end - at > this.maximumPacketSize) throw tooLarge(end - at, this.maximumPacketSize);
    if (end > this.#filled) {
      this.#announced = end - at;
      return false;
    }
    this.#announced = 0;
    this.#framed = end;
    this.packets++;
    this.header = slab[at];
    this.buffer = slab;
    this.frameStart = at;
    this.start = start;
    this.end = end;
    return true;
  }

  /** Nothing is read any more: gives memory of a pool back. */
  release(): void {
    this.#take(undefined);
    this.#slab = this.buffer = NOTHING;
    this.#framed = this.#filled = 0;
  }

  /** The same at once, with what is in it: garbage would stay until it is collected. */
  discard(): void {
    this.slab?.discard();
    this.release();
  }

  /** First byte of the packet that comes next, 0 when nothing of it has arrived. */
  get nextHeader(): number {
    return this.#framed < this.#filled ? this.#slab[this.#framed] : 0;
  }

  /** A Remaining Length of two to four bytes (2.1.4), -1 when bytes are missing. */
  #longLength(at: number): number {
    const slab = this.#slab;
    let value = 0;
    for (let i = 0; i < 4; i++) {
      if (at + i >= this.#filled) return -1;
      const byte = slab[at + i];
      value |= (byte & 0x7f) << 7 * i;
      if (byte >= 0x80) continue;
      if (byte === 0) break; // [MQTT-1.5.5-1]
      return value;
    }
    throw new MqttError(ReasonCode.MalformedPacket, "Cannot read Remaining Length: too many bytes");
  }

  /** Nothing or one byte is left: lets go of memory that belongs to the caller. */
  #incomplete(): false {
    if (this.#foreign && this.#framed === this.#filled) {
      this.#slab = this.buffer = NOTHING;
      this.#framed = this.#filled = 0;
    }
    return false;
  }

  /** Whether half of the memory is enough. */
  #mayShrink(pending: number, size: number): boolean {
    return 2 * this.#slabSize(pending, size) <= this.#slab.length;
  }

  /** Room for the pending bytes and as many again, but not much more than the packet needs. */
  #slabSize(pending: number, size: number): number {
    const grown = pending + Math.max(size, pending);
    return this.#announced === 0 ? grown : Math.min(grown, Math.max(this.#announced, pending + size));
  }

  /** Holds another slab of the pool. */
  #take(slab: Slab | undefined): void {
    const { maximum } = this.#readSize, before = this.#counted;
    this.#counted = Math.min(slab?.bytes.length ?? 0, maximum);
    this.#pool?.countReading(before, this.#counted);
    this.slab?.release();
    this.slab = slab;
  }

  /** Takes a new slab and moves the incomplete packet to its start. */
  #renew(pending: number, size: number): void {
    const slab = this.#pool?.take(size), bytes = slab?.bytes ?? new Uint8Array(size);
    if (pending > 0) bytes.set(this.#slab.subarray(this.#framed, this.#filled));
    this.#take(slab);
    this.#slab = bytes;
    this.buffer = NOTHING; // the old slab lives on in the views on it only
    this.#foreign = false;
    this.#framed = 0;
    this.#filled = pending;
  }
}

function tooLarge(size: number, maximum: number): MqttError {
  return new MqttError(
    ReasonCode.PacketTooLarge,
    `Cannot accept packet: its size is ${size} bytes, the maximum is ${maximum}`,
  );
}
