import { assertEquals } from "@std/assert";
import { ledger } from "../../hooks/auth/ledger.ts";
import type { LedgerAuthRule, LedgerRules } from "../../hooks/auth/ledger_rules.ts";
import { hashPassword } from "../../hooks/auth/password.ts";
import type { ClientInit } from "../../src/session/client.ts";
import { connectPacket, newClient } from "./clients.ts";

async function mayConnect(rules: LedgerRules, init: Partial<ClientInit>, password?: string): Promise<boolean> {
  return await ledger(rules).onConnectAuthenticate!(newClient(init), connectPacket(password)) as boolean;
}

/** Whether one rule that allows matches. */
async function matches(rule: LedgerAuthRule, init: Partial<ClientInit>, password?: string): Promise<boolean> {
  return await mayConnect({ auth: [{ ...rule, allow: true }] }, init, password);
}

Deno.test("without a rule that matches nobody connects", async () => {
  assertEquals(await mayConnect({ auth: [{ username: "peach", allow: true }] }, { username: "melon" }), false);
  assertEquals(await mayConnect({ auth: [{ username: "peach", allow: true }] }, {}), false);
});

Deno.test("a rule without allow keeps out", async () => {
  assertEquals(await mayConnect({ auth: [{ username: "peach" }, { allow: true }] }, { username: "peach" }), false);
});

Deno.test("the first rule that matches decides", async () => {
  const deny = { client: "c1", allow: false };
  const allow = { username: "peach", allow: true };
  assertEquals(await mayConnect({ auth: [deny, allow] }, { username: "peach" }), false);
  assertEquals(await mayConnect({ auth: [allow, deny] }, { username: "peach" }), true);
});

Deno.test("a rule with another password is passed over", async () => {
  const auth = [{ username: "peach", password: "one", allow: true }, {
    username: "peach",
    password: "two",
    allow: true,
  }];
  assertEquals(await mayConnect({ auth }, { username: "peach" }, "one"), true);
  assertEquals(await mayConnect({ auth }, { username: "peach" }, "two"), true);
  assertEquals(await mayConnect({ auth }, { username: "peach" }, "three"), false);
});

Deno.test("all criteria of a rule have to hold", async () => {
  const rule = { client: "c1", username: "peach", password: "secret", remote: "127.0.0.1:*" };
  assertEquals(await matches(rule, { username: "peach" }, "secret"), true);
  assertEquals(await matches(rule, { username: "peach" }, "Secret"), false);
  assertEquals(await matches(rule, { username: "peach" }), false);
  assertEquals(await matches(rule, { username: "melon" }, "secret"), false);
  assertEquals(await matches(rule, { username: "peach", id: "c2" }, "secret"), false);
  assertEquals(await matches(rule, { username: "peach", remoteAddress: "10.0.0.1:1" }, "secret"), false);
});

const PATTERNS: [pattern: string, value: string, matches: boolean][] = [
  ["*", "anything", true],
  ["*", "", true],
  ["abc", "abc", true],
  ["abc", "abcd", false],
  ["abc", "ab", false],
  ["abc", "ABC", false],
  ["abc*", "abcd", true],
  ["abc*", "abc", false],
  ["abc*", "xabcd", false],
  ["a.c", "abc", false],
  ["(", "(", true],
];

for (const [pattern, value, expected] of PATTERNS) {
  Deno.test(`pattern ${pattern} ${expected ? "matches" : "does not match"} "${value}"`, async () => {
    assertEquals(await matches({ client: pattern }, { id: value }), expected);
    assertEquals(await matches({ username: pattern }, { username: value }), expected);
    assertEquals(await matches({ remote: pattern }, { remoteAddress: value }), expected);
  });
}

Deno.test("what a client sends is never a pattern", async () => {
  for (
    const hostile of ["*", "+", "#", "/", "a/#", "+/+", "$share/x/#", ".*", "pea*", "", "__proto__", "constructor"]
  ) {
    assertEquals(await matches({ client: "peach" }, { id: hostile }), false, hostile);
    assertEquals(await matches({ username: "peach" }, { username: hostile }), false, hostile);
    assertEquals(await matches({ password: "peach" }, {}, hostile), false, hostile);
    const users = { peach: { password: "secret" } };
    assertEquals(await mayConnect({ users }, { username: hostile }, "secret"), false, hostile);
  }
});

