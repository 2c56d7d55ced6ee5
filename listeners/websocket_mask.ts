/** Taking the mask off the payload of a frame (RFC 6455, 5.3).
 * @module */

/** From so many bytes on the engine moves them faster than a loop. */
export const LONG = 512;

/** What is moved: `length` bytes at `from` go to `to`. The lowest byte of the mask, a number of 32 bits, belongs to the first of them. */
export interface Move {
  /** Index of the first byte. */
  readonly from: number;
  /** Index of its place. */
  readonly to: number;
  /** How many bytes. */
  readonly length: number;
  /** What is combined with each four of them; 0 changes nothing. */
  readonly mask: number;
}

/**
 * Moves bytes to the front and takes their mask off, in the same memory.
 *
 * @param bytes the memory
 * @param move where the masked bytes are and where the others go, which is not behind them
 */
export function unmask(bytes: Uint8Array, move: Move): void {
  if (move.length >= LONG) return unmaskLong(bytes, move);
  const view = viewOf(bytes);
  copyShort(view, view, move);
}

function unmaskLong(bytes: Uint8Array, move: Move): void {
  const { from, to, length } = move, end = to + length;
  let { mask } = move, at = to;
  bytes.copyWithin(to, from, from + length);
  for (; (bytes.byteOffset + at & 7) !== 0; at++) {
    bytes[at] ^= mask;
    mask = rotated(mask, 1);
  }
  const words = new BigUint64Array(bytes.buffer, bytes.byteOffset + at, end - at >>> 3);
  unmaskWords(words, mask);
  for (at += 8 * words.length; at < end; at++) {
    bytes[at] ^= mask;
    mask = rotated(mask, 1);
  }
}

/** Words of 64 bits take half the time of 32; cut to 64 bits they are numbers of the processor, not of the heap. */
function unmaskWords(words: BigUint64Array, mask: number): void {
  const long = BigInt(mask >>> 0) * 0x1_0000_0001n;
  let i = 0;
  for (const last = words.length - 4; i <= last; i += 4) {
    words[i] = BigInt.asUintN(64, words[i] ^ long);
    words[i + 1] = BigInt.asUintN(64, words[i + 1] ^ long);
    words[i + 2] = BigInt.asUintN(64, words[i + 2] ^ long);
    words[i + 3] = BigInt.asUintN(64, words[i + 3] ^ long);
  }
  for (; i < words.length; i++) words[i] = BigInt.asUintN(64, words[i] ^ long);
}

/**
 * Copies a few bytes, word by word: up to some hundreds that is faster than to ask the engine (`tests/bench/frames_bench.ts`).
 *
 * @param source where they are
 * @param target where they go; may be the same memory, when they go to the front
 * @param move which, where to, and their mask
 */
export function copyShort(
  source: DataView<ArrayBufferLike>,
  target: DataView<ArrayBufferLike>,
  { from, to, length, mask }: Move,
): void {
  let at = 0;
  for (const last = length - 16; at <= last; at += 16) {
    target.setInt32(to + at, source.getInt32(from + at, true) ^ mask, true);
    target.setInt32(to + at + 4, source.getInt32(from + at + 4, true) ^ mask, true);
    target.setInt32(to + at + 8, source.getInt32(from + at + 8, true) ^ mask, true);
    target.setInt32(to + at + 12, source.getInt32(from + at + 12, true) ^ mask, true);
  }
  for (const last = length - 4; at <= last; at += 4) {
    target.setInt32(to + at, source.getInt32(from + at, true) ^ mask, true);
  }
  for (; at < length; at++) target.setUint8(to + at, source.getUint8(from + at) ^ mask >>> 8 * (at & 3));
}

/**
 * Numbers of any size at any place.
 *
 * @param bytes the memory
 * @returns a view on the same
 */
export function viewOf(bytes: Uint8Array): DataView<ArrayBufferLike> {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/**
 * The mask for bytes that stand further behind.
 *
 * @param mask four bytes as a number
 * @param count by how many bytes
 * @returns the mask that begins there
 */
export function rotated(mask: number, count: number): number {
  const bits = 8 * (count & 3);
  return bits === 0 ? mask : mask >>> bits | mask << 32 - bits;
}
