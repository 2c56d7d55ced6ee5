/** How long a process was kept waiting for a core of the machine: whoever measures time on a busy machine has to know. */

/**
 * Reads how long the main thread of a process could have run and was not let, as the kernel counts it. A thread that sleeps, that
 * computes or that is stopped does not wait.
 *
 * @param pid the process
 * @returns milliseconds since it began; 0 where the kernel does not count them, and once the process has ended
 */
export function waitedForCore(pid: number): number {
  try {
    const [, nanoseconds] = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/schedstat`).split(" ");
    return Number(nanoseconds) / 1e6;
  } catch {
    return 0;
  }
}
