/** The soak with all attacks says what it saw, and fails when somebody was not served. */

import { assertEquals, assertMatch } from "@std/assert";
import { Child } from "../helpers/child.ts";

async function soak(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  await using child = await Child.deno("tests/bench/soak.ts", args);
  return await child.end();
}

Deno.test("all attacks at once: each does something, all are served, figures are printed", async () => {
  const { code, out, err } = await soak("--hostile", "--minutes", "0.3");
  assertEquals(err, "");
  assertMatch(out, /^ +round trips +p99 ms +worst ms +connect ms +MiB +descriptors$/m);
  assertMatch(out, /^minute 1( +[\d.]+){6}$/m);
  assertMatch(out, /^\d\d attacks: \d+ MB in \d+ steps$/m);
  assertMatch(out, /^start +\d+ +\d+\nend( +[\d.]+){6}\nSIGTERM: exit code 0 after \d+ ms$/m);
  assertEquals([code, out.split("\n").filter((line) => line.startsWith("FAILED: "))], [0, []], out);
});

Deno.test("a soak without time is refused", async () => {
  for (const args of [["--hostile", "--minutes", "0"], ["--minutes", "0.5"], ["--minutes", "x"]]) {
    const { code, err } = await soak(...args);
    assertEquals(code, 1);
    assertMatch(err, /Cannot soak: --minutes has to be /);
  }
});
