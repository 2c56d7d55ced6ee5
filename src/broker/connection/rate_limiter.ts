/** Limits of messages and bytes a second: a client that is too fast is read more slowly.
 * @module */
import type { Capabilities } from "../core/options.ts";

/** A token bucket of one second for each limit. */
export class RateLimiter {
  /** PUBLISH packets since the last call of {@linkcode RateLimiter.take}. */
  messages = 0;
  readonly #messageRate: number;
  readonly #byteRate: number;
  #messageDebt = 0;
  #byteDebt = 0;
  #at = 0;

  private constructor(messageRate: number, byteRate: number) {
    this.#messageRate = messageRate;
    this.#byteRate = byteRate;
  }

  /** A limiter for these limits; `undefined` when there are none. */
  static of(limits: Pick<Capabilities, "maximumMessageRate" | "maximumByteRate">): RateLimiter | undefined {
    const messageRate = limits.maximumMessageRate || Infinity, byteRate = limits.maximumByteRate || Infinity;
    return messageRate === Infinity && byteRate === Infinity ? undefined : new RateLimiter(messageRate, byteRate);
  }

  /**
   * Counts what was read.
   * @param bytes bytes of one read
   * @param now milliseconds since 1970
   * @returns milliseconds to wait before the next read
   */
  take(bytes: number, now: number): number {
    const seconds = Math.max(0, (now - this.#at) / 1000);
    this.#at = now;
    this.#messageDebt = Math.max(0, this.#messageDebt - seconds * this.#messageRate || 0) + this.messages;
    this.#byteDebt = Math.max(0, this.#byteDebt - seconds * this.#byteRate || 0) + bytes;
    this.messages = 0;
    const wait = Math.max(this.#messageDebt / this.#messageRate, this.#byteDebt / this.#byteRate) - 1;
    return Math.max(0, Math.ceil(wait * 1000));
  }
}
