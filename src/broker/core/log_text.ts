/** Log lines as people read them.
 * @module */
import type { LogFields } from "../../hook/logger.ts";

/** One line, before it is written. */
export interface LogLine {
  /** When, as in ISO 8601. */
  readonly time: string;
  /** How bad it is. */
  readonly level: "debug" | "info" | "warn" | "error";
  /** What happened. */
  readonly message: string;
  /** Further facts. */
  readonly fields: LogFields;
}

/** Characters that a text value may hold without quotes. */
const PLAIN = /^[\w.:/@+#$[\]-]+$/;
/** Control characters that could forge lines or drive a terminal, and that JSON leaves as they are. */
// deno-lint-ignore no-control-regex
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
/** A stack as the runtime writes it: what was thrown, and from the second line on where. */
const STACK = /\n\s+at /;

/**
 * Writes a line as text. A stack follows below it, indented, so that nothing in it can pass for a line of its own.
 *
 * @param line what to write
 * @returns the line without its end
 */
export function formatText({ time, level, message, fields }: LogLine): string {
  const pairs = Object.entries(fields).filter(([, value]) => value !== undefined);
  const words = pairs.map(([name, value]) => ` ${name}=${formatValue(firstLine(value))}`);
  const stacks = pairs.flatMap(([, value]) => restOfStack(value));
  return `${time} ${level.toUpperCase().padEnd(5)} ${escapeControls(message)}${words.join("")}${stacks.join("")}`;
}

function isStack(value: unknown): value is string {
  return typeof value === "string" && STACK.test(value);
}

function firstLine(value: unknown): unknown {
  return isStack(value) ? value.slice(0, value.search(STACK)) : value;
}

function restOfStack(value: unknown): string[] {
  if (!isStack(value)) return [];
  return value.slice(value.search(STACK) + 1).split("\n").map((line) => `\n    ${escapeControls(line.trim())}`);
}

function formatValue(value: unknown): string {
  if (value instanceof Error) return formatValue(value.message);
  if (typeof value === "string" && PLAIN.test(value)) return value;
  return escapeControls(stringify(value));
}

/**
 * Writes a value as JSON, whatever it is.
 *
 * @param value the value
 * @returns JSON; of errors the message, of what JSON cannot say the text
 */
export function stringify(value: unknown): string {
  const known = (_key: string, item: unknown) => {
    if (item instanceof Error) return item.message;
    return typeof item === "bigint" ? String(item) : item;
  };
  try {
    return JSON.stringify(value, known) ?? String(value);
  } catch {
    return JSON.stringify(String(value)); // a value that contains itself
  }
}

/**
 * Takes their effect from characters that could forge lines or drive a terminal.
 *
 * @param text the text
 * @returns the same with those characters as `\uXXXX`
 */
export function escapeControls(text: string): string {
  return text.replace(UNSAFE, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
