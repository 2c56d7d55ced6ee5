import { assertEquals } from "@std/assert";
import { limitedLogger } from "../../src/hook/limited_logger.ts";
import type { LogFields, Logger } from "../../src/hook/logger.ts";

/** A limited logger, what it has written, and its time. */
function bench(limit: { lines?: number; period?: number } = {}) {
  const written: [level: string, message: string, fields?: LogFields][] = [], time = { now: 0 };
  const note = (level: keyof Logger): Logger["info"] => (message, fields) =>
    void written.push([level, message, fields]);
  const logger: Logger = { debug: note("debug"), info: note("info"), warn: note("warn"), error: note("error") };
  return { written, time, logger: limitedLogger(logger, { ...limit, clock: { now: () => time.now } }) };
}

Deno.test("five lines of a message in ten seconds, and the next one tells how many were left out", () => {
  const { logger, written, time } = bench();
  for (let index = 0; index < 1_000; index++) logger.warn("refused", { index });
  assertEquals(written, [0, 1, 2, 3, 4].map((index) => ["warn", "refused", { index }]));
  time.now = 9_999;
  logger.warn("refused");
  assertEquals(written.length, 5);
  time.now = 10_000;
  for (let index = 0; index < 3; index++) logger.warn("refused", { index });
  assertEquals(written.slice(5).map(([, , fields]) => fields), [{ index: 0, unreported: 996 }, { index: 1 }, {
    index: 2,
  }]);
});

Deno.test("each message has lines of its own, whatever its level; debug has no limit", () => {
  const { logger, written } = bench({ lines: 1, period: 1 });
  for (let index = 0; index < 3; index++) {
    for (const level of ["debug", "info", "warn", "error"] as const) logger[level](level);
    logger.error("warn");
  }
  assertEquals(written.map(([level]) => level), ["debug", "info", "warn", "error", "debug", "debug"]);
});

Deno.test("a clock that was set back begins a new period", () => {
  const { logger, written, time } = bench({ lines: 1 });
  time.now = 1_000_000;
  logger.error("lost");
  time.now = 0;
  logger.error("lost");
  assertEquals(written.length, 2);
});

Deno.test("messages without end share one limit", () => {
  const { logger, written } = bench({ lines: 2 });
  for (let index = 0; index < 10_000; index++) logger.info(`message ${index}`);
  assertEquals(written.length, 102);
});
