/** Log lines on the console, as text or JSON.
 * @module */
import { escapeControls, formatText, type LogLine, stringify } from "../broker/core/log_text.ts";
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

const FORMATS = { text: formatText, json: formatJson };

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

function formatJson({ time, level, message, fields }: LogLine): string {
  const core = { time, level, message };
  return escapeControls(stringify({ ...core, ...fields, ...core })); // core last: no field may pass for it
}
