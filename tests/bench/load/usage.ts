/** What a process has used: /proc where there is one, `ps` elsewhere. */

/** Processor time and memory of a process. */
export interface Usage {
  readonly cpuSeconds: number;
  readonly rssMib: number;
  /** The most that it ever had, where the system tells. */
  readonly peakMib: number;
}

/**
 * Reads what a process has used.
 *
 * @param pid its id
 * @returns `undefined` where nobody can tell
 */
export function usageOf(pid: number): Usage | undefined {
  try {
    return fromProc(pid);
  } catch {
    return fromPs(pid);
  }
}

function fromProc(pid: number): Usage {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  const mib = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024;
  return { cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100, rssMib: mib("VmRSS"), peakMib: mib("VmHWM") };
}

function fromPs(pid: number): Usage | undefined {
  try {
    const { stdout } = new Deno.Command("ps", { args: ["-o", "rss=,time=", "-p", String(pid)] }).outputSync();
    const [rss, time] = new TextDecoder().decode(stdout).trim().split(/\s+/);
    if (time === undefined) return undefined;
    const cpuSeconds = time.split(/[:-]/).reduce((sum, part) => sum * 60 + Number(part), 0);
    return { cpuSeconds, rssMib: Number(rss) / 1024, peakMib: 0 };
  } catch {
    return undefined;
  }
}
