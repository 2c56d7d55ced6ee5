/** The error of a failed assertion.
 * @module
 */

/** Thrown by every assertion that fails. */
export class AssertionError extends Error {
  /**
   * @param message what was expected
   * @param options `cause`
   */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AssertionError";
  }
}