Deno.test("users named like members of objects are users like others", async () => {
  const users = JSON.parse(`{ "__proto__": { "password": "one" }, "constructor": { "password": "two" } }`);
  assertEquals(await mayConnect({ users }, { username: "__proto__" }, "one"), true);
  assertEquals(await mayConnect({ users }, { username: "__proto__" }, "two"), false);
  assertEquals(await mayConnect({ users }, { username: "constructor" }, "two"), true);
});

const REMOTES: [pattern: string, address: string, matches: boolean][] = [
  ["127.0.0.1:*", "127.0.0.1:1", true],
  ["127.0.0.1", "127.0.0.1:1", true],
  ["127.0.0.1:*", "127.0.0.11:1", false],
  ["127.0.0.1", "127.0.0.11:1", false],
  ["10.0.0.5:*", "[::ffff:10.0.0.5]:1", true],
  ["10.0.0.5", "[::FFFF:10.0.0.5]:1", true],
  ["::1", "[::1]:1", true],
  ["[::1]", "[::1]:1", true],
  ["[::1]:*", "[::1]:1", true],
  ["[fe80:*", "[fe80::2]:1", true],
  ["/run/mqtt.sock", "/run/mqtt.sock", true],
];

for (const [pattern, address, expected] of REMOTES) {
  Deno.test(`remote ${pattern} ${expected ? "matches" : "does not match"} ${address}`, async () => {
    assertEquals(await matches({ remote: pattern }, { remoteAddress: address }), expected);
  });
}

Deno.test("a user is decided by its password alone", async () => {
  const rules: LedgerRules = { users: { peach: { password: "secret" } }, auth: [{ allow: true }] };
  assertEquals(await mayConnect(rules, { username: "peach" }, "secret"), true);
  assertEquals(await mayConnect(rules, { username: "peach" }, "wrong"), false);
  assertEquals(await mayConnect(rules, { username: "peach" }), false);
  assertEquals(await mayConnect(rules, { username: "melon" }, "wrong"), true);
});

Deno.test("a user that is not allowed stays out, with and without a password", async () => {
  const auth = [{ allow: true }];
  for (const peach of [{ password: "secret", disallow: true }, { disallow: true }]) {
    assertEquals(await mayConnect({ users: { peach }, auth }, { username: "peach" }, "secret"), false);
  }
});

Deno.test("a user without a password is decided by the rules", async () => {
  const rules: LedgerRules = {
    users: { peach: { acl: { "a": "read" } } },
    auth: [{ username: "peach", password: "secret", allow: true }],
  };
  assertEquals(await mayConnect(rules, { username: "peach" }, "secret"), true);
  assertEquals(await mayConnect(rules, { username: "peach" }, "wrong"), false);
});

Deno.test("hashed passwords decide in their turn", async () => {
  const password = await hashPassword("secret", 1_000);
  const auth = [{ password, allow: false }, { username: "peach", password: "plain", allow: true }, {
    client: "c9",
    allow: true,
  }];
  assertEquals(await mayConnect({ auth }, { username: "peach" }, "secret"), false);
  assertEquals(await mayConnect({ auth }, { username: "peach" }, "plain"), true);
  assertEquals(await mayConnect({ auth }, { id: "c9" }, "other"), true);
  assertEquals(await mayConnect({ auth }, {}, "other"), false);
});

Deno.test("a password that is overwritten while a hash is computed is compared as it was", async () => {
  const password = await hashPassword("secret", 1_000);
  const hook = ledger({
    auth: [{ password: await hashPassword("x", 1_000) }, { password, allow: true }, { password: "plain", allow: true }],
  });
  for (const sent of ["secret", "plain"]) {
    const packet = connectPacket(sent);
    const verdict = hook.onConnectAuthenticate!(newClient({}), packet);
    packet.password!.fill(0);
    assertEquals(await verdict, true, sent);
  }
});

Deno.test("plain passwords are decided without waiting", () => {
  const hook = ledger({ auth: [{ password: "secret", allow: true }] });
  assertEquals(hook.onConnectAuthenticate!(newClient({}), connectPacket("secret")), true);
});
