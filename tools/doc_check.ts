/**
 * Checks the types of every example in comments and in the pages, and runs those of the pages that say ` ```ts run `.
 *
 * @module
 */

import { ROOT, runDeno } from "./package.ts";
import { type CodeBlock, codeBlocks, isRunnable, type Page, readPages } from "./doc_pages.ts";
import { registryFlags } from "./registry.ts";

const SOURCES = ["mod.ts", "src", "listeners", "hooks"];
/** Milliseconds that an example may take to end. */
const LONGEST_RUN = 30_000;

/** @returns true when the example ends by itself and without an error */
async function run({ path }: Page, { line, code }: CodeBlock, flags: readonly string[]): Promise<boolean> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--unstable-kv", "-A", ...flags, "-"],
    cwd: ROOT,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(LONGEST_RUN),
  });
  const child = command.spawn();
  await new Blob([code]).stream().pipeTo(child.stdin).catch(() => {}); // it may have ended without reading
  const { success, stdout, stderr } = await child.output();
  if (success) return true;
  console.error(`${path}:${line}: this example fails`);
  await Deno.stderr.write(stdout);
  await Deno.stderr.write(stderr);
  return false;
}

const pages = await readPages(ROOT), flags = await registryFlags();
const places = [...SOURCES, ...pages.map(({ path }) => path)];
const code = await runDeno(["check", "--quiet", "--doc-only", ...flags, ...places]);
if (code !== 0) Deno.exit(code);

let failed = 0, passed = 0;
for (const page of pages) {
  for (const block of codeBlocks(page.text).filter(isRunnable)) {
    if (await run(page, block, flags)) passed++;
    else failed++;
  }
}
console.log(`${passed} examples of the pages ran${failed === 0 ? "" : `, ${failed} failed`}`);
Deno.exit(failed === 0 ? 0 : 1);
