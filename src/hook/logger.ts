/** The one small interface through which the broker, its hooks and its listeners report.
 * @module */
import { shortFields, shortText } from "./short_fields.ts";

/** Further facts of a log line. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Four levels; an implementation decides where the lines go. */
export interface Logger {
  /** For people who look for the cause of something. */
  debug(message: string, fields?: LogFields): void;
  /** What an operator wants to know. */
  info(message: string, fields?: LogFields): void;
  /** Something is wrong and the broker goes on. */
  warn(message: string, fields?: LogFields): void;
  /** Something was lost or could not be done. */
  error(message: string, fields?: LogFields): void;
}

/**
 * What a log line tells of an error.
 * @param error what was thrown
 * @returns its stack, or where there is none its text
 */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.stack ?? String(error) : String(error);
}

const guards = new WeakSet<Logger>();

/**
 * A logger that never throws, whatever the one within does, and to which nobody sends texts without end.
 * @param logger where lines go
 */
export function guarded(logger: Logger): Logger {
  if (guards.has(logger)) return logger;
  const guard = (level: keyof Logger): Logger["info"] => (message, fields) => {
    try {
      logger[level](shortText(message), fields && shortFields(fields));
    } catch { /* nobody is left who could be told */ }
  };
  const made = { debug: guard("debug"), info: guard("info"), warn: guard("warn"), error: guard("error") };
  guards.add(made);
  return made;
}

/** Writes nothing. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
