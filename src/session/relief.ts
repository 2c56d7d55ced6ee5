/** Publishers that wait until a subscriber has caught up.
 * @module */

/** What is known of a queue. */
interface QueueLength {
  /** Number of records. */
  readonly length: number;
  /** Bytes of their messages. */
  readonly bytes: number;
}

/** A promise for all acknowledgements that wait for one queue to become shorter. It never rejects. */
export class Relief {
  /** Resolves when the queue is short enough, or when nobody waits for it any longer. */
  readonly promise: Promise<void>;
  /** The same for those who wait so many milliseconds at most. */
  readonly brief: Map<number, Promise<void>> = new Map();
  /** True until the first of them have waited. */
  isYoung = true;
  /** Who has published something that goes into the queue since the last look at it. */
  readonly publishers: Set<string> = new Set();
  /** Milliseconds in which the subscriber takes one message of each of them; the longest time while that is not known. */
  spacing = Infinity;
  readonly #enough: QueueLength;
  #resolve!: () => void;

  /** @param enough records and bytes at which the queue is short enough */
  constructor(enough: QueueLength) {
    this.#enough = enough;
    this.promise = new Promise((resolve) => this.#resolve = resolve);
  }

  /** The queue has become shorter. */
  queueIsShorter({ length, bytes }: QueueLength): void {
    if (length <= this.#enough.length && bytes <= this.#enough.bytes) this.end();
  }

  /**
   * Reckons how often each publisher may publish so that the subscriber keeps up.
   * @param taken messages that it takes in a millisecond
   */
  pace(taken: number): void {
    this.spacing = Math.ceil(this.publishers.size / taken);
    this.publishers.clear();
  }

  /** Nobody waits any longer. */
  end(): void {
    this.#resolve();
  }
}
