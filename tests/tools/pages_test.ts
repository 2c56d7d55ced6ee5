/** What the pages say of the package is what the package has. */
import { assert } from "@std/assert";
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
