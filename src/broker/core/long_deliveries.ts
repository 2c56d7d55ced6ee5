/** Messages that go to very many, one behind the other.
 * @module */

/** A message that is delivered in portions. */
interface LongDelivery {
  readonly topic: string;
  /** Resolves when all have it, or when that has failed. */
  readonly done: Promise<unknown>;
}

/**
 * One for each broker: messages that go to very many are delivered one behind the other, and who gets one is found out when it is its
 * turn, as to know that takes memory.
 */
export class LongDeliveries {
  /** The last one that has begun. */
  #last: LongDelivery | undefined = undefined;
  /** The end of the line of those who wait. */
  #line: Promise<unknown> = Promise.resolve();
  /** How many wait, by topic. */
  readonly #waiting: Map<string, number> = new Map();

  /** Whether one is under way. */
  get isBusy(): boolean {
    return this.#last !== undefined || this.#waiting.size > 0;
  }

  /** Whether one to this topic is under way: whoever gets two messages to a topic gets them in their order [MQTT-4.6.0-6]. */
  concerns(topic: string): boolean {
    return this.#last?.topic === topic || this.#waiting.has(topic);
  }

  /** Resolves when none is under way. */
  async settled(): Promise<void> {
    while (this.isBusy) await (this.#last?.done ?? this.#line);
  }

  /**
   * Waits for those before.
   *
   * @param topic the topic of a message
   * @param choose finds out who gets it, when it is its turn; it is delivered at once then
   * @returns what `choose` returns
   */
  after<T>(topic: string, choose: () => T | Promise<T>): Promise<T> {
    this.#count(topic, 1);
    const turn = this.#line.then(() => this.#last?.done).then(choose), next = () => this.#count(topic, -1);
    this.#line = turn.then(next, next);
    return turn;
  }

  /** The next one has begun. @returns the one before it, if it is not done */
  begin(topic: string, done: Promise<unknown>): Promise<unknown> | undefined {
    const earlier = this.#last?.done, delivery = this.#last = { topic, done };
    done.then(() => this.#last === delivery && (this.#last = undefined));
    return earlier;
  }

  #count(topic: string, one: 1 | -1): void {
    const count = (this.#waiting.get(topic) ?? 0) + one;
    if (count === 0) this.#waiting.delete(topic);
    else this.#waiting.set(topic, count);
  }
}
