/** Many connections that do nothing: how fast they come, what they cost. */

import { openLink, type Target } from "./link.ts";
import { connect } from "./packets.ts";
import { usageOf } from "./usage.ts";

const AT_ONCE = 100, SETTLE_MS = 2_000;

/** What to open. */
export interface IdleOptions {
  readonly kind: "idle";
  readonly target: Target;
  /** Process of the broker. */
  readonly pid: number;
  readonly connections: number;
}

/** What it cost. */
export interface IdleResult {
  readonly lost: number;
  readonly closed: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly kibEach: number | undefined;
  readonly brokerCpu: number | undefined;
  readonly peakMib: number | undefined;
}

/** Opens connections, waits until memory has settled, and closes them. */
export async function idle({ target, pid, connections }: IdleOptions): Promise<IdleResult> {
  const before = usageOf(pid), begun = performance.now();
  const open: (() => void)[] = [];
  let closed = 0, next = 0, ending = false;
  const connectOne = async (number: number) => {
    const link = await openLink(target), buffer = new Uint8Array(64);
    await link.write(connect(`idle-${number}`, 4));
    if (await link.read(buffer) !== 4 || buffer[3] !== 0) throw new Error("a connection was refused");
    link.read(buffer).catch(() => null).then(() => ending || closed++);
    open.push(() => link.close());
  };
  const worker = async () => {
    while (next < connections) await connectOne(next++).catch(() => closed++); // the others are opened all the same
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const seconds = (performance.now() - begun) / 1000, opened = usageOf(pid);
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const after = usageOf(pid), lost = connections - open.length;
  ending = true;
  for (const close of open) close();
  const cost = before && after && (after.rssMib - before.rssMib) * 1024 / open.length;
  const cpu = before && opened && (opened.cpuSeconds - before.cpuSeconds) / connections * 1e6;
  const peakMib = after?.peakMib || after?.rssMib;
  return { lost, closed, seconds, perSecond: open.length / seconds, kibEach: cost, brokerCpu: cpu, peakMib };
}
