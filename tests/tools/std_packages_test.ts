/** What the project uses of `@std/yaml`, `@std/log` and `@std/http`: holds for the packages and for the stand-ins.
 * @module
 */

import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { serveFile } from "@std/http";
import { ConsoleHandler, formatters, getLogger, LogRecord, setup } from "@std/log";
import { parse, stringify } from "@std/yaml";

const CONFIGURATION = `
listeners:
  - type: tcp
    id: "t1"
    address: ":1883" # every interface
options:
  capabilities: { maximum_qos: 1, retain_available: true }
  note: null
`;

Deno.test("yaml: a configuration is read", () => {
  assertEquals(parse(CONFIGURATION), {
    listeners: [{ type: "tcp", id: "t1", address: ":1883" }],
    options: { capabilities: { maximum_qos: 1, retain_available: true }, note: null },
  });
});

Deno.test("yaml: what is written is read again", () => {
  const value = { list: [1, "two", { three: true }], text: "a: b", empty: null };
  assertEquals(parse(stringify(value)), value);
});

Deno.test("yaml: an empty document is null", () => assertStrictEquals(parse(""), null));

Deno.test("yaml: a text that is not YAML is a SyntaxError", () => {
  assertThrows(() => parse("a: [1"), SyntaxError);
  assertThrows(() => parse("a: 1\na: 2"), SyntaxError);
});

class Lines extends ConsoleHandler {
  readonly lines: string[] = [];
  override log(msg: string): void {
    this.lines.push(msg);
  }
}

Deno.test("log: messages go to the handlers of a logger, from its level on", () => {
  const text = new Lines("DEBUG", { useColors: false });
  const errors = new Lines("ERROR", { useColors: false });
  const handlers = { text, errors };
  setup({ handlers, loggers: { broker: { level: "INFO", handlers: ["text", "errors"] } } });
  const logger = getLogger("broker");
  logger.debug("not this");
  logger.info("started");
  logger.error("failed");
  getLogger("another").info("not this");
  assertEquals(text.lines, ["INFO started", "ERROR failed"]);
  assertEquals(errors.lines, ["ERROR failed"]);
});

Deno.test("log: JSON lines", () => {
  const record = new LogRecord({ msg: "started", args: [{ port: 1883 }], level: 20, loggerName: "broker" });
  const line = JSON.parse(formatters.jsonFormatter(record));
  assertEquals(line, {
    level: "INFO",
    datetime: record.datetime.getTime(),
    message: "started",
    args: { port: 1883 },
  });
});

Deno.test("http: a file is served with its type", async () => {
  const file = await Deno.makeTempFile({ suffix: ".html" });
  await Deno.writeTextFile(file, "<p>");
  const response = await serveFile(new Request("http://localhost/"), file);
  assertEquals(response.status, 200);
  assertEquals(response.headers.get("content-type"), "text/html; charset=UTF-8");
  assertEquals(await response.text(), "<p>");
});

Deno.test("http: a file that is not there", async () => {
  const folder = await Deno.makeTempDir();
  const response = await serveFile(new Request("http://localhost/"), `${folder}/none.html`);
  assertEquals(response.status, 404);
  await response.body?.cancel();
});
