/** Pages have the limits that there really are: those of the program beyond loopback, and the parts of the heap. */

import { assertEquals } from "@std/assert";
import { memoryLimits } from "../../src/broker/core/memory_limits.ts";
import { defaultCapabilities } from "../../src/broker/core/options.ts";
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

/** Options that have a part of the heap, with the percents that docs/limits.md tells. */
const parts = tables(page.text).find(({ note }) => note === "shares")!.rows;
const optionOf = (cell: string) => /^`(maximum\w+)`$/.exec(cell)?.[1];
const partsOfOptions = parts.flatMap(([, part, , , cell]) => {
  const option = optionOf(cell);
  return option === undefined ? [] : [[option, Number.parseInt(part)] as const];
});

Deno.test("docs: the parts of the heap are those that there are, and what they come to", () => {
  const { memory: _memory, heap: _heap, reading: _reading, ...limits } = memoryLimits(defaultCapabilities, 10_000);
  const store = 300; // hooks/storage/options.ts
  const told = parts.map(([, part]) => 100 * Number.parseInt(part));
  assertEquals(told.toSorted(), [...Object.values(limits), store].toSorted());
  for (const [what, part, small, large] of parts) {
    const percent = Number.parseInt(part);
    const expected = [512, 4_096].map((heap) => Math.floor(percent * heap / 100));
    assertEquals([numberOf(small), numberOf(large)], expected, what);
  }
});

Deno.test("docs: each option that has a part of the heap is told with it, on all pages and in its own comment", async () => {
  const configuration = await readPage(ROOT, "docs/configuration.md");
  const source = await Deno.readTextFile(new URL("src/broker/core/options.ts", ROOT));
  const limits = memoryLimits(defaultCapabilities, 10_000);
  for (const [option, percent] of partsOfOptions) {
    const changed = memoryLimits({ ...defaultCapabilities, [option]: 7 }, 10_000);
    const key = (Object.keys(limits) as (keyof typeof limits)[]).find((name) => changed[name] === 7)!;
    assertEquals(limits[key], 100 * percent, option);
    const row = configuration.text.split("\n").find((line) => line.startsWith(`| \`${option}\``))!;
    const comment = source.slice(0, source.indexOf(`  ${option}: number;`)).split("/**").at(-1)!.replace(
      /\s*\n\s*\*\s*/g,
      " ",
    );
    for (const text of [row, comment]) {
      assertEquals(/(\d+) % of the heap/.exec(text)?.[1], `${percent}`, `${option}: ${text}`);
    }
  }
  assertEquals(partsOfOptions.length, 6);
});
