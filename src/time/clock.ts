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

/** It never changes, and asking for it takes as long as asking for the time. */
const { timeOrigin } = performance;

/**
 * The clock of the machine as it was when the process began, and the time that has passed since: a clock that is set
 * forward would end every session that waits and every connection with a Keep Alive, one that is set back would stop both.
 */
export const systemClock: Clock = {
  now: () => Math.floor(timeOrigin + performance.now()),
  setTimeout: (callback, delay) => setTimeout(callback, delay) as unknown as number,
  clearTimeout: (handle) => clearTimeout(handle),
};
