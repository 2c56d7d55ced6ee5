/** docs/limits.md has the defaults of the program that it really has beyond loopback. */

import { assertEquals } from "@std/assert";
import { resolveOptions } from "../../src/broker/core/resolve_options.ts";
import { BEYOND_LOOPBACK, limitsInForce } from "../../src/cli/limits.ts";
import { snakeCase } from "../../src/cli/snake_case.ts";
import type { Settings } from "../../src/cli/settings.ts";
import { readPage, tables } from "../../tools/doc_pages.ts";
import { ROOT } from "../../tools/package.ts";

const page = await readPage(ROOT, "docs/limits.md");
const { rows } = tables(page.text).find(({ note }) => note === "beyond loopback")!;
const OPEN = { listeners: [{ type: "tcp", id: "tcp", address: ":1883" }], options: { capabilities: BEYOND_LOOPBACK } };

/** The last number of a cell that is not in brackets. */
function numberOf(cell: string): number {
  return Number((/([\d,]+)\D*$/.exec(cell.replace(/\(.*\)/, "")) ?? [])[1]?.replaceAll(",", ""));
}

Deno.test("docs: the limits beyond loopback are those that are told, with their values", () => {
  const told = Object.entries(limitsInForce(OPEN as unknown as Settings)!);
  assertEquals(rows.map(([name, , beyond]) => [snakeCase(name.replaceAll("`", "")), numberOf(beyond)]), told);
});

Deno.test("docs: the limits on loopback are the defaults of a broker", () => {
  const { capabilities } = resolveOptions();
  const numbers = rows.filter(([, loopback]) => /\d/.test(loopback));
  for (const [name, loopback] of numbers) {
    assertEquals(numberOf(loopback), capabilities[name.replaceAll("`", "") as keyof typeof capabilities], name);
  }
  assertEquals(numbers.length, rows.length - Object.keys(BEYOND_LOOPBACK).length);
});
