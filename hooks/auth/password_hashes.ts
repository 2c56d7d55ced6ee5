/** Passwords that are kept as hashes: checked a few at a time, and remembered once they were right.
 * @module */
import type { Client } from "../../src/session/client.ts";
import { HashQueue } from "./hash_queue.ts";
import { equalBytes, type PasswordHash } from "./password.ts";
import { loadCrypto } from "./sync_crypto.ts";

/** Right passwords that are remembered. */
const MOST_VERIFIED = 10_000;

/** For all ledgers of the process together; one core stays free for everything else. */
const queue = new HashQueue({
  atOnce: Math.max(1, navigator.hardwareConcurrency - 1),
  waiting: 1_000,
  patience: 5_000,
});

/** Of what is remembered: random, and never seen outside of the process. */
const key = crypto.getRandomValues(new Uint8Array(32));

/** Checks passwords against the hashes of one set of rules. */
export class PasswordHashes {
  /** Keyed digests of a hash and its password, the one that was used last at the end. */
  readonly #verified = new Set<string>();

  /**
   * Tells whether a password is the right one.
   *
   * @param hash what is known of the right one
   * @param password what was given; the bytes must not change meanwhile
   * @param client who has given it
   * @returns whether it is right
   * @throws {MqttError} (as rejection) 0x97 while too many are being checked
   */
  async check(hash: PasswordHash, password: Uint8Array, client: Client): Promise<boolean> {
    if (!hash.isSlow) return await matches(hash, password);
    const { createHmac } = await loadCrypto();
    const digest = createHmac("sha256", key).update(`${hash.text}\n`).update(password).digest("base64");
    if (this.#verified.delete(digest)) return this.#remember(digest);
    // many may come with the same password at once, and wait for the first of them
    const compute = async () => this.#verified.has(digest) || await matches(hash, password);
    return await queue.run(client, compute) && this.#remember(digest);
  }

  #remember(digest: string): true {
    this.#verified.add(digest);
    if (this.#verified.size > MOST_VERIFIED) this.#verified.delete(this.#verified.values().next().value!);
    return true;
  }
}

async function matches({ expected, compute }: PasswordHash, password: Uint8Array): Promise<boolean> {
  return equalBytes(expected, await compute(password));
}
