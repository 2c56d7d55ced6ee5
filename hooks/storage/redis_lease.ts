/** One broker for one Redis: a key with a token that lapses, and a number that tells whether anybody else came between.
 * @module */
import { StoreLostError } from "./engine.ts";
import type { RedisConnection } from "./redis_api.ts";

const EMPTIED = "Redis has lost what was stored in it; start the broker again, it begins with an empty store";
const TAKEN = "another broker has taken over the store in Redis";
const POLL = 100;
const GRACE = 1_000;

/** The lease of one engine. */
export class RedisLease {
  /** Key of the token. */
  readonly key: string;
  /** Milliseconds after which it lapses. */
  readonly milliseconds: number;
  readonly #epochKey: string;
  readonly #token = crypto.randomUUID();
  #epoch = "";

  /**
   * @param base beginning of the keys
   * @param milliseconds after which it lapses
   */
  constructor(base: string, milliseconds: number) {
    this.key = `${base}lock`;
    this.#epochKey = `${base}epoch`;
    this.milliseconds = milliseconds;
  }

  /**
   * Takes the lease. One that nobody renews is waited for: its broker was killed.
   *
   * @param connection where
   * @param name of the store, for the error
   * @throws {Error} (as rejection) when another broker renews it
   */
  async acquire(connection: RedisConnection, name: string): Promise<void> {
    const deadline = Date.now() + this.milliseconds + GRACE;
    let left = Infinity;
    for (;;) {
      const command = ["SET", this.key, this.#token, "NX", "PX", String(this.milliseconds)];
      if (await connection.sendCommand(command) !== null) break;
      const now = Number(await connection.sendCommand(["PTTL", this.key]));
      if (now > left || Date.now() > deadline) {
        throw new Error(
          `Cannot open store ${name}: another broker uses it; stop it, or choose another prefix or database`,
        );
      }
      left = now;
      await new Promise((resolve) => setTimeout(resolve, POLL));
    }
    // by a step that nobody else takes: it is not reached again after the database was emptied
    const step = String(1 + crypto.getRandomValues(new Uint32Array(1))[0]);
    this.#epoch = String(await connection.sendCommand(["INCRBY", this.#epochKey, step]));
  }

  /**
   * Looks whether it is still ours, and makes the next transaction of this connection fail if that changes. One that lapsed is
   * taken again when nobody came between. Where the number is gone everything else is, too: what the broker would add there
   * refers to sessions and subscriptions that a restart does not find.
   *
   * @param connection where
   * @throws {StoreLostError} (as rejection) when somebody else has, or had, the store, and when it was emptied
   */
  async watch(connection: RedisConnection): Promise<void> {
    const [, holder, epoch] = await Promise.all([
      connection.sendCommand(["WATCH", this.key, this.#epochKey]),
      connection.sendCommand(["GET", this.key]),
      connection.sendCommand(["GET", this.#epochKey]),
    ]);
    if (epoch === null) throw new StoreLostError(EMPTIED);
    if (String(epoch) !== this.#epoch) throw new StoreLostError(TAKEN);
    if (holder === null) {
      const again = ["SET", this.key, this.#token, "PX", String(this.milliseconds)];
      await connection.multi().addCommand(again).exec();
      return await this.watch(connection);
    }
    if (String(holder) !== this.#token) throw new StoreLostError(TAKEN);
  }

  /**
   * Gives it back, on a connection that watches it.
   *
   * @param connection where
   */
  async release(connection: RedisConnection): Promise<void> {
    await connection.multi().addCommand(["DEL", this.key]).exec();
  }
}
