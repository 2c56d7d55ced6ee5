/** How `assertThrows` and `assertRejects` read their arguments and judge an error.
 * @module
 */

import { AssertionError } from "./assertion_error.ts";

/** A class of errors. */
// deno-lint-ignore no-explicit-any
export type ErrorClass<E extends Error> = new (...args: any[]) => E;

/** What the caller expects to be thrown. */
export interface Expectation {
  /** The class, where one was given. */
  readonly ErrorClass: ErrorClass<Error> | undefined;
  /** A part of the message, where one was given. */
  readonly msgIncludes: string | undefined;
  /** What to add to the message of a failure. */
  readonly msg: string | undefined;
}

/**
 * Reads `(msg?)` or `(ErrorClass, msgIncludes?, msg?)`.
 *
 * @param args the arguments behind the function
 * @returns what is expected
 */
export function readExpectation(args: unknown[]): Expectation {
  if (typeof args[0] === "function") {
    const [ErrorClass, msgIncludes, msg] = args as [ErrorClass<Error>, string?, string?];
    return { ErrorClass, msgIncludes, msg };
  }
  return { ErrorClass: undefined, msgIncludes: undefined, msg: (args[0] ?? args[1]) as string | undefined };
}

/**
 * Fails unless the error is the expected one.
 *
 * @param error what was thrown
 * @param expectation what was expected
 * @returns the error
 * @throws {AssertionError} when it is another one
 */
export function expectError(error: unknown, expectation: Expectation): unknown {
  const { ErrorClass, msgIncludes, msg } = expectation;
  const refuse = (message: string): never => {
    throw new AssertionError(msg === undefined ? message : `${message}: ${msg}`, { cause: error });
  };
  if (ErrorClass === undefined) return error;
  if (!(error instanceof Error)) return refuse("A non-Error object was thrown");
  const { message, constructor } = error;
  if (!(error instanceof ErrorClass)) {
    refuse(`Expected error to be instance of "${ErrorClass.name}", but was ${constructor.name} "${message}"`);
  }
  if (msgIncludes !== undefined && !message.includes(msgIncludes)) {
    refuse(`Expected error message to include "${msgIncludes}", but got "${message}"`);
  }
  return error;
}
