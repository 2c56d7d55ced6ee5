/** Building blocks of the configuration's schema, with messages that name what was expected.
 * @module */
import * as v from "valibot";
import { didYouMean } from "./suggest.ts";

/** Schema of any kind. */
// deno-lint-ignore no-explicit-any
export type Schema = v.GenericSchema<any, any>;

/** Schema of a group of keys. */
export type SectionSchema = v.GenericSchema<unknown, Record<string, unknown>>;

type Message = (issue: v.BaseIssue<unknown>) => string;

/**
 * Makes the message of a value that is not what it should be.
 *
 * @param what what it should be
 */
export function expected(what: string): Message {
  return (issue) => `expected ${what}, got ${show(issue.input)}`;
}

/** True or false, or 1 and 0 as in configurations of the Go broker. */
export const flag: v.GenericSchema<unknown, boolean> = v.pipe(
  v.custom<boolean | 0 | 1>((value) => [true, false, 0, 1].includes(value as boolean), expected("true or false")),
  v.transform((value): boolean => value === true || value === 1),
);

/**
 * A text that is not empty.
 *
 * @param what what it is
 */
export function text(what: string): v.GenericSchema<unknown, string> {
  return v.custom<string>((value) => typeof value === "string" && value !== "", expected(what));
}

/**
 * A whole number.
 *
 * @param lowest the least value
 * @param highest the greatest value
 */
export function whole(lowest: number, highest: number): v.GenericSchema<unknown, number> {
  const inRange = (value: unknown) => Number.isInteger(value) && Number(value) >= lowest && Number(value) <= highest;
  return v.custom<number>(inRange, expected(`a whole number from ${lowest} to ${highest}`));
}

/**
 * One of several words, in any case.
 *
 * @param words the words
 */
export function choice(words: readonly string[]): v.GenericSchema<unknown, string> {
  const known = (value: unknown) => typeof value === "string" && words.includes(value.toLowerCase());
  return v.pipe(v.custom<string>(known, expected(words.join(", "))), v.transform((value) => value.toLowerCase()));
}

/**
 * A list with at least one entry.
 *
 * @param entry schema of the entries
 */
export function list(entry: Schema): v.GenericSchema<unknown, unknown[]> {
  const message = expected("a list");
  return v.pipe(v.array(entry, message), v.minLength(1, "expected at least one entry, got none"));
}

/**
 * A group of keys in snake_case, which become camelCase. Keys that are not known are errors.
 *
 * @param entries schema by key
 */
export function section(entries: Record<string, Schema>): SectionSchema {
  const known = Object.keys(entries);
  const group = v.custom<object>(isGroup, expected("keys with values"));
  const keys = v.strictObject(entries, (issue) => keyMessage(issue, known));
  return v.pipe(group, keys, v.transform(camelKeys)) as SectionSchema;
}

/**
 * A path as people write it.
 *
 * @param issue what valibot found
 * @returns for instance `listeners[1].address`
 */
export function pathOf(issue: v.BaseIssue<unknown>): string {
  const keys = (issue.path ?? []).map(({ key }) => typeof key === "number" ? `[${key}]` : `.${String(key)}`);
  return keys.join("").replace(/^\./, "") || "configuration";
}

function keyMessage(issue: v.BaseIssue<unknown>, known: readonly string[]): string {
  const key = String(issue.path?.at(-1)?.key);
  return issue.expected === "never" ? `unknown key, ${didYouMean(key, known)}` : "expected a value, got nothing";
}

/** A list is an object too, but none with keys. */
function isGroup(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function camelKeys(section: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(section).map(([key, value]) => [camelCase(key), value]));
}

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}

function show(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "keys with values" : JSON.stringify(value).slice(0, 100);
}
