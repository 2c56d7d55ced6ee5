import { assertEquals } from "@std/assert";
import { ledger } from "../../hooks/auth/ledger.ts";
import { Harness } from "../helpers/harness.ts";

/** What a rule for the first filter grants of the second one. */
const TABLE: readonly [rule: string, asked: string, granted: boolean][] = [
  ["a", "a", true],
  ["a", "a/b", false],
  ["a", "a/#", false],
  ["a", "+", false],
  ["a", "#", false],
  ["a/+", "a/b", true],
  ["a/+", "a/+", true],
  ["a/+", "a/#", false],
  ["a/+", "a/b/c", false],
  ["a/+", "a", false],
  ["a/#", "a", true],
  ["a/#", "a/+/#", true],
  ["a/#", "+/a", false],
  ["a/#", "#", false],
  ["+", "a", true],
  ["+", "#", false],
  ["+/b", "a/+", false],
  ["#", "#", true],
  ["#", "+/+", true],
  ["#", "$SYS/#", false],
];

Deno.test("a subscription is granted only if a filter of the rules covers all of it", async () => {
  for (const [rule, asked, granted] of TABLE) {
    const hook = ledger({
      auth: [{ allow: true }],
      acl: [{ filters: { [rule]: "read" } }, { filters: { "#": "deny", "$SYS/#": "deny" } }],
    });
    await using harness = await Harness.start({ hooks: [hook] });
    const client = await harness.connect("a");
    assertEquals(await client.subscribe(asked), granted ? 0 : 0x87, `${rule} for ${asked}`);
  }
});

Deno.test("wildcards, separators and expressions in the name of a client grant nothing more", async () => {
  const names = ["+", "#", "/", "a/#", "+/+", ".*", "%c", "%u", "${client}", "*", "a*", "^", "a|b", "\\", "..", "$SYS"];
  const auth = [{ allow: true }],
    acl = [{ client: "alice", filters: { "own/#": "read_write" } }, { filters: { "#": "deny" } }] as const;
  await using harness = await Harness.start({ hooks: [ledger({ auth, acl })] });
  const alice = await harness.connect("alice");
  assertEquals(await alice.subscribe("own/#"), 0);
  for (const name of names) {
    const client = await harness.connect({ clientId: name, username: name });
    for (const filter of ["own/#", "own/a", `own/${name === "+" || name === "#" ? name : "x"}`, "+"]) {
      assertEquals(await client.subscribe(filter), 0x87, `${name} asks for ${filter}`);
    }
    assertEquals(await client.publish("own/a", "x", { qos: 1 }), 0x87);
  }
  await alice.expectNothing();
});
