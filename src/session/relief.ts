/** Publishers that wait until a subscriber has caught up.
 * @module */

/** When something begins, and how much the subscriber had finished until then. */
interface Beginning {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Exchanges. */
  readonly finished: number;
}

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
  /** Who has published something that goes into the queue. */
  readonly publishers: Set<string> = new Set();
  /** When they began to wait. */
  readonly beginning: Beginning;
  readonly #enough: QueueLength;
  #resolve!: () => void;

  /** @param enough records and bytes at which the queue is short enough @param beginning what there was before */
  constructor(enough: QueueLength, beginning: Beginning) {
    this.#enough = enough;
    this.beginning = beginning;
    this.promise = new Promise((resolve) => this.#resolve = resolve);
  }

  /** The queue has become shorter. */
  queueIsShorter({ length, bytes }: QueueLength): void {
    if (length <= this.#enough.length && bytes <= this.#enough.bytes) this.end();
  }

  /** Nobody waits any longer. */
  end(): void {
    this.#resolve();
  }
}
