/** Taking the mask off the payload of a frame (RFC 6455, 5.3).
 * @module */

/** From so many bytes on it pays to go by words. */
const WORDS_FROM = 48;

/**
 * Moves bytes to the front and takes their mask off, in the same memory.
 *
 * @param bytes the memory
 * @param options where the masked bytes are (`from`, `length`), where the others go (`to`, not behind `from`), and the mask:
 * four bytes as a number, of which the lowest belongs to the first byte
 */
export function unmask(
  bytes: Uint8Array,
  { from, to, length, mask }: { from: number; to: number; length: number; mask: number },
): void {
  if (length < WORDS_FROM) {
    for (let i = 0; i < length; i++) bytes[to + i] = bytes[from + i] ^ mask >>> 8 * (i & 3);
    return;
  }
  bytes.copyWithin(to, from, from + length);
  const end = to + length;
  let at = to;
  for (; (bytes.byteOffset + at & 3) !== 0; at++) {
    bytes[at] ^= mask;
    mask = rotated(mask, 1);
  }
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + at, end - at >>> 2);
  for (let i = 0; i < words.length; i++) words[i] ^= mask;
  for (at += 4 * words.length; at < end; at++) {
    bytes[at] ^= mask;
    mask = rotated(mask, 1);
  }
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
