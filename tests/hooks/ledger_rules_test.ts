import { assertEquals, assertNotMatch, assertThrows } from "@std/assert";
import { ledger } from "../../hooks/auth/ledger.ts";
import { checkLedger, type LedgerRules } from "../../hooks/auth/ledger_rules.ts";
import { formatLedger, parseLedger } from "../../hooks/auth/ledger_text.ts";

const HASH = "0".repeat(64);

const WRONG: [name: string, rules: unknown, message: string][] = [
  ["nothing", undefined, "ledger: expected keys with values, got nothing"],
  ["null", null, "ledger: expected keys with values, got nothing"],
  ["a list", [], "ledger: expected keys with values, got a list"],
  ["text", "auth", "ledger: expected keys with values, got a string"],
  ["no keys", {}, "ledger: expected keys with values, got none"],
  [
    "topics only",
    { acl: [{ filters: { a: "read" } }] },
    "ledger: expected auth or users, because without them nobody can connect",
  ],
  ["an unknown section", { rules: [], auth: [{ allow: true }] }, "rules: unknown key, expected users, auth, acl"],
  ["no rules", { auth: [] }, "auth: expected a list of rules, got []"],
  ["rules that are no list", { auth: { allow: true } }, `auth: expected a list of rules, got {"allow":true}`],
  ["a rule that is empty", { auth: [{}] }, "auth[0]: expected keys with values, got none"],
  ["a rule that is nothing", { auth: [{ allow: true }, null] }, "auth[1]: expected keys with values, got nothing"],
  [
    "an unknown key",
    { auth: [{ user: "peach" }] },
    "auth[0].user: unknown key, expected client, username, remote, password, allow",
  ],
  ["allow as text", { auth: [{ allow: "yes" }] }, `auth[0].allow: expected true or false, got "yes"`],
  [
    "an empty client",
    { auth: [{ client: "", allow: true }] },
    `auth[0].client: expected text, got ""; leave it out or write "*" for any`,
  ],
  ["a number as user name", { auth: [{ username: 7 }] }, "auth[0].username: expected text, got 7; put it in quotes"],
  [
    "a star in the middle",
    { auth: [{ remote: "10.*.1" }] },
    `auth[0].remote: expected "*" only at the end, got "10.*.1"`,
  ],
  [
    "an empty password",
    { auth: [{ password: "", allow: true }] },
    `auth[0].password: expected a password not empty; leave it out or write "*" for any`,
  ],
  [
    "a password of stars",
    { auth: [{ password: "abc*" }] },
    `auth[0].password: expected a password without "*", because parts of a password are no pattern; write it as plain:...`,
  ],
  [
    "a hash without salt",
    { users: { u: { password: `sha256::${HASH}` } } },
    "users.u.password: expected sha256:salt:hash with a salt of 8 characters or more and a hash of 64 hex digits",
  ],
  [
    "an unknown key of a user",
    { users: { u: { pass: "x" } } },
    "users.u.pass: unknown key, expected password, disallow, acl",
  ],
  ["no filters", { users: { u: { acl: {} } } }, "users.u.acl: expected keys with values, got none"],
  [
    "filters that are nothing",
    { auth: [{ allow: true }], acl: [{ filters: null }] },
    "acl[0].filters: expected keys with values, got nothing",
  ],
  [
    "an unknown access",
    { auth: [{ allow: true }], acl: [{ filters: { "a/b": "all" } }] },
    `acl[0].filters.a/b: expected deny, read, write or read_write, got "all"`,
  ],
  [
    "an access out of range",
    { auth: [{ allow: true }], acl: [{ filters: { "a": 4 } }] },
    "acl[0].filters.a: expected deny, read, write or read_write, got 4",
  ],
  [
    "a filter that is none",
    { auth: [{ allow: true }], acl: [{ filters: { "a#": "read" } }] },
    `acl[0].filters: expected topic filters, got "a#": Cannot use topic filter: # is allowed only as its last level`,
  ],
  [
    "a shared filter",
    { auth: [{ allow: true }], acl: [{ filters: { "$share/x/a": "read" } }] },
    `acl[0].filters: expected a filter without $share/name/, got "$share/x/a"; shared subscriptions need its inner filter`,
  ],
];

for (const [name, rules, message] of WRONG) {
  Deno.test(`wrong rules: ${name}`, () => {
    const error = assertThrows(() => ledger(rules as LedgerRules), Error) as Error;
    assertEquals(error.message, message);
  });
}

Deno.test("errors do not show passwords", () => {
  for (const password of ["hunter2*", ["hunter2"], { value: "hunter2" }, "sha256:hunter2", "pbkdf2-sha256:hunter2"]) {
    const error = assertThrows(() => checkLedger({ auth: [{ password }] }), Error) as Error;
    assertNotMatch(error.message, /hunter2/);
  }
  const error = assertThrows(() => checkLedger({ auth: ["peach:hunter2"] }), Error) as Error;
  assertEquals(error.message, "auth[0]: expected keys with values, got a string");
});

Deno.test("errors start with the place where the ledger stands", () => {
  assertThrows(() => checkLedger({}, "hooks.auth.ledger"), Error, "hooks.auth.ledger: expected keys");
  assertThrows(
    () => checkLedger({ auth: [{ a: 1 }] }, "hooks.auth.ledger"),
    Error,
    "hooks.auth.ledger.auth[0].a: unknown",
  );
});

Deno.test("wrong rules leave the old ones in place", () => {
  const hook = ledger({ auth: [{ allow: true }] });
  assertThrows(() => hook.update({ auth: [] }), Error, "auth: expected");
  assertEquals(hook.onConnectAuthenticate!({} as never, {} as never), true);
});

Deno.test("access is written as a word or as the number of the Go broker", () => {
  const { acl } = checkLedger({ auth: [{ allow: true }], acl: [{ filters: { a: 0, b: 1, c: 2, d: 3, e: "write" } }] });
  assertEquals(acl, [{ filters: { a: "deny", b: "read", c: "write", d: "read_write", e: "write" } }]);
});

const RULES: LedgerRules = {
  users: { peach: { password: "plain:pa*ss", disallow: false, acl: { "peach/#": "read_write" } } },
  auth: [{ client: "c*", username: "melon", remote: "127.0.0.1:*", password: "*", allow: true }],
  acl: [{ username: "melon", filters: { "#": "read", "updates/#": "deny" } }, { remote: "127.0.0.1:*" }],
};

Deno.test("rules survive being written and read", () => {
  assertEquals(parseLedger(formatLedger(RULES)), RULES);
});

Deno.test("rules can be written and read in another form", () => {
  const text = formatLedger(RULES, (rules) => `form ${JSON.stringify(rules)}`);
  assertEquals(text.startsWith(`form {"users"`), true);
  assertEquals(parseLedger(text, (text) => JSON.parse(text.slice("form ".length))), RULES);
});

Deno.test("text that cannot be parsed is refused", () => {
  assertThrows(() => parseLedger("auth:"), Error, "ledger: cannot be parsed: ");
  assertThrows(() => parseLedger(""), Error, "ledger: cannot be parsed: ");
  assertThrows(() => parseLedger("null"), Error, "ledger: expected keys with values, got nothing");
});

Deno.test("wrong rules are not written", () => {
  assertThrows(() => formatLedger({ auth: [] }), Error, "auth: expected a list");
});
