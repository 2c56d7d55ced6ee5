/** Log lines as people read them.
 * @module */
import type { LogFields } from "../../hook/logger.ts";
import { stackAt } from "../../hook/short_fields.ts";

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
/**
 * What could forge lines, drive a terminal or hide in a text, and JSON leaves as it is: control characters, characters that are
 * not seen, what turns the direction of text, line and paragraph separators.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

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
  return typeof value === "string" && stackAt(value) !== -1;
}

function firstLine(value: unknown): unknown {
  return isStack(value) ? value.slice(0, stackAt(value)) : value;
}

function restOfStack(value: unknown): string[] {
  if (!isStack(value)) return [];
  return value.slice(stackAt(value) + 1).split("\n").map((line) => `\n    ${escapeControls(line.trim())}`);
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
 * Takes their effect from characters that could forge lines, drive a terminal or hide.
 *
 * @param text the text
 * @returns the same with those characters as `\uXXXX`
 */
export function escapeControls(text: string): string {
  return text.replace(UNSAFE, (character) => character.split("").map(escapeUnit).join(""));
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
