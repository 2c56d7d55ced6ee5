/** Log lines of the program, as text or JSON.
 * @module */
import { escapeControls, formatText, type LogLine, stringify } from "../broker/core/log_text.ts";
import type { LogFields, Logger } from "../hook/logger.ts";
import { logOutputs } from "./log_output.ts";
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
  /** Takes one line without its end. @returns false when there is no room for it */
  write(line: string): boolean;
  /** Milliseconds since 1970. */
  now(): number;
}

/** Told once there is room again. */
const LOST = "log lines were left out, because nobody has read them";
const FORMATS = { text: formatText, json: formatJson };

/**
 * Makes a logger.
 *
 * @param settings level, form and output
 * @param target where lines go, by default standard error or output
 * @returns the logger
 */
export function createLogger(settings: LoggingSettings, target: LogTarget = standardTarget(settings.output)): Logger {
  const { level = "info", format = "text" } = settings;
  const least = LOG_LEVELS.indexOf(level);
  const put = (level: LogLevel, message: string, fields: LogFields): boolean => {
    const time = new Date(target.now()).toISOString();
    return target.write(FORMATS[format]({ time, level, message, fields }));
  };
  let lost = 0;
  const write = (level: LogLevel, message: string, fields: LogFields = {}): void => {
    if (LOG_LEVELS.indexOf(level) < least) return;
    if (lost > 0 && put("warn", LOST, { lines: lost })) lost = 0;
    if (lost > 0 || !put(level, message, fields)) lost++;
  };
  return {
    debug: (message, fields) => write("debug", message, fields),
    info: (message, fields) => write("info", message, fields),
    warn: (message, fields) => write("warn", message, fields),
    error: (message, fields) => write("error", message, fields),
  };
}

function standardTarget(name: "stderr" | "stdout" = "stderr"): LogTarget {
  const output = isExported() ? consoleOutput(name) : logOutputs[name];
  return { write: (line) => output.write(line), now: () => Date.now() };
}

/** Whether the runtime sends to a collector what is written to the console, and nothing else. */
function isExported(): boolean {
  const { state } = Deno.permissions.querySync({ name: "env", variable: "OTEL_DENO" });
  return state === "granted" && ["1", "true"].includes(Deno.env.get("OTEL_DENO") ?? "");
}

function consoleOutput(name: "stderr" | "stdout"): Pick<LogTarget, "write"> {
  const print = name === "stderr" ? console.error : console.log;
  return {
    write: (line) => {
      print(line);
      return true;
    },
  };
}

function formatJson({ time, level, message, fields }: LogLine): string {
  const core = { time, level, message };
  return escapeControls(stringify({ ...core, ...fields, ...core })); // core last: no field may pass for it
}
