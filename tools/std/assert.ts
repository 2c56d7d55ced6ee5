/** What `@std/assert` is used for here, over `node:assert`. Reached through `tools/npm_import_map.json` only.
 *
 * Needs no permission. Differences from the package: equality tells `-0` from `0`.
 * @module
 */

import nodeAssert from "node:assert";
import { inspect } from "node:util";
import { type ErrorClass, expectError, readExpectation } from "./assert_errors.ts";
import { AssertionError } from "./assertion_error.ts";

export { AssertionError } from "./assertion_error.ts";

/** Any constructor, as `assertInstanceOf` takes it. */
// deno-lint-ignore no-explicit-any
export type AnyConstructor = new (...args: any[]) => any;

const show = (value: unknown): string => inspect(value, { depth: 6, maxArrayLength: 50 });

function refuse(message: string, msg: string | undefined): never {
  throw new AssertionError(msg === undefined ? message : `${message}: ${msg}`);
}

/** Fails unless `expr` is truthy. */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError(msg);
}

/** Fails unless `expr` is falsy. */
export function assertFalse(expr: unknown, msg = ""): asserts expr is false | 0 | "" | null | undefined {
  if (expr) throw new AssertionError(msg || "Expected expression to be falsy");
}

/** Fails always. */
export function fail(msg?: string): never {
  refuse("Failed assertion", msg);
}

/** Fails always: the place should not be reached. */
export function unreachable(msg?: string): never {
  refuse("Unreachable", msg);
}

/** Fails unless both values have the same structure, and shows what differs. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  try {
    nodeAssert.deepStrictEqual(plain(actual), plain(expected));
  } catch (error) {
    refuse(`Values are not equal\n${(error as Error).message}`, msg);
  }
}

/** Fails if both values have the same structure. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  try {
    nodeAssert.notDeepStrictEqual(plain(actual), plain(expected));
  } catch {
    refuse(`Expected values to differ, both are ${show(actual)}`, msg);
  }
}

/** An object without a prototype counts as a plain one, as in the package. */
function plain(value: unknown): unknown {
  const bare = typeof value === "object" && value !== null && Object.getPrototypeOf(value) === null;
  return bare ? { ...value } : value;
}

/** Fails unless both are the same value (`Object.is`). */
export function assertStrictEquals<T>(actual: unknown, expected: T, msg?: string): asserts actual is T {
  if (Object.is(actual, expected)) return;
  refuse(`Values are not strictly equal: actual ${show(actual)}, expected ${show(expected)}`, msg);
}

/** Fails if the value is null or undefined. */
export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T> {
  if (actual === undefined || actual === null) refuse(`Expected a value, got ${actual}`, msg);
}

/** Fails unless the value is an instance of the class. */
export function assertInstanceOf<T extends AnyConstructor>(
  actual: unknown,
  expectedType: T,
  msg?: string,
): asserts actual is InstanceType<T> {
  if (!(actual instanceof expectedType)) refuse(`Expected ${show(actual)} to be a ${expectedType.name}`, msg);
}

/** Fails unless the text contains the other. */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  if (!actual.includes(expected)) refuse(`Expected ${show(actual)} to contain ${show(expected)}`, msg);
}

/** Fails unless the text matches. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  if (!expected.test(actual)) refuse(`Expected ${show(actual)} to match ${expected}`, msg);
}

/** Fails if the text matches. */
export function assertNotMatch(actual: string, expected: RegExp, msg?: string): void {
  if (expected.test(actual)) refuse(`Expected ${show(actual)} not to match ${expected}`, msg);
}

/** Fails unless each expected value is among the actual ones (by structure). */
export function assertArrayIncludes<T>(actual: ArrayLike<T>, expected: ArrayLike<T>, msg?: string): void {
  const missing = Array.from(expected).filter((wanted) => !Array.from(actual).some((value) => isEqual(value, wanted)));
  if (missing.length > 0) refuse(`Expected ${show(actual)} to include ${show(missing)}`, msg);
}

/** Fails unless the actual object holds everything of the expected one, at every depth. */
export function assertObjectMatch(
  // deno-lint-ignore no-explicit-any
  actual: Record<PropertyKey, any>,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
): void {
  assertEquals(selectLike(actual, expected), selectLike(expected, expected), msg);
}

/** Keeps of a value only the keys that the pattern has. */
function selectLike(value: unknown, pattern: unknown): unknown {
  if (!isContainer(value) || !isContainer(pattern) || Array.isArray(value) !== Array.isArray(pattern)) return value;
  const keys = Reflect.ownKeys(pattern).filter((key) => key in value);
  const selected = keys.map((key) => [key, selectLike(value[key], pattern[key])] as const);
  return Object.fromEntries(selected);
}

function isContainer(value: unknown): value is Record<PropertyKey, unknown> {
  if (typeof value !== "object" || value === null) return false;
  return !(value instanceof Map || value instanceof Set || value instanceof RegExp || ArrayBuffer.isView(value) ||
    value instanceof Date);
}

function isEqual(left: unknown, right: unknown): boolean {
  try {
    nodeAssert.deepStrictEqual(left, right);
    return true;
  } catch {
    return false;
  }
}

/** Fails unless actual > expected. */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual > expected)) refuse(`Expected ${show(actual)} > ${show(expected)}`, msg);
}

/** Fails unless actual >= expected. */
export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual >= expected)) refuse(`Expected ${show(actual)} >= ${show(expected)}`, msg);
}

/** Fails unless actual < expected. */
export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual < expected)) refuse(`Expected ${show(actual)} < ${show(expected)}`, msg);
}

/** Fails unless actual <= expected. */
export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual <= expected)) refuse(`Expected ${show(actual)} <= ${show(expected)}`, msg);
}

/** Fails unless the numbers are closer than the tolerance (by default a ten millionth of the expected one). */
export function assertAlmostEquals(actual: number, expected: number, tolerance?: number, msg?: string): void {
  if (Object.is(actual, expected)) return;
  const allowed = tolerance ?? (expected === 0 ? 1e-7 : Math.abs(expected * 1e-7));
  if (!(Math.abs(actual - expected) <= allowed)) {
    refuse(`Expected ${actual} to be within ${allowed} of ${expected}`, msg);
  }
}

/** Fails unless the function throws; with a class and a text, unless it throws that. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/** Fails unless the function throws an instance of the class whose message contains the text. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows(fn: () => unknown, ...expected: unknown[]): unknown {
  const expectation = readExpectation(expected);
  try {
    fn();
  } catch (error) {
    return expectError(error, expectation);
  }
  refuse("Expected function to throw", expectation.msg);
}

/** Fails unless the promise of the function rejects. */
export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
/** Fails unless the promise of the function rejects with an instance of the class whose message contains the text. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects(fn: () => PromiseLike<unknown>, ...expected: unknown[]): Promise<unknown> {
  const expectation = readExpectation(expected);
  let promise: PromiseLike<unknown>;
  try {
    promise = fn();
  } catch {
    refuse("Function throws when expected to reject", expectation.msg);
  }
  if (typeof promise?.then !== "function") refuse("Function throws when expected to reject", expectation.msg);
  try {
    await promise;
  } catch (error) {
    return expectError(error, expectation);
  }
  refuse("Expected function to reject", expectation.msg);
}
