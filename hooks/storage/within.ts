/** A limit of time for what may never answer.
 * @module */

/**
 * Waits for a promise, but not for ever.
 *
 * @param milliseconds how long
 * @param promise what is waited for; a late failure of it is ignored
 * @param message of the error when the time is over
 * @returns what it resolves to
 * @throws {Error} (as rejection) when the time is over
 */
export function within<T>(milliseconds: number, promise: Promise<T>, message: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${message} within ${milliseconds} ms`)), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
