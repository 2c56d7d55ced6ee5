/** What is wrong with a command line or a configuration.
 * @module */

/** Ends the program before anything was started. Each line of the message names a place and the fix. */
export class UsageError extends Error {
  /** Exit code of the program: 2 where what was asked for is wrong, 1 where it cannot be had. */
  readonly exitCode: 1 | 2;

  /**
   * @param message one line for each thing that is wrong
   * @param exitCode exit code of the program, 2 without it
   */
  constructor(message: string, exitCode: 1 | 2 = 2) {
    super(message);
    this.name = "UsageError";
    this.exitCode = exitCode;
  }
}
