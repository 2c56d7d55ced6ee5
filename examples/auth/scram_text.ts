/** The words and the arithmetic of SCRAM that server and client share. */

const encoder = new TextEncoder();

/** The bytes in Base64. */
export function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** The bytes of Base64, `undefined` when it is none. */
export function fromBase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

/** `n=user,r=nonce` as pairs in order; values may contain `=`. */
export function parseAttributes(message: string): [name: string, value: string][] {
  return message.split(",").map((attribute) => [attribute.slice(0, 1), attribute.slice(2)]);
}

/** Writes a user name, in which `,` and `=` have to be escaped. */
export function writeUserName(username: string): string {
  return normalize(username).replaceAll("=", "=3D").replaceAll(",", "=2C");
}

/** Reads a user name, `undefined` when it is none. */
export function readUserName(text: string): string | undefined {
  if (text === "" || /=(?!2C|3D)/.test(text)) return undefined;
  return normalize(text.replaceAll("=2C", ",").replaceAll("=3D", "="));
}

/** Salts and stretches a password: the slow step, for who guesses. */
export async function saltPassword(
  password: string,
  { salt, iterations }: { salt: Uint8Array; iterations: number },
): Promise<Uint8Array> {
  const key = await crypto.subtle.importKey("raw", encoder.encode(normalize(password)), "PBKDF2", false, [
    "deriveBits",
  ]);
  const parameters = { name: "PBKDF2", hash: "SHA-256", salt: salt.slice(), iterations };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, 256));
}

/** HMAC-SHA-256. */
export async function hmac(key: Uint8Array, text: string): Promise<Uint8Array> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", key.slice(), algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, encoder.encode(text)));
}

/** SHA-256. */
export async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.slice()));
}

/** Both, bit by bit. */
export function xor(left: Uint8Array, right: Uint8Array): Uint8Array {
  return left.map((byte, index) => byte ^ right[index]);
}

/** Takes as long wherever the two differ. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && xor(left, right).reduce((all, byte) => all | byte, 0) === 0;
}

/** What SASLprep (RFC 4013) does with ordinary text: one form of each character, no-break spaces as spaces. */
function normalize(text: string): string {
  return text.replace(/[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g, " ").replace(/\u00ad/g, "").normalize("NFKC");
}
