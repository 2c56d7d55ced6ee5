/** Options of listeners and hooks, as a program gives them.
 * @module */
import { didYouMean } from "./suggest.ts";

/** A whole number: the lowest and the highest, `Infinity` where there is no highest. */
type Range = readonly [lowest: number, highest: number];

/** What an option has to be; `any` where it is looked at more closely by who uses it. */
type Kind = "string" | "boolean" | "function" | "list" | "any" | Range;

/** All options that there are, with what each of them has to be. */
export type Kinds<Options> = { readonly [Name in keyof Required<Options>]: Kind };

const EXPECTED = { string: "a text", boolean: "true or false", function: "a function", list: "a list" };

/**
 * Checks those options that were given.
 *
 * @param options the options
 * @param kinds all that there are
 * @throws {TypeError} that names an option that does not exist and those that do, or what was expected in the place of its value
 * @throws {RangeError} that names a number, its value and its range
 */
export function checkOptions<Options extends object>(options: Options, kinds: Kinds<Options>): void {
  const names = Object.keys(kinds), given = options as Record<string, unknown> | null;
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new TypeError(`Cannot use options: expected an object with ${names.join(", ")}, got ${kindOf(given)}`);
  }
  const unknown = Object.keys(given).find((name) => given[name] !== undefined && !Object.hasOwn(kinds, name));
  if (unknown !== undefined) {
    throw new TypeError(`Cannot use ${unknown}: there is no such option, ${didYouMean(unknown, names)}`);
  }
  for (const [name, kind] of Object.entries<Kind>(kinds)) {
    if (given[name] !== undefined && kind !== "any") check(name, given[name], kind);
  }
}

function check(name: string, value: unknown, kind: Exclude<Kind, "any">): void {
  if (typeof kind === "object") return checkRange(name, value, kind);
  const type: string = Array.isArray(value) ? "list" : typeof value;
  if (type === kind) return;
  throw new TypeError(`Cannot use ${name}: current value is ${show(value)}, expected ${EXPECTED[kind]}`);
}

function checkRange(name: string, value: unknown, [lowest, highest]: Range): void {
  if (Number.isInteger(value) && value as number >= lowest && value as number <= highest) return;
  const range = highest === Infinity ? `${lowest} or more` : `from ${lowest} to ${highest}`;
  throw new RangeError(`Cannot use ${name}: current value is ${show(value)}, expected a whole number ${range}`);
}

function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  return typeof value === "object" || typeof value === "function" ? kindOf(value) : String(value);
}

/** Not the value: it may be an address with a password in it. */
function kindOf(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
