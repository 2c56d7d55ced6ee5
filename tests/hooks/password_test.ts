import { assertEquals, assertMatch, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { hashPassword, type PlainPassword, readPassword } from "../../hooks/auth/password.ts";
import { PasswordHashes } from "../../hooks/auth/password_hashes.ts";
import { newClient } from "./clients.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

const hashes = new PasswordHashes();

async function accepts(rule: string, given: string): Promise<boolean> {
  const password = readPassword(rule)!;
  return typeof password === "function"
    ? password(encode(given))
    : await hashes.check(password, encode(given), newClient({}));
}

// made with: printf %s saltsaltsecret | sha256sum
const SHA256 = "sha256:saltsalt:27b0d9f5088892201b4d5341d34eeca7dfd3b19a6a4f35c536dda0cbed45e701";
// made with Python: hashlib.pbkdf2_hmac("sha256", b"secret", b"saltsalt", 1000).hex()
const PBKDF2 = "pbkdf2-sha256:1000:saltsalt:86047d1ecaad2aea56c699eff32f7d4eb3c36a34d3ffd3dc49394d69fa5d2d74";

for (
  const rule of [
    "secret",
    "plain:secret",
    SHA256,
    SHA256.toUpperCase().replace("SHA256:SALTSALT", "sha256:saltsalt"),
    PBKDF2,
  ]
) {
  Deno.test(`${rule.slice(0, 24)} accepts its password and no other`, async () => {
    assertEquals(await accepts(rule, "secret"), true);
    for (
      const wrong of ["", "s", "Secret", "secret ", "secretsecret", "secre", rule === "secret" ? "x" : rule]
    ) {
      assertEquals(await accepts(rule, wrong), false, wrong);
    }
  });
}

Deno.test("a star stands for any password, and for none", () => {
  assertEquals(readPassword("*"), undefined);
});

Deno.test("a plain password may hold anything", async () => {
  for (const password of ["a*b", "*", "sha256:x", "plain:x", "ünï", " "]) {
    assertEquals(await accepts(`plain:${password}`, password), true);
    assertEquals(await accepts(`plain:${password}`, password + "x"), false);
  }
});

Deno.test("passwords that are not UTF-8 are compared as bytes", () => {
  const check = readPassword("secret") as PlainPassword;
  assertEquals(check(Uint8Array.of(0xff, 0xfe)), false);
  assertEquals(check(Uint8Array.of(0xef, 0xbb, 0xbf, ...encode("secret"))), false);
});

const WRONG = [
  "plain:",
  "sha256:",
  "sha256:saltsalt",
  "sha256:short:" + "0".repeat(64),
  "sha256:saltsalt:" + "0".repeat(63),
  "sha256:saltsalt:" + "x".repeat(64),
  "sha256:saltsalt:more:" + "0".repeat(64),
  "pbkdf2-sha256:999:saltsalt:" + "0".repeat(64),
  "pbkdf2-sha256:10000001:saltsalt:" + "0".repeat(64),
  "pbkdf2-sha256:1e4:saltsalt:" + "0".repeat(64),
  "pbkdf2-sha256:1000:short:" + "0".repeat(64),
  "pbkdf2-sha256:1000:saltsalt:",
  "pbkdf2-sha256:1000:saltsalt",
];

for (const rule of WRONG) {
  Deno.test(`${rule.slice(0, 40)} is refused`, () => {
    assertThrows(() => readPassword(rule), Error, "expected ");
  });
}

Deno.test("a hashed password is accepted, and differs each time", async () => {
  const first = await hashPassword("secret", 1_000);
  const second = await hashPassword("secret", 1_000);
  assertMatch(first, /^pbkdf2-sha256:1000:[0-9a-f]{32}:[0-9a-f]{64}$/);
  assertNotEquals(first, second);
  assertEquals(await accepts(first, "secret"), true);
  assertEquals(await accepts(first, "Secret"), false);
});

Deno.test("iterations out of range are refused", async () => {
  for (const iterations of [0, 999, 10_000_001, 1.5, NaN]) {
    await assertRejects(
      () => hashPassword("secret", iterations),
      RangeError,
      "expected 1,000 to 10,000,000 iterations",
    );
  }
});
