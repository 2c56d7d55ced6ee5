import { assertEquals } from "@std/assert";
import { addUp, CHECKS } from "../../tools/ok.ts";

Deno.test("checks and tests are added up", () => {
  assertEquals(addUp(0, { passed: 10, failed: 0 }), { passed: 10 + CHECKS.length, failed: 0 });
  assertEquals(addUp(2, { passed: 10, failed: 3 }), { passed: 8 + CHECKS.length, failed: 5 });
});

Deno.test("tests of which nothing is known are a failure", () => {
  assertEquals(addUp(0, undefined), { passed: CHECKS.length, failed: 1 });
});
