/** What is wrong with a command line or a configuration.
 * @module */

/** Ends the program with exit code 2 before anything was started. Each line of the message names a place and the fix. */
export class UsageError extends Error {
  /** @param message one line for each thing that is wrong */
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}
