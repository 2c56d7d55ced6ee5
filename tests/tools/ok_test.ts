import { assertEquals } from "@std/assert";
import { addUp, CHECKS, testsOf } from "../../tools/ok.ts";

Deno.test("checks and tests are added up", () => {
  assertEquals(addUp(0, { passed: 10, failed: 0 }), { passed: 10 + CHECKS.length, failed: 0 });
  assertEquals(addUp(2, { passed: 10, failed: 3 }), { passed: 8 + CHECKS.length, failed: 5 });
});

Deno.test("tests of which nothing is known are a failure", () => {
  assertEquals(addUp(0, undefined), { passed: CHECKS.length, failed: 1 });
});

Deno.test("only tests that were run count", async () => {
  const totals = { passed: 10, failed: 1 };
  let runs = 0;
  const tests = { run: () => Promise.resolve(runs++), last: () => Promise.resolve(totals) };
  assertEquals([await testsOf(["--without-tests"], tests), runs], [{ passed: 0, failed: 0 }, 0]);
  assertEquals([await testsOf(["--after-tests"], tests), runs], [totals, 0]);
  assertEquals([await testsOf([], tests), runs], [totals, 1]);
});
