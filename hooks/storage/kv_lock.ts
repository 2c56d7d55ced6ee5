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
  /** Lets the next one in. */
  release(): Promise<void>;
}

/** For a store in memory: nobody else can reach it. */
export const noLock: KvLock = {
  acquire: (open) => open(),
  guard: (atomic) => atomic,
  verify: () => Promise.reject(new StoreLostError("Deno KV refused a change")),
  release: () => Promise.resolve(),
};

/**
 * A lock of the operating system on `PATH.lock`; it ends with the process, however that ends. A store whose file was deleted
 * or replaced goes on in a file without a name, which is gone with the process.
 */
export class FileLock implements KvLock {
  readonly #path: string;
  #file: Deno.FsFile | undefined;
  #place = "";
  #inode: number | null = null;

  /** @param path file of the store */
  constructor(path: string) {
    this.#path = path;
  }

  async acquire(open: () => Promise<KvStore>): Promise<KvStore> {
    const name = `${this.#path}.lock`, folder = this.#path.replace(/[^/\\]*$/, "");
    if (folder !== "") await Deno.mkdir(folder, { recursive: true });
    const file = await Deno.open(name, { create: true, read: true, write: true });
    if (!await file.tryLock(true)) {
      file.close();
      const holder = (await Deno.readTextFile(name)).trim();
      throw new Error(
        `Cannot open store ${this.#path}: another broker (process ${holder}) uses it; stop it, or choose another file`,
      );
    }
    await file.truncate();
    await file.write(new TextEncoder().encode(String(Deno.pid)));
    this.#file = file;
    try {
      const kv = await open();
      this.#place = await Deno.realPath(this.#path);
      this.#inode = (await Deno.stat(this.#place)).ino;
      return kv;
    } catch (error) {
      await this.release();
      throw error;
    }
  }

  guard(atomic: KvAtomic): KvAtomic {
    return atomic;
  }

  verify(): Promise<void> {
    return noLock.verify();
  }

  async present(): Promise<void> {
    const found = await Deno.stat(this.#place).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
    if (found?.ino === this.#inode) return;
    throw new StoreLostError(
      `${this.#place} was deleted or replaced; start the broker again, it begins with what it finds there`,
    );
  }

  // deno-lint-ignore require-await
  async release(): Promise<void> {
    this.#file?.close();
    this.#file = undefined;
  }
}

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

  async release(): Promise<void> {
    clearInterval(this.#timer);
    await this.#renewal;
    if (this.#kv === undefined || this.#lost) return;
    await this.guard(this.#kv.atomic()).delete(this.#key).commit().catch(() => {}); // it ends by itself
    this.#kv = undefined;
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
