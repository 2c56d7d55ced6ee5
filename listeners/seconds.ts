/** Limits of time, which are given in seconds.
 * @module */

const LONGEST = 3_600;

/**
 * Checks a limit of time.
 *
 * @param option name of the option
 * @param seconds its value
 * @returns the same in milliseconds
 * @throws Error when it is no time
 */
export function millisecondsOf(option: string, seconds: number): number {
  if (seconds > 0 && seconds <= LONGEST) return seconds * 1000;
  throw new Error(`Cannot use ${option}: current value is ${seconds}, expected more than 0, at most ${LONGEST}`);
}
