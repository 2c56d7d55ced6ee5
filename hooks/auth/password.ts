/** Passwords in rules: plain or hashed, compared in constant time.
 * @module */
import { loadCrypto } from "./sync_crypto.ts";

/** Tells whether a password is the right one, where that is known in plain. */
export type PlainPassword = (given: Uint8Array) => boolean;

/** A password of which only a hash is known. */
export interface PasswordHash {
  /** Kind, salt and hash as they stand in the rule. */
  readonly text: string;
  /** True where computing it takes long on purpose. */
  readonly isSlow: boolean;
  /** The hash of the right password. */
  readonly expected: Uint8Array;
  /** Computes the hash of a password, whose bytes must not change meanwhile. */
  compute(given: Uint8Array): Promise<Uint8Array>;
}

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
  const salt = randomHex(16);
  return `${PBKDF2}:${iterations}:${salt}:${toHex(await pbkdf2(encoder.encode(password), salt, iterations))}`;
}

/**
 * Reads the password of a rule: `*` for any, `plain:...`, `sha256:salt:hash`, `pbkdf2-sha256:iterations:salt:hash`, or
 * the password itself.
 *
 * @param text the value in the rule
 * @returns what is known of it; `undefined` where any password will do
 * @throws {Error} that says what was expected, without the value
 */
export function readPassword(text: string): PlainPassword | PasswordHash | undefined {
  if (text === "*") return undefined;
  if (text.startsWith("plain:")) return plainCheck(text.slice("plain:".length));
  if (text.startsWith(`${SHA256}:`)) return sha256Hash(text);
  if (text.startsWith(`${PBKDF2}:`)) return pbkdf2Hash(text);
  if (text.includes("*")) {
    throw new Error(
      `expected a password without "*", because parts of a password are no pattern; write it as plain:...`,
    );
  }
  return plainCheck(text);
}

/**
 * Makes a hash that no password has, which takes as long as others: whoever is refused waits for one, so that it does not
 * show which names are known.
 *
 * @param hashes those of a set of rules
 * @returns a hash like the slow ones among them, of several kinds like the kind that is there most often; `undefined` for none
 */
export function decoyOf(hashes: readonly PasswordHash[]): PasswordHash | undefined {
  const slow = hashes.filter(({ isSlow }) => isSlow), counts = new Map<string, number>();
  for (const { text } of slow.length > 0 ? slow : hashes) {
    const kind = text.split(":").slice(0, -2).join(":");
    counts.set(kind, 1 + (counts.get(kind) ?? 0));
  }
  const [most] = [...counts].sort(([, left], [, right]) => right - left);
  if (most === undefined) return undefined;
  return readPassword(`${most[0]}:${randomHex(16)}:${randomHex(32)}`) as PasswordHash;
}

function randomHex(bytes: number): string {
  return toHex(crypto.getRandomValues(new Uint8Array(bytes)));
}

function plainCheck(password: string): PlainPassword {
  if (password === "") throw new Error("expected a password, got none");
  const expected = encoder.encode(password);
  return (given) => equalBytes(expected, given);
}

function sha256Hash(text: string): PasswordHash {
  const parts = text.split(":"), [, salt, hash] = parts;
  if (parts.length !== 3 || !isSalt(salt) || !HASH.test(hash)) {
    throw new Error("expected sha256:salt:hash with a salt of 8 characters or more and a hash of 64 hex digits");
  }
  return { text, isSlow: false, expected: fromHex(hash), compute: (given) => sha256(salt, given) };
}

function pbkdf2Hash(text: string): PasswordHash {
  const parts = text.split(":"), [, iterations, salt, hash] = parts;
  const known = parts.length === 4 && /^\d+$/.test(iterations) && isIterations(Number(iterations));
  if (!known || !isSalt(salt) || !HASH.test(hash)) {
    throw new Error(
      "expected pbkdf2-sha256:iterations:salt:hash with 1,000 to 10,000,000 iterations, a salt of 8 characters or more " +
        "and a hash of 64 hex digits",
    );
  }
  const compute = (given: Uint8Array) => pbkdf2(given, salt, Number(iterations));
  return { text, isSlow: true, expected: fromHex(hash), compute };
}

function isIterations(value: number): boolean {
  return Number.isInteger(value) && value >= MINIMUM_ITERATIONS && value <= MAXIMUM_ITERATIONS;
}

function isSalt(salt: string): boolean {
  return salt.length >= 8;
}

/**
 * Compares in a time that depends on the length of `given` alone, wherever the two differ.
 *
 * @param expected not empty
 * @param given what is compared with it
 * @returns whether they are the same
 */
export function equalBytes(expected: Uint8Array, given: Uint8Array): boolean {
  let difference = expected.length ^ given.length;
  for (let index = 0; index < given.length; index++) difference |= expected[index % expected.length] ^ given[index];
  return difference === 0;
}

async function sha256(salt: string, password: Uint8Array): Promise<Uint8Array> {
  const { createHash } = await loadCrypto();
  return createHash("sha256").update(salt).update(password).digest();
}

async function pbkdf2(password: Uint8Array, salt: string, iterations: number): Promise<Uint8Array> {
  const key = await crypto.subtle.importKey("raw", password as BufferSource, "PBKDF2", false, ["deriveBits"]);
  const parameters = { name: "PBKDF2", hash: "SHA-256", salt: encoder.encode(salt), iterations };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, 256));
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g)!, (pair) => parseInt(pair, 16));
}
