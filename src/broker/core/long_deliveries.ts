/** Messages that go to hundreds or more, one behind the other.
 * @module */

/** Receivers that messages may hold whose hooks have not answered; each takes up to 160 bytes. */
const MOST_HELD = 65_536;

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
  /** Receivers that are held in memory while hooks are asked about them. */
  #held = 0;
  /** How many wait in the line, by topic. */
  readonly #waiting: Map<string, number> = new Map();
  /** Who waits for a round, by ClientID, and until when. */
  readonly #publishers: Map<string, Promise<unknown>> = new Map();

  /** Whether one is under way, or waits. */
  get isBusy(): boolean {
    return this.#last !== undefined || this.#waiting.size > 0 || this.#publishers.size > 0;
  }

  /** Whether one to this topic is under way: whoever gets two messages to a topic gets them in their order [MQTT-4.6.0-6]. */
  concerns(topic: string): boolean {
    return this.#last?.topic === topic || this.#waiting.has(topic);
  }

  /** Resolves when none is under way. */
  async settled(): Promise<void> {
    while (this.isBusy) await Promise.allSettled([this.#last?.done, this.#line, ...this.#publishers.values()]);
  }

  /** A message of a client waits for a round. */
  waits(clientId: string, until: Promise<unknown>): void {
    const done = () => this.#publishers.get(clientId) === until && this.#publishers.delete(clientId);
    this.#publishers.set(clientId, until);
    until.then(done, done);
  }

  /** What the last message of a client waits for that waits for a round. */
  waitingOf(clientId: string): Promise<unknown> | undefined {
    return this.#publishers.get(clientId);
  }

  /**
   * Waits for those before.
   *
   * @param topic the topic of a message
   * @param choose finds out who gets it, when it is its turn
   * @returns what `choose` returns; it is delivered at once then
   */
  after<T>(topic: string, choose: () => T | Promise<T>): Promise<T> {
    this.#count(topic, 1);
    const turn = this.#line.then(() => this.#last?.done).then(choose), next = () => this.#count(topic, -1);
    this.#line = turn.then(next, next);
    return turn;
  }

  /**
   * A message waits for a hook, with what is known of its receivers: those behind it do not wait for that hook, unless very much is
   * held in memory by now.
   *
   * @param receivers how many there are
   * @param answered resolves when the hook has answered
   * @returns a Promise when the line has to wait
   */
  hold(receivers: number, answered: Promise<unknown>): Promise<void> | undefined {
    this.#held += receivers;
    const done = () => void (this.#held -= receivers), released = answered.then(done, done);
    return this.#held > MOST_HELD ? released : undefined;
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
