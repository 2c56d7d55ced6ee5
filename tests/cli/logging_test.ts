import { assertEquals } from "@std/assert";
import { createLogger, type LoggingSettings } from "../../src/cli/logging.ts";
import type { LogFields } from "../../src/hook/logger.ts";

function linesOf(settings: LoggingSettings, message: string, fields?: LogFields): string[] {
  const lines: string[] = [];
  const logger = createLogger(settings, { write: (line) => lines.push(line) > 0, now: () => 0 });
  logger.debug(message, fields);
  logger.info(message, fields);
  logger.warn(message, fields);
  logger.error(message, fields);
  return lines;
}

const last = (lines: string[]): string => lines[lines.length - 1];

for (const [level, count] of Object.entries({ debug: 4, info: 3, warn: 2, error: 1 })) {
  Deno.test(`level ${level} writes ${count} of 4 lines`, () => {
    assertEquals(linesOf({ level: level as LoggingSettings["level"] }, "x").length, count);
  });
}

Deno.test("text is the default, and info", () => {
  assertEquals(linesOf({}, "hello"), [
    "1970-01-01T00:00:00.000Z INFO  hello",
    "1970-01-01T00:00:00.000Z WARN  hello",
    "1970-01-01T00:00:00.000Z ERROR hello",
  ]);
});

const VALUES: [value: unknown, text: string, json: string][] = [
  ["plain", "plain", `"plain"`],
  ["a b", `"a b"`, `"a b"`],
  ["", `""`, `""`],
  ["127.0.0.1:1883", "127.0.0.1:1883", `"127.0.0.1:1883"`],
  [7, "7", "7"],
  [7n, `"7"`, `"7"`],
  [null, "null", "null"],
  [["a", 1], `["a",1]`, `["a",1]`],
  [new Error("no way"), `"no way"`, `"no way"`],
  [`say "hi"`, `"say \\"hi\\""`, `"say \\"hi\\""`],
  ["a\nb", `"a\\nb"`, `"a\\nb"`],
  ["\u001b[31m", `"\\u001b[31m"`, `"\\u001b[31m"`],
  ["\u009b31m\u2028\u202e", `"\\u009b31m\\u2028\\u202e"`, `"\\u009b31m\\u2028\\u202e"`],
  ["a\u200bb\u200f\ufeff", `"a\\u200bb\\u200f\\ufeff"`, `"a\\u200bb\\u200f\\ufeff"`],
  ["a\u{e0041}\u00ad\u061c", `"a\\udb40\\udc41\\u00ad\\u061c"`, `"a\\udb40\\udc41\\u00ad\\u061c"`],
  ["a\u115f\u3164\ufe0f\u2069", `"a\\u115f\\u3164\\ufe0f\\u2069"`, `"a\\u115f\\u3164\\ufe0f\\u2069"`],
  ["Küche 😀", `"Küche 😀"`, `"Küche 😀"`],
];

for (const [value, text, json] of VALUES) {
  Deno.test(`value ${text}`, () => {
    assertEquals(last(linesOf({}, "m", { value })), `1970-01-01T00:00:00.000Z ERROR m value=${text}`);
    const line = last(linesOf({ format: "json" }, "m", { value }));
    assertEquals(line, `{"time":"1970-01-01T00:00:00.000Z","level":"error","message":"m","value":${json}}`);
    JSON.parse(line);
  });
}

Deno.test("a stack follows below its line, indented; JSON keeps one line", () => {
  const error = "Error: no\nway\n    at first (a.ts:1:2)\n2026 INFO forged\u001b[2K\n    at last (b.ts:3:4)";
  assertEquals(last(linesOf({}, "m", { error, more: 1 })).split("\n"), [
    `1970-01-01T00:00:00.000Z ERROR m error="Error: no\\nway" more=1`,
    "    at first (a.ts:1:2)",
    "    2026 INFO forged\\u001b[2K",
    "    at last (b.ts:3:4)",
  ]);
  const line = last(linesOf({ format: "json" }, "m", { error }));
  assertEquals([line.includes("\n"), JSON.parse(line).error], [false, error]);
});

Deno.test("what is undefined is left out", () => {
  assertEquals(last(linesOf({}, "m", { value: undefined })), "1970-01-01T00:00:00.000Z ERROR m");
});

Deno.test("a message cannot forge a line", () => {
  assertEquals(
    last(linesOf({}, "a\n2026 INFO b\r\u001b[2K")),
    "1970-01-01T00:00:00.000Z ERROR a\\u000a2026 INFO b\\u000d\\u001b[2K",
  );
});

Deno.test("a field cannot pass for time, level or message", () => {
  const line = last(linesOf({ format: "json" }, "m", { level: "info", message: "x", time: 1 }));
  assertEquals(JSON.parse(line), { time: "1970-01-01T00:00:00.000Z", level: "error", message: "m" });
});

Deno.test("a value that contains itself is no reason to fail", () => {
  const value: Record<string, unknown> = {};
  value.self = value;
  assertEquals(last(linesOf({}, "m", { value })), `1970-01-01T00:00:00.000Z ERROR m value="[object Object]"`);
  JSON.parse(last(linesOf({ format: "json" }, "m", { value })));
});
