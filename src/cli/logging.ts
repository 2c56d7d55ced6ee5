/** Log lines on the console, as text or JSON.
 * @module */
import type { LogFields, Logger } from "../hook/logger.ts";
import { LOG_LEVELS } from "./options.ts";

/** The least level that is written. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** How to log. */
export interface LoggingSettings {
  /** The least level that is written, by default `info`. */
  readonly level?: LogLevel;
  /** Text for people (default) or one JSON object a line. */
  readonly format?: "text" | "json";
  /** Where lines go, by default standard error. */
  readonly output?: "stderr" | "stdout";
}

/** Where a finished line goes, and when it is. */
export interface LogTarget {
  /** Takes one line without its end. */
  write(line: string): void;
  /** Milliseconds since 1970. */
  now(): number;
}

interface Line {
  readonly time: string;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

const FORMATS = { text: formatText, json: formatJson };

/** Characters that a text value may hold without quotes. */
const PLAIN = /^[\w.:/@+#$[\]-]+$/;
/** Control characters that could forge lines or drive a terminal, and that JSON leaves as they are. */
// deno-lint-ignore no-control-regex
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/**
 * Makes a logger.
 *
 * @param settings level, form and output
 * @param target where lines go, by default the console
 * @returns the logger
 */
export function createLogger(settings: LoggingSettings, target: LogTarget = consoleTarget(settings.output)): Logger {
  const { level = "info", format = "text" } = settings;
  const least = LOG_LEVELS.indexOf(level);
  const write = (level: LogLevel, message: string, fields: LogFields = {}): void => {
    if (LOG_LEVELS.indexOf(level) < least) return;
    const time = new Date(target.now()).toISOString();
    target.write(FORMATS[format]({ time, level, message, fields }));
  };
  return {
    debug: (message, fields) => write("debug", message, fields),
    info: (message, fields) => write("info", message, fields),
    warn: (message, fields) => write("warn", message, fields),
    error: (message, fields) => write("error", message, fields),
  };
}

/** The console, so that what exports console output exports these lines too. */
function consoleTarget(output: "stderr" | "stdout" = "stderr"): LogTarget {
  const print = output === "stderr" ? console.error : console.log;
  return { write: (line) => print(line), now: () => Date.now() };
}

function formatText({ time, level, message, fields }: Line): string {
  const pairs = Object.entries(fields).filter(([, value]) => value !== undefined);
  const words = pairs.map(([name, value]) => ` ${name}=${formatValue(value)}`);
  return `${time} ${level.toUpperCase().padEnd(5)} ${escape(message)}${words.join("")}`;
}

function formatJson({ time, level, message, fields }: Line): string {
  const core = { time, level, message };
  return escape(stringify({ ...core, ...fields, ...core })); // core last: no field may pass for it
}

function formatValue(value: unknown): string {
  if (value instanceof Error) return formatValue(value.message);
  if (typeof value === "string" && PLAIN.test(value)) return value;
  return escape(stringify(value));
}

function stringify(value: unknown): string {
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

function escape(text: string): string {
  return text.replace(UNSAFE, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
