/** Time as the broker sees it: injectable, so that tests decide how fast it passes.
 * @module */

/** A source of time and of timers. */
export interface Clock {
  /** Milliseconds since 1970, as `Date.now()` gives them. */
  now(): number;
  /** Calls `callback` once after `delay` milliseconds (0 to 2^31 - 1) and returns a handle for {@linkcode Clock.clearTimeout}. */
  setTimeout(callback: () => void, delay: number): number;
  /** Cancels a timer; a handle that has fired is ignored. */
  clearTimeout(handle: number): void;
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout: (callback, delay) => setTimeout(callback, delay) as unknown as number,
  clearTimeout: (handle) => clearTimeout(handle),
};
