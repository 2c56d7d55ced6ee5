import { assertEquals } from "@std/assert";
import { ledger } from "../../hooks/auth/ledger.ts";
import type { LedgerAclRule, LedgerFilters, LedgerRules } from "../../hooks/auth/ledger_rules.ts";
import type { Access } from "../../src/hook/hook.ts";
import { newClient } from "./clients.ts";

const auth = [{ allow: true }];

function may(rules: LedgerRules, access: Access, topic: string, init = {}): boolean {
  return ledger({ auth, ...rules }).onAclCheck!(newClient({ username: "peach", ...init }), topic, access) as boolean;
}

/** Asks one rule, with nothing granted behind it. */
function granted(filters: LedgerFilters, access: Access, topic: string): boolean {
  return may({ acl: [{ filters }, { filters: { "#": "deny" } }] }, access, topic);
}

Deno.test("without a rule everything is granted but writing to topics that start with $", () => {
  for (const rules of [{}, { acl: [{ username: "melon", filters: { "#": "deny" as const } }] }]) {
    assertEquals(may(rules, "read", "a"), true);
    assertEquals(may(rules, "write", "a"), true);
    assertEquals(may(rules, "read", "$SYS/#"), true);
    assertEquals(may(rules, "write", "$SYS/broker/uptime"), false);
  }
});

Deno.test("a rule without filters grants everything but writing to topics that start with $", () => {
  const acl: LedgerAclRule[] = [{ remote: "127.0.0.1:*" }, { filters: { "#": "deny" } }];
  assertEquals(may({ acl }, "read", "a"), true);
  assertEquals(may({ acl }, "write", "a"), true);
  assertEquals(may({ acl }, "read", "$SYS/#"), true);
  assertEquals(may({ acl }, "write", "$SYS/x"), false);
  assertEquals(may({ acl }, "write", "a", { remoteAddress: "10.0.0.1:1" }), false);
});

Deno.test("access is what the filter says", () => {
  const expected = { deny: [false, false], read: [true, false], write: [false, true], read_write: [true, true] };
  for (const [access, [read, write]] of Object.entries(expected)) {
    const filters = { "a/+": access } as LedgerFilters;
    assertEquals(granted(filters, "read", "a/b"), read, access);
    assertEquals(granted(filters, "write", "a/b"), write, access);
  }
});

Deno.test("the first rule that names the topic decides", () => {
  const first = { filters: { "a/b": "read" as const } };
  const second = { filters: { "a/+": "write" as const } };
  assertEquals(may({ acl: [first, second] }, "write", "a/b"), false);
  assertEquals(may({ acl: [first, second] }, "read", "a/b"), true);
  assertEquals(may({ acl: [first, second] }, "write", "a/c"), true);
  assertEquals(may({ acl: [second, first] }, "read", "a/b"), false);
});

Deno.test("a rule for others is passed over", () => {
  const acl: LedgerAclRule[] = [{ username: "melon", filters: { "#": "deny" as const } }, {
    client: "c1",
    filters: { "a": "write" as const },
  }];
  assertEquals(may({ acl }, "write", "a"), true);
  assertEquals(may({ acl }, "read", "a"), false);
  assertEquals(may({ acl }, "read", "a", { username: "melon" }), false);
  assertEquals(may({ acl }, "read", "a", { id: "c2" }), true);
});

Deno.test("a denial takes back what a wider or an equal grant gives, in any order", () => {
  for (
    const filters of [{ "#": "read", "updates/#": "deny" }, { "updates/#": "deny", "#": "read" }] as LedgerFilters[]
  ) {
    assertEquals(granted(filters, "read", "updates/1"), false);
    assertEquals(granted(filters, "read", "updates"), false);
    assertEquals(granted(filters, "read", "updates/#"), false);
    assertEquals(granted(filters, "read", "other"), true);
    assertEquals(granted(filters, "write", "other"), false);
  }
});

Deno.test("a grant that is narrower than the denial stands", () => {
  for (
    const filters of [{ "#": "deny", "own/#": "read_write" }, { "own/#": "read_write", "#": "deny" }] as LedgerFilters[]
  ) {
    assertEquals(may({ acl: [{ filters }] }, "write", "own/x"), true);
    assertEquals(may({ acl: [{ filters }] }, "read", "own/#"), true);
    assertEquals(may({ acl: [{ filters }] }, "read", "#"), false);
    assertEquals(may({ acl: [{ filters }] }, "write", "other"), false);
  }
});

Deno.test("where grant and denial cross, the denial counts", () => {
  const filters: LedgerFilters = { "a/+": "read", "+/x": "deny" };
  assertEquals(granted(filters, "read", "a/x"), false);
  assertEquals(granted(filters, "read", "a/y"), true);
});

const COVERED: [granting: string, requested: string, granted: boolean][] = [
  ["a", "a", true],
  ["a", "a/b", false],
  ["a", "a/#", false],
  ["a/+", "a/b", true],
  ["a/+", "a/+", true],
  ["a/+", "a/#", false],
  ["a/+", "+/b", false],
  ["a/+", "a/b/c", false],
  ["a/#", "a", true],
  ["a/#", "a/#", true],
  ["a/#", "a/+/c", true],
  ["a/#", "+/#", false],
  ["+", "#", false],
  ["#", "#", true],
  ["+/a", "+/a", true],
];

