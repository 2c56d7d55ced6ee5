/** Passwords in rules: plain or hashed, compared in constant time.
 * @module */

/** Tells whether a password is the right one; only PBKDF2 and SHA-256 need a Promise. */
export type PasswordCheck = (given: Uint8Array | undefined) => boolean | Promise<boolean>;

const SHA256 = "sha256";
const PBKDF2 = "pbkdf2-sha256";
const MINIMUM_ITERATIONS = 1_000;
const MAXIMUM_ITERATIONS = 10_000_000;
const DEFAULT_ITERATIONS = 600_000;
const HASH = /^[0-9a-f]{64}$/i;
const encoder = new TextEncoder();

/**
 * Hashes a password for a ledger: the result stands where the password would.
 *
 * The form is `pbkdf2-sha256:iterations:salt:hash`, slow to guess and slow to check (about 0.2 s on another thread at
 * 600,000 iterations). For long random secrets of many devices `sha256:salt:hash` is enough, where `hash` is SHA-256 of
 * the salt followed by the password, in hex: `printf %s "$SALT$SECRET" | sha256sum`.
 *
 * @param password the password
 * @param iterations 1,000 to 10,000,000; by default 600,000
 * @returns the text for `password` in a rule
 * @throws {RangeError} when the number of iterations is out of range
 *
 * @example
 * ```ts
 * import { hashPassword, ledger } from "@mochi/broker";
 *
 * const password = await hashPassword("correct horse", 1_000);
 * const hook = ledger({ users: { peach: { password } } });
 * console.assert(hook.id === "ledger");
 * ```
 */
export async function hashPassword(password: string, iterations: number = DEFAULT_ITERATIONS): Promise<string> {
  if (!isIterations(iterations)) {
    throw new RangeError(`Cannot hash password: expected 1,000 to 10,000,000 iterations, got ${iterations}`);
  }
  const salt = toHex(crypto.getRandomValues(new Uint8Array(16)));
  return `${PBKDF2}:${iterations}:${salt}:${toHex(await pbkdf2(encoder.encode(password), salt, iterations))}`;
}

/**
 * Reads the password of a rule: `*` for any, `plain:...`, `sha256:salt:hash`, `pbkdf2-sha256:iterations:salt:hash`, or
 * the password itself.
 *
 * @param text the value in the rule
 * @returns the check; `undefined` where any password will do
 * @throws {Error} that says what was expected, without the value
 */
export function readPassword(text: string): PasswordCheck | undefined {
  if (text === "*") return undefined;
  if (text.startsWith("plain:")) return plainCheck(text.slice("plain:".length));
  if (text.startsWith(`${SHA256}:`)) return sha256Check(text.split(":"));
  if (text.startsWith(`${PBKDF2}:`)) return pbkdf2Check(text.split(":"));
  if (text.includes("*")) {
    throw new Error(
      `expected a password without "*", because parts of a password are no pattern; write it as plain:...`,
    );
  }
  return plainCheck(text);
}

function plainCheck(password: string): PasswordCheck {
  if (password === "") throw new Error("expected a password, got none");
  const expected = encoder.encode(password);
  return (given) => given !== undefined && equalBytes(expected, given);
}

function sha256Check(parts: string[]): PasswordCheck {
  const [, salt, hash] = parts;
  if (parts.length !== 3 || !isSalt(salt) || !HASH.test(hash)) {
    throw new Error("expected sha256:salt:hash with a salt of 8 characters or more and a hash of 64 hex digits");
  }
  const expected = fromHex(hash);
  const salted = encoder.encode(salt);
  return async (given) => given !== undefined && equalBytes(expected, await sha256(salted, given));
}

function pbkdf2Check(parts: string[]): PasswordCheck {
  const [, iterations, salt, hash] = parts;
  const known = parts.length === 4 && /^\d+$/.test(iterations) && isIterations(Number(iterations));
  if (!known || !isSalt(salt) || !HASH.test(hash)) {
    throw new Error(
      "expected pbkdf2-sha256:iterations:salt:hash with 1,000 to 10,000,000 iterations, a salt of 8 characters or more " +
        "and a hash of 64 hex digits",
    );
  }
  const expected = fromHex(hash);
  return async (given) => given !== undefined && equalBytes(expected, await pbkdf2(given, salt, Number(iterations)));
}

function isIterations(value: number): boolean {
  return Number.isInteger(value) && value >= MINIMUM_ITERATIONS && value <= MAXIMUM_ITERATIONS;
}

function isSalt(salt: string): boolean {
  return salt.length >= 8;
}

/** Takes as long as `given` is long, wherever the two differ. */
function equalBytes(expected: Uint8Array, given: Uint8Array): boolean {
  let difference = expected.length ^ given.length;
  for (let index = 0; index < given.length; index++) difference |= expected[index % expected.length] ^ given[index];
  return difference === 0;
}

async function sha256(salt: Uint8Array, password: Uint8Array): Promise<Uint8Array> {
  const bytes = new Uint8Array(salt.length + password.length);
  bytes.set(salt);
  bytes.set(password, salt.length);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

async function pbkdf2(password: Uint8Array, salt: string, iterations: number): Promise<Uint8Array> {
  // a copy: the bytes may be a view on a read buffer that is used again
  const key = await crypto.subtle.importKey("raw", password.slice(), "PBKDF2", false, ["deriveBits"]);
  const parameters = { name: "PBKDF2", hash: "SHA-256", salt: encoder.encode(salt), iterations };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, 256));
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g)!, (pair) => parseInt(pair, 16));
}
