/** The version of what is stored, and the way from older versions to this one.
 * @module */
import type { StorageEngine } from "./engine.ts";
import { SYSTEM } from "./keys.ts";

/** The version that this code reads and writes. */
export const SCHEMA_VERSION = 1;
/** Item of the version. */
export const SCHEMA_ITEM = "schema";

/** Rewrites a store of one version as the next one. It may be interrupted and begin again. */
export type Migration = (engine: StorageEngine) => Promise<void>;

/** Migrations by the version that they start from. There is one version so far. */
export const migrations: ReadonlyMap<number, Migration> = new Map();

/**
 * Brings a store to the present version, or refuses it.
 *
 * @param engine the store, open
 * @param target version to reach, and the ways to get there
 * @throws {Error} (as rejection) for a version that is unknown, and for a store of somebody else
 *
 * @example
 * ```ts
 * import { MemoryEngine } from "./memory_engine.ts";
 * import { prepareSchema } from "./schema.ts";
 *
 * const engine = new MemoryEngine();
 * await engine.open();
 * await prepareSchema(engine);
 * ```
 */
export async function prepareSchema(
  engine: StorageEngine,
  target: { version: number; migrations: ReadonlyMap<number, Migration> } = { version: SCHEMA_VERSION, migrations },
): Promise<void> {
  let version = await readVersion(engine);
  if (version === undefined) {
    if (!await isEmpty(engine)) throw new Error(`Cannot use ${engine.name}: there is data in it without a version`);
    return await writeVersion(engine, target.version);
  }
  while (version !== target.version) {
    const migrate = version < target.version ? target.migrations.get(version) : undefined;
    if (migrate === undefined) {
      throw new Error(
        `Cannot use ${engine.name}: its version is ${version}, this broker knows version ${target.version}; ` +
          "use the broker that wrote it, or another store",
      );
    }
    await migrate(engine);
    await writeVersion(engine, ++version);
  }
}

async function readVersion(engine: StorageEngine): Promise<number | undefined> {
  for await (const page of engine.scan(SYSTEM)) {
    const entry = page.find(({ item }) => item === SCHEMA_ITEM);
    if (entry !== undefined) return Number(new TextDecoder().decode(entry.value));
  }
  return undefined;
}

async function writeVersion(engine: StorageEngine, version: number): Promise<void> {
  const value = new TextEncoder().encode(String(version));
  await engine.commit(new Map([[SYSTEM, { dropped: false, items: new Map([[SCHEMA_ITEM, value]]) }]]));
}

async function isEmpty(engine: StorageEngine): Promise<boolean> {
  for await (const page of engine.scan("")) if (page.length > 0) return false;
  return true;
}
