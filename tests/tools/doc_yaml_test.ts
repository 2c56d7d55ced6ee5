/** What the pages show of configurations and rules is right. */

import { assert, assertEquals } from "@std/assert";
import { parse } from "@std/yaml";
import { checkLedger } from "../../hooks/auth/ledger_rules.ts";
import { readConfig } from "../../src/cli/config_schema.ts";
import { codeBlocks, readPages } from "../../tools/doc_pages.ts";
import { ROOT } from "../../tools/package.ts";

for (const { path, text } of await readPages(ROOT)) {
  for (const { info, code, line } of codeBlocks(text)) {
    if (info !== "yaml") continue;
    Deno.test(`${path}:${line}: this YAML is right`, () => {
      const value = parse(code) as object;
      const isRules = "users" in value || "acl" in value;
      if (isRules) assert(checkLedger(value, path) !== undefined);
      else assertEquals(readConfig(value).problems, []);
    });
  }
}
