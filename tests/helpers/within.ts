/** An end for what may never happen. */

/**
 * Waits for a promise, but not for ever.
 * @param promise what to wait for
 * @param what its name, for the error
 * @param milliseconds how long
 */
export async function within<T>(promise: Promise<T>, what: string, milliseconds = 15_000): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${milliseconds} ms for ${what}`)), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
