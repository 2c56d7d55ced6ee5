/** One broker for one Redis: a key with a token that lapses, and a number that tells whether anybody else came between.
 * @module */
import type { Logger } from "../../src/hook/logger.ts";
import { StoreLostError } from "./engine.ts";
import type { RedisConnection } from "./redis_api.ts";

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
    this.#epoch = String(await connection.sendCommand(["INCR", this.#epochKey]));
  }

  /**
   * Looks whether it is still ours, and makes the next transaction of this connection fail if that changes.
   *
   * @param connection where
   * @param logger told when the store has been emptied
   * @throws {StoreLostError} (as rejection) when somebody else has, or had, the store
   */
  async watch(connection: RedisConnection, logger: Logger): Promise<void> {
    const [, holder, epoch] = await Promise.all([
      connection.sendCommand(["WATCH", this.key]),
      connection.sendCommand(["GET", this.key]),
      connection.sendCommand(["GET", this.#epochKey]),
    ]);
    if (holder !== null && String(holder) === this.#token) return;
    const wiped = holder === null && epoch === null;
    if (!wiped && (holder !== null || String(epoch) !== this.#epoch)) {
      throw new StoreLostError("another broker has taken over the store in Redis");
    }
    if (wiped) logger.error("Redis has lost everything that was stored; from now on changes are stored again");
    await connection.multi()
      .addCommand(["SET", this.key, this.#token, "PX", String(this.milliseconds)])
      .addCommand(["SET", this.#epochKey, this.#epoch])
      .exec();
    await this.watch(connection, logger);
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
