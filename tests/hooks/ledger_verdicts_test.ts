import { assert, assertEquals } from "@std/assert";
import { Verdicts } from "../../hooks/auth/ledger_verdicts.ts";

Deno.test("the same question is answered from memory", () => {
  let asked = 0;
  const verdicts = new Verdicts();
  const group = verdicts.group("1", [() => {
    asked++;
    return true;
  }]);
  for (let round = 0; round < 3; round++) assertEquals(verdicts.decide(group, "a", "read"), true);
  assertEquals(asked, 1);
  verdicts.decide(group, "a", "write");
  assertEquals(asked, 2);
});

Deno.test("groups with the same key are one", () => {
  const verdicts = new Verdicts();
  assertEquals(verdicts.group("1", []) === verdicts.group("1", []), true);
  assertEquals(verdicts.group("1", []) === verdicts.group("2", []), false);
});

Deno.test("what is remembered is limited, in all groups together", () => {
  const verdicts = new Verdicts();
  const groups = ["1", "2"].map((key) => verdicts.group(key, []));
  let most = 0;
  let last = 0;
  for (let index = 0; index < 120_000; index++) {
    verdicts.decide(groups[index % 2], `t/${index}`, index % 3 === 0 ? "write" : "read");
    last = groups.reduce((sum, { read, write }) => sum + read.size + write.size, 0);
    most = Math.max(most, last);
  }
  assert(most <= 50_000 && last > 1_000, `at most ${most}, at last ${last} answers`);
});

Deno.test("long topics are not remembered", () => {
  const verdicts = new Verdicts();
  const group = verdicts.group("1", []);
  verdicts.decide(group, "x".repeat(257), "read");
  assertEquals(group.read.size, 0);
  verdicts.decide(group, "x".repeat(256), "read");
  assertEquals(group.read.size, 1);
});
