/** How much is published and what has come of it: the one account of a run. */

import { Histogram } from "./histogram.ts";

/** How a run goes. */
export interface FlowOptions {
  /** Subscribers of each topic. */
  readonly fan: number;
  /** Deliveries that may be under way; 0 for any number. */
  readonly lag: number;
  /** Whether publishers wait for acknowledgements. */
  readonly acknowledged: boolean;
}

/** One who waits until more may be published. */
export interface Waiting {
  /** Goes on. */
  pump(): void;
}

/** Messages that one publisher sends at once. */
export const BURST = 64;

/** Counts, and holds publishers back when too much is under way. */
export class Flow {
  published = 0;
  acknowledged = 0;
  delivered = 0;
  /** Messages that came twice, or after one that was sent later. */
  repeated = 0;
  /** Connections that the broker has ended. */
  closed = 0;
  /** Whether latencies count yet. */
  isWarm = false;
  readonly latencies = new Histogram();
  readonly #options: FlowOptions;
  readonly #waiting = new Set<Waiting>();
  readonly #done = Promise.withResolvers<void>();
  #stopped = false;

  /** @param options how the run goes */
  constructor(options: FlowOptions) {
    this.#options = options;
  }

  /** Deliveries that all that was published should lead to. */
  get expected(): number {
    return this.published * this.#options.fan;
  }

  /** Resolves when everything has arrived. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  /** Publishes nothing more: the run ends when everything has arrived. */
  stop(): void {
    this.#stopped = true;
    this.progress();
  }

  /** Ends the run as it is. */
  giveUp(): void {
    this.#done.resolve();
  }

  /**
   * Asks to publish.
   *
   * @param publisher who asks; it is called when there is room again
   * @param wanted how many messages
   * @returns how many may be published now; they count as published
   */
  take(publisher: Waiting, wanted: number): number {
    if (this.#stopped || wanted <= 0) return 0;
    if (this.#options.lag > 0 && this.#room() < this.#needed(wanted)) {
      this.#waiting.add(publisher);
      return 0;
    }
    this.published += wanted;
    return wanted;
  }

  /** Deliveries or acknowledgements have come. */
  progress(): void {
    if (this.#stopped) return this.#end();
    for (const publisher of this.#waiting) {
      if (this.#room() < this.#needed(BURST)) break;
      this.#waiting.delete(publisher);
      publisher.pump();
    }
  }

  #end(): void {
    const answered = !this.#options.acknowledged || this.acknowledged >= this.published;
    if (answered && this.delivered >= this.expected) this.#done.resolve();
  }

  #room(): number {
    return this.#options.lag - (this.expected - this.delivered);
  }

  #needed(count: number): number {
    return Math.min(count * this.#options.fan, this.#options.lag);
  }
}
