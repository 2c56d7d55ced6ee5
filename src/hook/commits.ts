/** What storage has to commit.
 * @module */

/** Both commits; a failure has been told already, so nobody has to listen to this promise. */
export function both(first: Promise<unknown>, second: Promise<unknown>): Promise<unknown> {
  const all = Promise.all([first, second]);
  all.catch(() => {});
  return all;
}
