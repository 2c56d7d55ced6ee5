/** Frames that are made once for many clients.
 * @module */
import type { Slab } from "../src/packets/slab.ts";

/** Frames that are made. */
export interface Frames {
  /** Their memory, to be released when they have left; others may hold it too. */
  readonly slab: Slab;
  /** How much of it they fill. */
  readonly length: number;
}

const resolved = Promise.resolve();

/**
 * What was encoded last. A message for many leaves as the same bytes to each of them, one write behind the other, so their frames
 * are made once. It holds until the writes of this turn have begun: these bytes do not change before one of them is done.
 */
export class LastFrames {
  #data: Uint8Array | undefined = undefined;
  #frames: Frames | undefined = undefined;
  readonly #forget = () => {
    this.#frames?.slab.release();
    this.#data = this.#frames = undefined;
  };

  /**
   * Looks whether these bytes were encoded last.
   *
   * @param data the bytes
   * @returns their frames, for one holder more
   */
  of(data: Uint8Array): Frames | undefined {
    const last = this.#data;
    if (last?.buffer !== data.buffer || last.byteOffset !== data.byteOffset || last.length !== data.length) {
      return undefined;
    }
    this.#frames!.slab.hold();
    return this.#frames;
  }

  /**
   * Remembers frames.
   *
   * @param data the bytes
   * @param frames what they have become
   */
  keep(data: Uint8Array, frames: Frames): void {
    if (this.#data === undefined) resolved.then(this.#forget); // less work than queueMicrotask
    this.#frames?.slab.release();
    frames.slab.hold();
    this.#data = data;
    this.#frames = frames;
  }
}
