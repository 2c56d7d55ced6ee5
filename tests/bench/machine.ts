/** The machine in one line: figures mean nothing without it. */

import os from "node:os";

/** Says what the figures were measured on. */
export function machine(): string {
  const cores = navigator.hardwareConcurrency, model = os.cpus()[0]?.model.trim() || "unknown processor";
  const gib = Math.round(os.totalmem() / 2 ** 30);
  return `${cores} cores, ${model}, ${gib} GiB, ${Deno.build.os} ${Deno.build.arch}, Deno ${Deno.version.deno}`;
}

/** A warning when others use the machine, otherwise the empty string. */
export function business(): string {
  const [load] = os.loadavg();
  return load < 0.5
    ? ""
    : `Other programs are at work (load ${load.toFixed(1)}): figures are lower than they could be.`;
}

/**
 * How many connections fit: 10,000, or as many as the system lets a process have open.
 *
 * @returns the number
 */
export function possibleConnections(): number {
  const wanted = 10_000, careful = 1_000, spare = 200;
  try {
    const limits = Deno.readTextFileSync("/proc/self/limits");
    const [, , hard] = /Max open files\s+(\S+)\s+(\S+)/.exec(limits) ?? [];
    return hard === "unlimited" ? wanted : Math.max(100, Math.min(wanted, Number(hard) - spare));
  } catch {
    return careful;
  }
}
