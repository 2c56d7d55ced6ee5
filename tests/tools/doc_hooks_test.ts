/** docs/hooks.md has a section for every event, with its kind and its arguments. */

import { assert, assertEquals } from "@std/assert";
import { type HookEvent, hookEvents } from "../../src/hook/events.ts";
import { headings, readPage, sectionOf } from "../../tools/doc_pages.ts";
import { ROOT } from "../../tools/package.ts";

const PAGE = "docs/hooks.md";
const { text } = await readPage(ROOT, PAGE);
const declarations = await Deno.readTextFile(new URL("src/hook/hook.ts", ROOT));
const LABELS = ["Kind", "When", "Arguments", "May change", "Async", "A throw"];

/** Names of the parameters that an event is declared with. */
function parametersOf(event: string): string[] {
  const list = new RegExp(`^  ${event}\\?\\(([^)]*)\\)`, "m").exec(declarations)?.[1];
  assert(list !== undefined, `${event} is not declared`);
  return [...list.matchAll(/(\w+)\??:/g)].map(([, name]) => name);
}

Deno.test("docs: every event has its section, and every section an event", () => {
  const sections = headings(sectionOf(text, "Events") ?? "");
  assertEquals(sections.toSorted(), Object.keys(hookEvents).sort(), PAGE);
});

for (const [event, kind] of Object.entries(hookEvents) as [HookEvent, string][]) {
  Deno.test(`docs: ${event} says when it is called, with what, and what may be done`, () => {
    const section = sectionOf(text, event) ?? "";
    const labels = [...section.matchAll(/^- \*\*(.+?)\*\*: \S/gm)].map(([, label]) => label);
    assertEquals(labels, LABELS, `${PAGE}: ${event}`);
    assertEquals(/^- \*\*Kind\*\*: (\w+)$/m.exec(section)?.[1], kind, `${PAGE}: ${event}`);
    const told = /^- \*\*Arguments\*\*: ([\s\S]*?)^- \*\*/m.exec(section)?.[1] ?? "";
    for (const name of parametersOf(event)) {
      const named = told.includes(`\`${name.replace(/^_/, "")}\``);
      assert(named, `${PAGE}: ${event} does not tell of its argument ${name}`);
    }
  });
}
