/** Whether the file of a store can be made where it is wanted. Nothing is made to find out.
 * @module */
import { dirname } from "node:path";
import type { StoreSettings } from "./settings.ts";
import { UsageError } from "./usage_error.ts";

const WRITE_AND_ENTER = 0o3;

/**
 * Looks at the place of a store. A folder that is not there would be made, so the one counts in which that would happen.
 *
 * @param store which store
 * @throws {UsageError} (as rejection) that names the path and what keeps the store from being there
 */
export async function checkStorePlace(store: StoreSettings): Promise<void> {
  if (store.kind !== "kv" || store.path === ":memory:") return;
  const problem = await problemOf(store.path).catch((error: Error) => error.message);
  if (problem === undefined) return;
  throw new UsageError(`--data, --store or hooks.storage.kv: cannot use ${store.path}: ${problem}`);
}

async function problemOf(path: string): Promise<string | undefined> {
  const file = await infoOf(path);
  if (file?.isDirectory) return "it is a folder, expected a file";
  if (file !== undefined) (await Deno.open(path, { read: true, write: true })).close();
  const { place, info } = await nearestFolder(dirname(path));
  if (info === undefined) return undefined;
  if (!info.isDirectory) return `${place} is no folder; choose another path`;
  if (mayWrite(info, ownUser())) return undefined;
  return `this user may not write into ${place}; change its rights, or choose another path`;
}

/** The folder, or the first one above it that is there; nothing is told of it where this process may not look. */
async function nearestFolder(folder: string): Promise<{ place: string; info: Deno.FileInfo | undefined }> {
  for (let place = folder;; place = dirname(place)) {
    const info = isGranted({ name: "read", path: place }) ? await infoOf(place) : undefined;
    if (info !== undefined || place === dirname(place)) return { place, info };
  }
}

async function infoOf(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}

/** The user of this process, 0 where that may not be asked. */
function ownUser(): number {
  return isGranted({ name: "sys", kind: "uid" }) ? Deno.uid() ?? 0 : 0;
}

function isGranted(permission: Deno.PermissionDescriptor): boolean {
  return Deno.permissions.querySync(permission).state === "granted";
}

/**
 * Tells what the rights of a folder say; where they do not tell for sure it is a yes.
 *
 * @param folder its rights, `null` where the system has none, and its owner
 * @param user who asks
 */
export function mayWrite({ mode, uid }: Pick<Deno.FileInfo, "mode" | "uid">, user: number): boolean {
  if (mode === null || user === 0) return true;
  const classes = user === uid ? [6] : [3, 0]; // groups of the process are not known
  return classes.some((shift) => (mode >> shift & WRITE_AND_ENTER) === WRITE_AND_ENTER);
}
