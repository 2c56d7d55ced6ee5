/** What a broker does with its log lines until it is given a logger: who embeds it should not miss what goes wrong.
 * @module */
import type { Logger } from "../../hook/logger.ts";
import { formatText, type LogLine } from "./log_text.ts";

/** Writes warnings and errors to standard error, nothing else. */
export const consoleLogger: Logger = { debug() {}, info() {}, warn: write("warn"), error: write("error") };

function write(level: LogLine["level"]): Logger["warn"] {
  return (message, fields = {}) => {
    console.error(formatText({ time: new Date().toISOString(), level, message, fields }));
  };
}
