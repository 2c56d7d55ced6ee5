/** Who may read what a store keeps: passwords are not in it, everything else is.
 * @module */

/** Rights of files and folders that the broker makes: its own user, nobody else. */
export const OWNER_FILE = 0o600, OWNER_FOLDER = 0o700;

const OTHERS = 0o077, OTHERS_WRITE = 0o022, STICKY = 0o1000;

/**
 * Finds files of a store that were there before and are open to others.
 *
 * @param files files of the store
 * @param folder where they are
 * @returns one line for each that others can read or change, with the fix; none where the system has no such rights
 */
export async function excessRights(files: readonly string[], folder: string): Promise<string[]> {
  const lines: string[] = [];
  for (const path of files) {
    const { mode } = await Deno.stat(path);
    if (((mode ?? 0) & OTHERS) !== 0) {
      lines.push(
        `other users may use the store file ${path} (${octal(mode)}); chmod 600 it, -wal and -shm beside it too`,
      );
    }
  }
  const { mode } = await Deno.stat(folder);
  if (((mode ?? 0) & OTHERS_WRITE) !== 0 && ((mode ?? 0) & STICKY) === 0) {
    lines.push(`other users may delete and replace files in the store folder ${folder} (${octal(mode)}); chmod 700 it`);
  }
  return lines;
}

function octal(mode: number | null): string {
  return ((mode ?? 0) & 0o7777).toString(8).padStart(4, "0");
}
