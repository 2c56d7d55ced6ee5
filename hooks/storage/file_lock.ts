/** One broker for one file, whatever names the file has.
 * @module */
import { StoreLostError } from "./engine.ts";
import type { KvAtomic, KvStore } from "./kv_api.ts";
import { type KvLock, noLock } from "./kv_lock.ts";
import { excessRights, OWNER_FILE, OWNER_FOLDER } from "./file_rights.ts";

/** A lock of Windows would keep the database itself from reading, so there the file beside it has to do. */
const LOCKS_STORE = Deno.build.os !== "windows";

/**
 * Locks of the operating system; they end with the process, however that ends. One is on `PATH.lock` beside the file that `PATH`
 * leads to, and says who has it. One is on the file itself: it is found by hard links, in a folder that was moved, and when the
 * other one was deleted. A store whose file was deleted or replaced goes on in a file without a name, which is gone with the process.
 */
export class FileLock implements KvLock {
  #path: string;
  readonly #locked: Deno.FsFile[] = [];
  /** Files that have to stay where they are, and what they are. */
  readonly #files = new Map<string, string>();
  #warnings: readonly string[] = [];

  /** @param path file of the store */
  constructor(path: string) {
    this.#path = path;
  }

  get warnings(): readonly string[] {
    return this.#warnings;
  }

  async acquire(open: () => Promise<KvStore>): Promise<KvStore> {
    const path = this.#path, folder = folderOf(path);
    let kv: KvStore | undefined;
    try {
      await Deno.mkdir(folder, { recursive: true, mode: OWNER_FOLDER });
      this.#path = absolute(path);
      await this.#lockBeside(`${await this.#place()}.lock`);
      if (LOCKS_STORE) await this.#lock(this.#path, " under another name, or without its lock file");
      kv = await open();
      await this.#remember();
      this.#warnings = await excessRights([this.#path], folder);
      return kv;
    } catch (error) {
      kv?.close();
      this.#unlock();
      throw openError(path, error);
    }
  }

  /** Where the file really is, or will be. */
  async #place(): Promise<string> {
    try {
      return await Deno.realPath(this.#path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      return `${await Deno.realPath(folderOf(this.#path))}/${this.#path.replace(/.*[/\\]/, "")}`;
    }
  }

  async #lockBeside(path: string): Promise<void> {
    const file = await this.#lock(path, "", path);
    await file.truncate();
    await file.write(new TextEncoder().encode(String(Deno.pid)));
  }

  async #lock(path: string, how: string, holderPath?: string): Promise<Deno.FsFile> {
    const file = await Deno.open(path, { create: true, read: true, write: true, mode: OWNER_FILE });
    if (await file.tryLock(true)) {
      this.#locked.push(file);
      return file;
    }
    file.close();
    const holder = holderPath === undefined ? "" : ` (process ${(await Deno.readTextFile(holderPath)).trim()})`;
    throw new Error(
      `Cannot open store ${this.#path}: another broker${holder} uses it${how}; stop it, or choose another file`,
    );
  }

  /** The log of the database is a part of it. */
  async #remember(): Promise<void> {
    for (const path of [this.#path, `${await this.#place()}-wal`]) {
      const place = await identityOf(path);
      if (place !== undefined) this.#files.set(path, place);
    }
  }

  guard(atomic: KvAtomic): KvAtomic {
    return atomic;
  }

  verify(): Promise<void> {
    return noLock.verify();
  }

  async present(): Promise<void> {
    const looks: Promise<void>[] = [];
    for (const [path, identity] of this.#files) looks.push(stays(path, identity));
    await Promise.all(looks);
  }

  /** The locks come last: to close a file of the database takes from the database the locks that it has on it. */
  // deno-lint-ignore require-await
  async release(close: () => void): Promise<void> {
    close();
    this.#unlock();
  }

  #unlock(): void {
    for (const file of this.#locked.splice(0)) file.close();
  }
}

/** What the system says does not tell what the file was wanted for. */
function openError(path: string, cause: unknown): unknown {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return reason.startsWith("Cannot open") ? cause : new Error(`Cannot open store ${path}: ${reason}`, { cause });
}

/** The program may go to another folder later. */
function absolute(path: string): string {
  return /^([/\\]|[A-Za-z]:)/.test(path) ? path : `${Deno.cwd()}/${path}`;
}

function folderOf(path: string): string {
  return path.replace(/[^/\\]*$/, "") || ".";
}

/** What a file is, whatever it is called; `undefined` where there is none. */
async function identityOf(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await Deno.stat(path);
    return `${dev} ${ino}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function stays(path: string, identity: string): Promise<void> {
  if (await identityOf(path) === identity) return;
  throw new StoreLostError(
    `${path} was deleted or replaced; start the broker again, it begins with what it finds there`,
  );
}
