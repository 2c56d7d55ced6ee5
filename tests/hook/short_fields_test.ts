import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { guarded, type LogFields } from "../../src/hook/logger.ts";

/** What a logger is given behind the guard. */
function behind(message: string, fields?: LogFields): { message: string; fields: LogFields | undefined } {
  let given: { message: string; fields: LogFields | undefined } | undefined;
  const note = (message: string, fields?: LogFields) => void (given = { message, fields });
  guarded({ debug: note, info: note, warn: note, error: note }).warn(message, fields);
  return given!;
}

const LONG = "x".repeat(60_000);

Deno.test("what is short is passed on as it is", () => {
  const fields = {
    client: "a",
    reasonCode: 1,
    error: new Error("no"),
    filters: ["a/b"],
    nothing: undefined,
    none: null,
  };
  assertStrictEquals(behind("m", fields).fields, fields);
  assertEquals(behind("m").fields, undefined);
});

Deno.test("texts without end are cut, wherever they stand, and how long they were is told", () => {
  const cut = `${"x".repeat(1_024)}... (60000 characters)`;
  const fields = { client: LONG, error: new Error(LONG), filters: [LONG, LONG], deep: { a: { b: LONG } }, other: 1 };
  const given = behind(LONG, fields);
  assertEquals([given.message, given.fields!.client, given.fields!.error, given.fields!.other], [cut, cut, cut, 1]);
  assert(JSON.stringify(given).length < 13_000);
  assertEquals(fields.client, LONG, "the caller keeps its fields");
});

Deno.test("what is just as long as it may be is passed on, and a character more is not", () => {
  const text = LONG.slice(0, 1_024), list = [LONG.slice(0, 4_092)]; // JSON has four characters around it
  const fields = { text, error: new Error(text), list };
  assertStrictEquals(behind(text, fields).fields, fields);
  const given = behind(`${text}x`, { text: `${text}x`, error: new Error(`${text}x`), list: [`${list[0]}x`] });
  const cut = `${text}... (1025 characters)`;
  assertEquals([given.message, given.fields!.text, given.fields!.error], [cut, cut, cut]);
  assertEquals(given.fields!.list, `["${LONG.slice(0, 4_093)}"... (4097 characters)`);
});

Deno.test("a stack stays with what was thrown, both cut", () => {
  const stack = "\n    at f (a.ts:1:2)".repeat(1_000);
  const { fields } = behind("m", { error: `Error: ${LONG}${stack}`, small: `Error: no${stack.slice(0, 1_500)}` });
  assert((fields!.error as string).includes("characters)\n    at f (a.ts:1:2)"));
  assert((fields!.error as string).length < 5_300);
  assertEquals(fields!.small, `Error: no${stack.slice(0, 1_500)}`);
});

Deno.test("a pair of surrogates is not cut apart", () => {
  assert((behind("m", { client: "x" + "\u{1f600}".repeat(2_000) }).fields!.client as string).isWellFormed());
});

Deno.test("looking for a stack takes no time that grows with the square of the text", () => {
  const started = performance.now();
  behind("m", { client: "\n".repeat(65_000), other: "\n ".repeat(32_000), spaces: "\n" + " ".repeat(65_000) });
  assert(performance.now() - started < 200);
});

Deno.test("a value that contains itself is passed on", () => {
  const value: Record<string, unknown> = {};
  value.self = value;
  assertStrictEquals(behind("m", { value }).fields!.value, value);
});
