/** How long a process was kept waiting for a core of the machine: whoever measures time on a busy machine has to know. */

/** What the kernel has counted of a process since it began, in milliseconds. */
export interface CoreTimes {
  /** How long its main thread could have run and was not let. A thread that sleeps, that computes or that is stopped does not wait. */
  readonly waited: number;
  /** How long its main thread has run. */
  readonly ran: number;
  /** How long all of its threads have run. */
  readonly allRan: number;
}

const NOTHING: CoreTimes = { waited: 0, ran: 0, allRan: 0 };
/** Milliseconds of the unit of `/proc/PID/stat`. */
const TICK = 10;

/**
 * Reads what the kernel has counted of a process.
 *
 * @param pid the process
 * @returns zeros where the kernel does not count, and once the process has ended
 */
export function coreTimes(pid: number): CoreTimes {
  try {
    const [ran, waited] = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/schedstat`).split(" ");
    const [user, system] = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ").at(-1)!.split(" ").slice(11, 13);
    return { waited: Number(waited) / 1e6, ran: Number(ran) / 1e6, allRan: TICK * (Number(user) + Number(system)) };
  } catch {
    return NOTHING;
  }
}

/**
 * How long a process was kept waiting by other processes: while its own other threads compute nobody else is to blame.
 *
 * @param before at the beginning
 * @param after at the end
 * @returns milliseconds
 */
export function waitedForOthers(before: CoreTimes, after: CoreTimes): number {
  const ownThreads = Math.max(0, after.allRan - before.allRan - (after.ran - before.ran));
  return Math.max(0, after.waited - before.waited - ownThreads);
}
