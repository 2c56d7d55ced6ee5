/** The end of a broker, in order and within its time.
 * @module */
import { ReasonCode } from "../../packets/reason_codes.ts";
import type { Core } from "../core/core.ts";
import type { HookLife } from "./hook_life.ts";
import type { Listener } from "../core/listener.ts";
import { publishWill } from "../sessions/wills.ts";

/** Stops listeners, clients and hooks. Never rejects. `started` tells whether hooks were told of the start. */
export async function shutDown(
  core: Core,
  listeners: Iterable<Listener>,
  { hooks, started }: { hooks: HookLife; started: boolean },
): Promise<void> {
  core.serving = false;
  await withinTime(core, Promise.all(Array.from(listeners, (listener) => closeListener(core, listener))));
  publishWills(core);
  for (const connection of [...core.connections]) {
    connection.close(ReasonCode.ServerShuttingDown, new Error("the broker is shutting down"));
  }
  await untilClosed(core);
  core.scheduler.close();
  if (started) core.hooks.observe(core.hooks.on.onStopped);
  await hooks.stop();
  core.hooks.close();
}

/** Waits for what should end, but not longer than the options allow. */
async function withinTime(core: Core, ending: Promise<unknown>): Promise<void> {
  const { clock, closeTimeout } = core.options;
  let timer: number | undefined;
  const limit = new Promise<void>((resolve) => timer = clock.setTimeout(resolve, closeTimeout * 1000));
  await Promise.race([ending, limit]);
  clock.clearTimeout(timer!);
}

async function closeListener(core: Core, listener: Listener): Promise<void> {
  try {
    await listener.close();
  } catch (error) {
    core.unexpected(`listener ${listener.id} did not close`, error);
  }
}

/** Wills that do not wait go out while there are still clients to read them. */
function publishWills(core: Core): void {
  for (const { session } of core.connections) {
    if (session?.will !== undefined && !session.will.will.properties?.willDelayInterval) publishWill(core, session);
  }
}

/** Waits until every socket is closed, and closes those that take too long. */
async function untilClosed(core: Core): Promise<void> {
  const deadline = core.now() + core.options.closeTimeout * 1000;
  while (core.sockets.size > 0 && core.now() < deadline) await pause(core);
  for (const socket of core.sockets) socket.close();
  for (let turn = 0; core.sockets.size > 0 && turn < 100; turn++) await pause(core);
}

function pause(core: Core): Promise<void> {
  return new Promise((resolve) => core.options.clock.setTimeout(resolve, 2));
}
