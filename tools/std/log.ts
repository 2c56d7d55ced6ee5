/** What `@std/log` is used for here, without a registry. Reached through `tools/npm_import_map.json` only.
 * @module
 */

/** Name of a level. */
export type LevelName = "NOTSET" | "DEBUG" | "INFO" | "WARN" | "ERROR" | "CRITICAL";
/** Number of a level. */
export type LogLevel = 0 | 10 | 20 | 30 | 40 | 50;

/** The levels by name. */
export const LogLevels = { NOTSET: 0, DEBUG: 10, INFO: 20, WARN: 30, ERROR: 40, CRITICAL: 50 } as const;

/** One line of a log before it is text. */
export class LogRecord {
  /** The message. */
  readonly msg: string;
  /** What was logged with the message. */
  readonly args: unknown[];
  /** When. */
  readonly datetime: Date = new Date();
  /** Number of the level. */
  readonly level: LogLevel;
  /** Name of the level. */
  readonly levelName: LevelName;
  /** Name of the logger. */
  readonly loggerName: string;

  /** @param options message, arguments, level and logger */
  constructor(options: { msg: string; args: unknown[]; level: LogLevel; loggerName: string }) {
    this.msg = options.msg;
    this.args = options.args;
    this.level = options.level;
    this.loggerName = options.loggerName;
    const named = Object.entries(LogLevels).find(([, level]) => level === options.level);
    this.levelName = named![0] as LevelName;
  }
}

/** Turns a record into text. */
export type FormatterFunction = (logRecord: LogRecord) => string;

/** How a handler formats. */
export interface ConsoleHandlerOptions {
  /** Turns a record into text; by default `LEVEL message`. */
  formatter?: FormatterFunction;
  /** Whether to use colours; here they are never used. */
  useColors?: boolean;
}

/** Formatters to choose from. */
export const formatters: { jsonFormatter: FormatterFunction } = {
  jsonFormatter: ({ levelName, datetime, msg, args }) =>
    JSON.stringify({
      level: levelName,
      datetime: datetime.getTime(),
      message: msg,
      args: args.length === 0 ? undefined : args.length === 1 ? args[0] : args,
    }),
};

/** Writes records to the console. */
export class ConsoleHandler {
  /** The least level that is written. */
  readonly level: LogLevel;
  /** The least level that is written, by name. */
  readonly levelName: LevelName;
  readonly #formatter: FormatterFunction;

  /**
   * @param levelName the least level that is written
   * @param options how to format
   */
  constructor(levelName: LevelName, options: ConsoleHandlerOptions = {}) {
    this.levelName = levelName;
    this.level = LogLevels[levelName];
    this.#formatter = options.formatter ?? ((record) => `${record.levelName} ${record.msg}`);
  }

  /**
   * Writes a record if its level is high enough.
   *
   * @param logRecord the record
   */
  handle(logRecord: LogRecord): void {
    if (logRecord.level >= this.level) this.log(this.#formatter(logRecord));
  }

  /**
   * Writes a line.
   *
   * @param msg the line
   */
  log(msg: string): void {
    console.log(msg);
  }
}

/** Which handlers and loggers there are. */
export interface LogConfig {
  /** Handlers by name. */
  handlers?: Record<string, ConsoleHandler>;
  /** Loggers by name. */
  loggers?: Record<string, { level?: LevelName; handlers?: string[] }>;
}

/** Passes messages of a level on to its handlers. */
export class Logger {
  /** Name of the logger. */
  readonly loggerName: string;
  readonly #level: LogLevel;
  readonly #handlers: readonly ConsoleHandler[];

  /**
   * @param loggerName its name
   * @param levelName the least level that is passed on
   * @param options its handlers
   */
  constructor(loggerName: string, levelName: LevelName, options: { handlers?: ConsoleHandler[] } = {}) {
    this.loggerName = loggerName;
    this.#level = LogLevels[levelName];
    this.#handlers = options.handlers ?? [];
  }

  /** Logs at DEBUG. */
  debug(msg: string, ...args: unknown[]): void {
    this.#log(LogLevels.DEBUG, msg, args);
  }

  /** Logs at INFO. */
  info(msg: string, ...args: unknown[]): void {
    this.#log(LogLevels.INFO, msg, args);
  }

  /** Logs at WARN. */
  warn(msg: string, ...args: unknown[]): void {
    this.#log(LogLevels.WARN, msg, args);
  }

  /** Logs at ERROR. */
  error(msg: string, ...args: unknown[]): void {
    this.#log(LogLevels.ERROR, msg, args);
  }

  /** Logs at CRITICAL. */
  critical(msg: string, ...args: unknown[]): void {
    this.#log(LogLevels.CRITICAL, msg, args);
  }

  #log(level: LogLevel, msg: string, args: unknown[]): void {
    if (level < this.#level) return;
    const record = new LogRecord({ msg, args, level, loggerName: this.loggerName });
    for (const handler of this.#handlers) handler.handle(record);
  }
}

const loggers = new Map<string, Logger>();

/**
 * Replaces all loggers.
 *
 * @param config which handlers and loggers there are; without a default logger, one at INFO is added
 */
export function setup(config: LogConfig): void {
  const handlers = new Map(Object.entries(config.handlers ?? { default: new ConsoleHandler("INFO") }));
  const wanted = { default: { level: "INFO" as LevelName, handlers: ["default"] }, ...config.loggers };
  loggers.clear();
  for (const [name, { level = "INFO", handlers: names = [] }] of Object.entries(wanted)) {
    const used = names.map((handler) => handlers.get(handler)).filter((handler) => handler !== undefined);
    loggers.set(name, new Logger(name, level, { handlers: used }));
  }
}

/**
 * Finds a logger.
 *
 * @param name its name; without one, the default logger
 * @returns the logger; one that writes nothing where the name is not known
 */
export function getLogger(name = "default"): Logger {
  return loggers.get(name) ?? new Logger(name, "NOTSET");
}

setup({});
