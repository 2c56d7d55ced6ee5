/** Memory for what hooks see of messages: they may keep it for ever, so nothing is written twice to the same place.
 *
 * Memory of its own for every few small messages costs more than copying them: one tenth of what a message costs where a
 * hundred clients take turns.
 * @module */

/** So much is kept by who keeps the smallest payload. */
const CHUNK = 16_384;

/** Copies of bytes, one behind the other. */
export class HookMemory {
  /** Where the last copy is. */
  buffer: ArrayBuffer = new ArrayBuffer(0);
  #bytes = new Uint8Array(this.buffer);
  #used = 0;

  /**
   * Copies bytes into {@linkcode HookMemory.buffer}.
   *
   * @param bytes what is copied
   * @returns where the copy begins
   */
  add(bytes: Uint8Array): number {
    const { length } = bytes;
    if (this.#used + length > this.buffer.byteLength) this.#renew(length);
    const at = this.#used;
    this.#bytes.set(bytes, at);
    this.#used += length;
    return at;
  }

  #renew(length: number): void {
    this.#bytes = new Uint8Array(Math.max(CHUNK, length));
    this.buffer = this.#bytes.buffer as ArrayBuffer;
    this.#used = 0;
  }
}
