/** How many sockets the program may have open: a little less than its file descriptors.
 * @module */

/** Descriptors that are kept for files, stores, the runtime and connections to be turned away: this part of all, within bounds. */
const PART_KEPT = 16, FEWEST_KEPT = 64, MOST_KEPT = 256;
/** Where the system does not tell. */
const UNKNOWN = 4_000;
const LIMITS = "/proc/self/limits";
/** Deno lets nobody read that file who may not do everything, and would ask at a terminal. */
const EVERYTHING = ["read", "write", "net", "env", "sys", "run", "ffi"] as const;

/**
 * File descriptors that this process may have. The runtime has raised their number to the hard limit by now.
 *
 * @param readLimits reads what Linux tells of the limits of this process
 * @returns `undefined` without a limit, and where it cannot be known: elsewhere than on Linux, and without `--allow-all`
 */
export function descriptorsOfProcess(readLimits: () => string = readOwnLimits): number | undefined {
  try {
    const [, descriptors] = /^Max open files\s+(\d+)/m.exec(readLimits()) ?? [];
    return descriptors === undefined ? undefined : Number(descriptors);
  } catch {
    return undefined;
  }
}

function readOwnLimits(): string {
  const mayRead = EVERYTHING.every((name) => Deno.permissions.querySync({ name }).state === "granted");
  return mayRead ? Deno.readTextFileSync(LIMITS) : "";
}

/**
 * Sockets that there is room for.
 *
 * @param descriptors of this process, `undefined` where that is not known
 * @returns a number for option `maximumSockets`
 */
export function socketsFor(descriptors: number | undefined): number {
  if (descriptors === undefined) return UNKNOWN;
  const kept = Math.min(MOST_KEPT, Math.max(FEWEST_KEPT, Math.ceil(descriptors / PART_KEPT)));
  return Math.max(1, Math.floor(descriptors / 2), descriptors - kept);
}