for (const [granting, requested, expected] of COVERED) {
  Deno.test(`a grant of ${granting} ${expected ? "opens" : "does not open"} ${requested}`, () => {
    assertEquals(granted({ [granting]: "read" }, "read", requested), expected);
  });
}

Deno.test("filters that start with a wildcard grant no $ topics but deny them", () => {
  for (const filter of ["#", "+/#", "+/broker"]) {
    assertEquals(granted({ [filter]: "read_write" }, "read", "$SYS/broker"), false, filter);
    assertEquals(granted({ [filter]: "read_write" }, "write", "$SYS/broker"), false, filter);
    assertEquals(may({ acl: [{ filters: { [filter]: "deny" } }] }, "read", "$SYS/broker"), false, filter);
  }
  assertEquals(may({ acl: [{ filters: { "+/+": "deny" } }] }, "read", "$SYS/+"), false);
});

Deno.test("$ topics are granted by filters that name them", () => {
  assertEquals(granted({ "$SYS/#": "read" }, "read", "$SYS/broker/uptime"), true);
  assertEquals(granted({ "$SYS/#": "read" }, "write", "$SYS/broker/uptime"), false);
  assertEquals(granted({ "$app/#": "read_write" }, "write", "$app/x"), true);
  assertEquals(may({ acl: [{ filters: { "#": "deny", "$SYS/#": "read" } }] }, "read", "$SYS/broker"), true);
});

Deno.test("the acl of a user comes before the rules", () => {
  const rules: LedgerRules = {
    users: { peach: { acl: { "own/#": "read_write", "rest": "deny" } }, melon: { acl: { "#": "read_write" } } },
    acl: [{ filters: { "rest": "read", "own/#": "deny", "else": "read" } }],
  };
  assertEquals(may(rules, "write", "own/x"), true);
  assertEquals(may(rules, "read", "rest"), false);
  assertEquals(may(rules, "read", "else"), true);
  assertEquals(may(rules, "write", "else"), false);
  assertEquals(may(rules, "write", "own/x", { username: undefined }), false);
  assertEquals(may(rules, "write", "own/x", { username: "own/#" }), false);
});

Deno.test("a user name that changes while the client connects changes its rights", () => {
  const hook = ledger({ auth, acl: [{ username: "melon", filters: { "#": "deny" } }] });
  const client = newClient({ username: "peach" });
  assertEquals(hook.onAclCheck!(client, "a", "write"), true);
  client.username = "melon";
  assertEquals(hook.onAclCheck!(client, "a", "write"), false);
  client.username = "peach";
  assertEquals(hook.onAclCheck!(client, "a", "write"), true);
});

Deno.test("a ClientID that changes while the client connects changes its rights", () => {
  const hook = ledger({ auth, acl: [{ client: "c2", filters: { "#": "deny" } }] });
  const client = newClient({});
  assertEquals(hook.onAclCheck!(client, "a", "write"), true);
  client.id = "c2";
  assertEquals(hook.onAclCheck!(client, "a", "write"), false);
});

Deno.test("users that the same rules are about keep their own rights", () => {
  const hook = ledger({
    users: { peach: { acl: { "a": "read" } }, melon: { acl: { "a": "write" } } },
    auth,
    acl: [{ filters: { "#": "deny" } }],
  });
  for (let round = 0; round < 2; round++) {
    assertEquals(hook.onAclCheck!(newClient({ username: "peach" }), "a", "read"), true);
    assertEquals(hook.onAclCheck!(newClient({ username: "melon" }), "a", "read"), false);
    assertEquals(hook.onAclCheck!(newClient({ username: "melon" }), "a", "write"), true);
    assertEquals(hook.onAclCheck!(newClient({}), "a", "read"), false);
  }
});

Deno.test("an update changes the rights of clients that are connected", () => {
  const hook = ledger({ auth });
  const client = newClient({});
  assertEquals(hook.onAclCheck!(client, "a", "read"), true);
  hook.update({ auth, acl: [{ filters: { "a": "write" } }] });
  assertEquals(hook.onAclCheck!(client, "a", "read"), false);
  assertEquals(hook.onAclCheck!(client, "a", "write"), true);
});

Deno.test("answers stay right when more topics are asked for than are remembered", () => {
  const hook = ledger({ auth, acl: [{ client: "c1", filters: { "even/#": "read", "odd/#": "deny" } }] });
  const clients = [newClient({}), newClient({ id: "c2" })];
  for (let index = 0; index < 60_000; index++) {
    hook.onAclCheck!(clients[index % 2], `even/${index}`, "read");
  }
  assertEquals(hook.onAclCheck!(clients[0], "even/1", "read"), true);
  assertEquals(hook.onAclCheck!(clients[0], "odd/1", "read"), false);
  assertEquals(hook.onAclCheck!(clients[1], "odd/1", "read"), true);
  const long = `odd/${"x".repeat(1_000)}`;
  for (let round = 0; round < 2; round++) assertEquals(hook.onAclCheck!(clients[0], long, "read"), false);
});
