/** A logger for what others cause: whatever they do a thousand times, the log stays small.
 * @module */
import type { Clock } from "../time/clock.ts";
import type { LogFields, Logger } from "./logger.ts";

/** How much is written. */
export interface LogLimit {
  /** Lines with the same message within a period; default 5. */
  readonly lines?: number;
  /** Milliseconds, default 10,000. */
  readonly period?: number;
  /** Source of time. */
  readonly clock: Pick<Clock, "now">;
}

/** Messages that are told apart. They are written in the code, so there are few; more than these share one limit. */
const MOST_MESSAGES = 100;
const OTHERS = "";

interface Told {
  /** When the period began. */
  since: number;
  /** Lines in this period. */
  lines: number;
  /** Lines that were left out since the last one that was written. */
  unreported: number;
}

/**
 * Makes a logger that writes a few lines with the same message in each period and leaves out the rest. The next line that is
 * written says how many were left out, as `unreported`. Lines of the level debug are asked for, and all written.
 *
 * @param logger where lines go
 * @param limit how many, and the clock
 * @returns the logger; what changes from line to line belongs into the fields, not into the message
 *
 * @example
 * ```ts
 * import { limitedLogger } from "./limited_logger.ts";
 * import { silentLogger } from "./logger.ts";
 *
 * const logger = limitedLogger(silentLogger, { clock: Date });
 * logger.warn("a request cannot be read", { remote: "192.0.2.1:50000" });
 * ```
 */
export function limitedLogger(logger: Logger, limit: LogLimit): Logger {
  const { lines = 5, period = 10_000, clock } = limit;
  const told = new Map<string, Told>();
  const write = (level: keyof Logger, message: string, fields?: LogFields): void => {
    const state = stateOf(told, message), now = clock.now();
    if (Math.abs(now - state.since) >= period) Object.assign(state, { since: now, lines: 0 });
    if (state.lines >= lines) {
      state.unreported++;
      return;
    }
    const { unreported } = state;
    state.lines++;
    state.unreported = 0;
    logger[level](message, unreported === 0 ? fields : { ...fields, unreported });
  };
  return {
    debug: (message, fields) => logger.debug(message, fields),
    info: (message, fields) => write("info", message, fields),
    warn: (message, fields) => write("warn", message, fields),
    error: (message, fields) => write("error", message, fields),
  };
}

function stateOf(told: Map<string, Told>, message: string): Told {
  const key = told.has(message) || told.size < MOST_MESSAGES ? message : OTHERS;
  let state = told.get(key);
  if (state === undefined) told.set(key, state = { since: -Infinity, lines: 0, unreported: 0 });
  return state;
}
