/** Building blocks of the configuration's schema, with messages that name what was expected.
 * @module */
import * as v from "valibot";
import { didYouMean } from "../hook/suggest.ts";

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
  const range = highest === Number.MAX_SAFE_INTEGER ? `of ${lowest} or more` : `from ${lowest} to ${highest}`;
  return v.custom<number>(inRange, expected(`a whole number ${range}`));
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
 * A text of a certain form.
 *
 * @param what what it is
 * @param form what it has to match
 */
export function formed(what: string, form: RegExp): v.GenericSchema<unknown, string> {
  return v.custom<string>((value) => typeof value === "string" && form.test(value), expected(what));
}

/**
 * A group of keys in snake_case, which become camelCase. Keys that are not known are errors, each of them.
 *
 * @param entries schema by key
 * @param hints what to do about keys that are not known here but elsewhere
 */
export function section(entries: Record<string, Schema>, hints: Readonly<Record<string, string>> = {}): SectionSchema {
  const group = v.custom<object>(isGroup, expected("keys with values"));
  const asked = Object.entries(entries).map(([key, schema]) => [key, askedFor(schema)]);
  const unknownKeys = v.rawCheck<Record<string, unknown>>(({ dataset: { value }, addIssue }) => {
    for (const key of Object.keys(value as object).filter((key) => !Object.hasOwn(entries, key))) {
      const help = Object.hasOwn(hints, key) ? hints[key] : didYouMean(key, Object.keys(entries));
      addIssue({ message: `unknown key, ${help}`, path: [itemOf(value as object, key)] });
    }
  });
  return v.pipe(group, v.looseObject(Object.fromEntries(asked)), unknownKeys, v.transform(camelKeys)) as SectionSchema;
}

/** What has to be there is told like what is wrong: by what was expected. */
function askedFor(schema: Schema): Schema {
  return schema.type === "optional" ? schema : v.optional(schema, null);
}

function itemOf(section: object, key: string): v.IssuePathItem {
  const input = section as Record<string, unknown>;
  return { type: "object", origin: "value", input, key, value: input[key] };
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
