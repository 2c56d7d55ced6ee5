/** One broker for one store: a lock on a file beside a local store, a lease in a hosted one.
 * @module */
import { StoreLostError } from "./engine.ts";
import type { KvAtomic, KvKey, KvStore } from "./kv_api.ts";

/** How a store is kept from being used twice. */
export interface KvLock {
  /** Opens the store, or says who has it. */
  acquire(open: () => Promise<KvStore>): Promise<KvStore>;
  /** Makes an atomic fail when the store belongs to somebody else. */
  guard(atomic: KvAtomic): KvAtomic;
  /** Called when a guarded atomic failed. @throws {StoreLostError} when trying again is no use */
  verify(): Promise<void>;
  /**
   * Looks whether a start would find what was committed. Not there where that cannot change.
   *
   * @throws {StoreLostError} (as rejection) when it would not
   */
  present?(): Promise<void>;
  /** What an operator should know of the store, once it is open. */
  readonly warnings?: readonly string[];
  /**
   * Closes the store and lets the next one in.
   *
   * @param close closes the store
   */
  release(close: () => void): Promise<void>;
}

/** For a store in memory: nobody else can reach it. */
export const noLock: KvLock = {
  acquire: (open) => open(),
  guard: (atomic) => atomic,
  verify: () => Promise.reject(new StoreLostError("Deno KV refused a change")),
  // deno-lint-ignore require-await
  release: async (close) => close(),
};

interface Lease {
  readonly token: string;
  readonly until: number;
}

/** An item with a time: every commit checks that it is still ours. */
export class LeaseLock implements KvLock {
  readonly #key: KvKey;
  readonly #milliseconds: number;
  readonly #token = crypto.randomUUID();
  #kv: KvStore | undefined;
  #stamp: string | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;
  #renewal: Promise<void> = Promise.resolve();
  #lost = false;

  /**
   * @param key where it stands
   * @param milliseconds how long it lasts after its holder has gone
   */
  constructor(key: KvKey, milliseconds: number) {
    this.#key = key;
    this.#milliseconds = milliseconds;
  }

  async acquire(open: () => Promise<KvStore>): Promise<KvStore> {
    const kv = await open(), { value, versionstamp } = await kv.get(this.#key), lease = value as Lease | null;
    if (lease !== null && lease.until > Date.now() || !await this.#write(kv, versionstamp)) {
      kv.close();
      const seconds = Math.ceil(((lease?.until ?? 0) - Date.now()) / 1000);
      throw new Error(
        `Cannot open the store: another broker uses it; if that one is gone, try again in ${
          Math.max(1, seconds)
        } seconds`,
      );
    }
    this.#kv = kv;
    this.#timer = setInterval(() => this.#renew(), this.#milliseconds / 3);
    return kv;
  }

  guard(atomic: KvAtomic): KvAtomic {
    return atomic.check({ key: this.#key, versionstamp: this.#stamp });
  }

  async verify(): Promise<void> {
    this.#renew();
    await this.#renewal;
    if (!this.#lost) return;
    throw new StoreLostError("another broker has taken over the store");
  }

  async release(close: () => void): Promise<void> {
    clearInterval(this.#timer);
    await this.#renewal;
    const kv = this.#kv;
    this.#kv = undefined;
    if (kv !== undefined && !this.#lost) {
      await this.guard(kv.atomic()).delete(this.#key).commit().catch(() => {}); // it ends by itself
    }
    close();
  }

  #renew(): void {
    const kv = this.#kv!;
    this.#renewal = this.#renewal.then(() => this.#write(kv, this.#stamp)).then((ok) => {
      this.#lost ||= !ok;
    }).catch(() => {}); // out of reach: commits fail as well, and the next renewal may work
  }

  async #write(kv: KvStore, stamp: string | null): Promise<boolean> {
    const lease: Lease = { token: this.#token, until: Date.now() + this.#milliseconds };
    const result = await kv.atomic().check({ key: this.#key, versionstamp: stamp }).set(this.#key, lease).commit();
    if (result.ok) this.#stamp = result.versionstamp!;
    return result.ok;
  }
}
