/** What was sent, confirmed and received: who is right is decided here.
 * @module */
import type { QoS } from "../../src/packets/types.ts";

/** A topic of one publisher: the messages are numbers, beginning with 1. */
export interface Line {
  readonly topic: string;
  readonly qos: QoS;
  /** Number of the last message sent. */
  sent: number;
  /** Numbers that the broker has confirmed. */
  readonly confirmed: Set<number>;
}

/** Messages to subscribers whose subscriptions never change. */
export class MessageLedger {
  readonly #lines = new Map<string, Line>();
  /** Arrivals by receiver and topic; members of a shared subscription are one receiver. */
  readonly #arrived = new Map<string, Map<string, number[]>>();

  /** A topic that one publisher sends to at one QoS. */
  line(topic: string, qos: QoS): Line {
    const line: Line = { topic, qos, sent: 0, confirmed: new Set() };
    this.#lines.set(topic, line);
    return line;
  }

  /** Somebody who is to receive everything. */
  receiver(name: string): void {
    this.#arrived.set(name, new Map());
  }

  /** A message has come. */
  arrived(receiver: string, topic: string, number: number): void {
    const topics = this.#arrived.get(receiver)!, numbers = topics.get(topic);
    if (numbers === undefined) topics.set(topic, [number]);
    else numbers.push(number);
  }

  /** How many messages were sent. */
  get sent(): number {
    return [...this.#lines.values()].reduce((sum, { sent }) => sum + sent, 0);
  }

  /** How many messages have come. */
  get received(): number {
    let sum = 0;
    for (const topics of this.#arrived.values()) for (const { length } of topics.values()) sum += length;
    return sum;
  }

  /** How many confirmed messages have not come. */
  get missing(): number {
    return this.#backlogs().reduce((sum, backlog) => sum + backlog, 0);
  }

  /** How many confirmed messages have not come to the receiver that lacks most of them. */
  get backlog(): number {
    return Math.max(...this.#backlogs());
  }

  #backlogs(): number[] {
    const lines = [...this.#lines.values()];
    return [...this.#arrived.values()].map((topics) =>
      lines.reduce((sum, { topic, confirmed }) => sum + lacking(confirmed, topics.get(topic)).length, 0)
    );
  }

  /**
   * Compares.
   * @param ordered names of receivers whose order counts
   * @returns what is wrong
   */
  wrongs(ordered: readonly string[]): string[] {
    const wrongs: string[] = [];
    for (const [receiver, topics] of this.#arrived) {
      for (const line of this.#lines.values()) {
        const numbers = topics.get(line.topic) ?? [], where = `${receiver}, ${line.topic} (QoS ${line.qos})`;
        wrongs.push(...wrongNumbers(line, numbers, ordered.includes(receiver)).map((what) => `${where}: ${what}`));
      }
    }
    return wrongs;
  }
}

function lacking(confirmed: ReadonlySet<number>, numbers: readonly number[] = []): number[] {
  return [...confirmed.difference(new Set(numbers))];
}

function wrongNumbers(line: Line, numbers: readonly number[], ordered: boolean): string[] {
  const wrongs: string[] = [], seen = new Set<number>(), missing = lacking(line.confirmed, numbers);
  let highest = 0;
  for (const number of numbers) {
    if (seen.has(number)) {
      if (line.qos === 2) wrongs.push(`${number} came twice`);
      continue;
    }
    if (!(number >= 1 && number <= line.sent)) wrongs.push(`${number} was never sent`);
    if (ordered && number < highest) wrongs.push(`${number} came after ${highest}`);
    seen.add(number);
    highest = Math.max(highest, number);
  }
  if (missing.length > 0) wrongs.push(`${missing.length} confirmed messages are missing: ${missing.slice(0, 10)} ...`);
  return wrongs;
}

/** One message that was sent to be retained; 0 clears. */
interface RetainedState {
  readonly value: number;
  confirmed: boolean;
}

/** Retained messages of topics with one publisher each. */
export class RetainedLedger {
  readonly #topics = new Map<string, RetainedState[]>();

  /** A message was sent. @returns to be called when it is confirmed */
  sent(topic: string, value: number): () => void {
    const state: RetainedState = { value, confirmed: false }, states = this.#topics.get(topic);
    if (states === undefined) this.#topics.set(topic, [{ value: 0, confirmed: true }, state]);
    else states.push(state);
    return () => state.confirmed = true;
  }

  /** Compares with what the broker has. @returns what is wrong */
  wrongs(found: ReadonlyMap<string, number>): string[] {
    const wrongs: string[] = [];
    for (const [topic, states] of this.#topics) {
      const last = states.findLastIndex(({ confirmed }) => confirmed), right = states.slice(last);
      const value = found.get(topic) ?? 0;
      if (right.some((state) => state.value === value)) continue;
      wrongs.push(`${topic}: retained is ${value}, expected one of ${right.map((state) => state.value)}`);
    }
    for (const topic of found.keys()) if (!this.#topics.has(topic)) wrongs.push(`${topic}: retained, but never sent`);
    return wrongs;
  }
}

/** Subscriptions of one session that come and go. */
export class SubscriptionLedger {
  /** By filter: what was confirmed, and what was asked for since. */
  readonly #filters = new Map<string, { confirmed: boolean; asked: Set<boolean> }>();

  /** @param filters all filters, none of them subscribed */
  constructor(filters: readonly string[]) {
    for (const filter of filters) this.#filters.set(filter, { confirmed: false, asked: new Set() });
  }

  /** A change was asked for. @returns to be called when it is confirmed */
  asked(filter: string, subscribed: boolean): () => void {
    const state = this.#filters.get(filter)!;
    state.asked.add(subscribed);
    return () => {
      state.confirmed = subscribed;
      state.asked.clear();
    };
  }

  /** Compares with what a probe has found, and goes on from there. @returns what is wrong */
  wrongs(found: ReadonlySet<string>): string[] {
    const wrongs: string[] = [];
    for (const [filter, state] of this.#filters) {
      const subscribed = found.has(filter);
      if (subscribed !== state.confirmed && !state.asked.has(subscribed)) {
        wrongs.push(`${filter}: ${subscribed ? "subscribed, but" : "not subscribed, although"} that was confirmed`);
      }
      state.confirmed = subscribed;
      state.asked.clear();
    }
    return wrongs;
  }
}
