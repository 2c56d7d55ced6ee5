/** What the pages say of the package is what the package has. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { COMMAND_OPTIONS } from "../../src/cli/options.ts";
import { readConfiguration, ROOT } from "../../tools/package.ts";

async function pagesIn(folder: string): Promise<string[]> {
  const pages: string[] = [];
  try {
    for await (const { name } of Deno.readDir(new URL(folder, ROOT))) {
      if (name.endsWith(".md")) pages.push(`${folder}${name}`);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return pages;
}

const PAGES = [...await pagesIn("./"), ...await pagesIn("docs/"), ...await pagesIn("examples/")];

async function textOf(page: string): Promise<string> {
  return await Deno.readTextFile(new URL(page, ROOT));
}

Deno.test("every entry point that a page names is one", async () => {
  const { exports } = await readConfiguration();
  let named = 0;
  for (const page of PAGES) {
    for (const [specifier, path] of (await textOf(page)).matchAll(/@mochi\/broker(\/[\w/-]+)/g)) {
      assert(`.${path}` in exports, `${page} names ${specifier}, which deno.json does not export`);
      named++;
    }
  }
  assert(named > 0);
});

Deno.test("the pages tell every option of the command line, as it is used, and no other", async () => {
  const texts = await Promise.all(PAGES.map(textOf));
  const block = texts.flatMap((text) => [...text.matchAll(/```\n(deno run [^]*?)```/g)]).map(([, block]) => block)
    .find((block) => block.includes("--config FILE"));
  assert(block !== undefined, "no page has the list of options");
  for (const { name, short, value } of COMMAND_OPTIONS) {
    assertStringIncludes(block, value === undefined ? name : `${name} ${value}`);
    if (short !== undefined) assertStringIncludes(block, `${name}, ${short}`);
  }
  const told = new Set(Array.from(block.matchAll(/(?<![\w-])--[a-z-]+/g), ([name]) => name));
  const known = [...COMMAND_OPTIONS.map(({ name }) => name), "--unstable-kv"];
  assertEquals([...told].filter((name) => !known.includes(name)), []);
});
