/** Waiting for what tells nobody that it has happened.
 * @module */

/** Waits until a condition holds. */
export async function until(condition: () => boolean, what = "the condition", milliseconds = 10_000): Promise<void> {
  const deadline = performance.now() + milliseconds;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`${what} does not come`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
