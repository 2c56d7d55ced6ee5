/** A stream of MQTT packets becomes frames of a WebSocket server (RFC 6455, 5.2).
 * @module */
import { type Slab, SlabPool, SMALLEST_KEPT } from "../src/packets/slab.ts";
import { Opcode } from "./frame_decoder.ts";
import { type Frames, LastFrames } from "./last_frames.ts";
import { copyShort, viewOf } from "./websocket_mask.ts";

/** How packets become frames: each has one of its own, or all of one write share one. */
export type WebSocketFrames = "packets" | "coalesced";

/** What makes frames. */
export interface FrameEncoder {
  /** True when a frame has ended and another may begin. */
  readonly isBetweenFrames: boolean;
  /**
   * Makes frames of bytes.
   *
   * @param data the bytes, at most 2^32 - 15
   * @returns the frames
   */
  encode(data: Uint8Array): Frames;
}

/** From so many bytes on a copy by the engine is faster than a loop. */
const LONG = 256;
const FINAL = 0x80;
const memory = new SlabPool(), lastFrames = new LastFrames();

/** One frame for each write. */
export class WriteFrames implements FrameEncoder {
  /** Always: a write is a frame. */
  readonly isBetweenFrames: boolean = true;

  /**
   * Makes one frame.
   *
   * @param data the bytes
   * @returns the frame
   */
  encode(data: Uint8Array): Frames {
    return oneFrame(data);
  }
}

/**
 * One frame for each packet, however the packets are cut into writes. Its length is known from the packet's fixed header, so a
 * frame begins with the first bytes of its packet, and later writes go on with it.
 */
export class PacketFrames implements FrameEncoder {
  /** Bytes of the packet under way that are still to come. */
  #rest = 0;
  /** A fixed header that was cut. */
  #cut: Uint8Array | undefined = undefined;

  /** False while a packet is under way. */
  get isBetweenFrames(): boolean {
    return this.#rest === 0 && this.#cut === undefined;
  }

  /**
   * Makes a frame of each packet, and of the beginning of one.
   *
   * @param data the bytes that come next
   * @returns the frames
   */
  encode(data: Uint8Array): Frames {
    const canShare = this.isBetweenFrames, known = canShare ? lastFrames.of(data) : undefined;
    if (known !== undefined) return known;
    const isOne = canShare && packetSize(data, 0) === data.length;
    const frames = isOne ? oneFrame(data) : this.#encodeAll(data);
    if (canShare && this.isBetweenFrames) lastFrames.keep(data, frames);
    return frames;
  }

  #encodeAll(next: Uint8Array): Frames {
    const data = this.#cut === undefined ? next : joined(this.#cut, next);
    this.#cut = undefined;
    const slab = memoryOf(this.#measure(data));
    return { slab, length: this.#fill(slab.bytes, data) };
  }

  /** Bytes that the frames of this data take. */
  #measure(data: Uint8Array): number {
    let length = data.length;
    for (let at = this.#rest; at < data.length;) {
      const size = packetSize(data, at);
      if (size === 0) break;
      length += headerSize(size);
      at += size;
    }
    return length;
  }

  #fill(frames: Uint8Array, data: Uint8Array): number {
    const source = viewOf(data), target = viewOf(frames);
    let at = Math.min(this.#rest, data.length), end = at;
    frames.set(data.subarray(0, at));
    this.#rest -= at;
    while (at < data.length) {
      const size = packetSize(data, at);
      if (size === 0) {
        this.#cut = data.slice(at);
        break;
      }
      end = writeHeader(frames, { at: end, opcode: Opcode.Binary, length: size });
      const length = Math.min(size, data.length - at);
      if (length < LONG) copyShort(source, target, { from: at, to: end, length, mask: 0 });
      else frames.set(data.subarray(at, at + length), end);
      this.#rest = size - length;
      at += length;
      end += length;
    }
    return end;
  }
}

/**
 * Makes a control frame.
 *
 * @param opcode its kind
 * @param payload at most 125 bytes
 * @returns the frame
 */
export function controlFrame(opcode: number, payload: Uint8Array): Uint8Array {
  return Uint8Array.of(FINAL | opcode, payload.length, ...payload);
}

/** New memory for each write would cost more than to make the frames. */
function memoryOf(size: number): Slab {
  return memory.take(Math.max(SMALLEST_KEPT, size));
}

function oneFrame(data: Uint8Array): Frames {
  const slab = memoryOf(headerSize(data.length) + data.length);
  const at = writeHeader(slab.bytes, { at: 0, opcode: Opcode.Binary, length: data.length });
  slab.bytes.set(data, at);
  return { slab, length: at + data.length };
}

/** @returns the size of the packet that begins there, 0 when its Remaining Length is cut */
function packetSize(data: Uint8Array, at: number): number {
  let length = 0;
  for (let i = 1; i <= 4; i++) {
    if (at + i >= data.length) return 0;
    const byte = data[at + i];
    length += (byte & 0x7f) << 7 * (i - 1);
    if (byte < 0x80) return 1 + i + length;
  }
  return data.length - at; // no packet; it is not for here to say so
}

function headerSize(length: number): number {
  return length < 126 ? 2 : length < 65_536 ? 4 : 10;
}

/** @returns where the payload begins */
function writeHeader(
  frames: Uint8Array,
  { at, opcode, length }: { at: number; opcode: number; length: number },
): number {
  frames[at] = FINAL | opcode;
  if (length < 126) {
    frames[at + 1] = length;
    return at + 2;
  }
  if (length < 65_536) {
    frames[at + 1] = 126;
    frames[at + 2] = length >>> 8;
    frames[at + 3] = length;
    return at + 4;
  }
  frames[at + 1] = 127;
  frames.fill(0, at + 2, at + 6);
  for (let i = 0; i < 4; i++) frames[at + 6 + i] = length >>> 24 - 8 * i;
  return at + 10;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}
