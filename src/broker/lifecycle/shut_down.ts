/** The end of a broker, in order and within its time.
 * @module */
import { ReasonCode } from "../../packets/reason_codes.ts";
import type { Core } from "../core/core.ts";
import type { HookLife } from "./hook_life.ts";
import type { Listener } from "../core/listener.ts";
import { finishEnding } from "../sessions/session_end.ts";
import { publishWill, willsSettled } from "../sessions/wills.ts";

/** Milliseconds for the last packets to leave, also when listeners and wills have used up all of the time. */
const LAST_WORDS = 250;

/**
 * Stops listeners, clients and hooks. Never rejects. `started` tells whether hooks were told of the start. Wills come before
 * the ends of connections, so that those who are still there get them.
 */
export async function shutDown(
  core: Core,
  listeners: Iterable<Listener>,
  { hooks, started }: { hooks: HookLife; started: boolean },
): Promise<void> {
  core.serving = false;
  const deadline = core.now() + core.options.closeTimeout * 1000;
  await inTime(core, deadline, Promise.all(Array.from(listeners, (listener) => closeListener(core, listener))));
  publishWills(core);
  await inTime(core, deadline, willsSettled(core));
  for (const connection of [...core.connections]) {
    connection.close(ReasonCode.ServerShuttingDown, new Error("the broker is shutting down"));
  }
  for (const clientId of core.endings.keys()) finishEnding(core, clientId);
  await untilClosed(core, Math.max(deadline, core.now() + LAST_WORDS));
  await inTime(core, deadline, willsSettled(core)); // of connections that ended meanwhile
  core.scheduler.close();
  if (started) core.hooks.observe(core.hooks.on.onStopped);
  core.stopped = true;
  await hooks.stop();
  core.hooks.close();
}

/** Waits for what should end, but not longer than the options allow. */
async function inTime(core: Core, deadline: number, ending: Promise<unknown>): Promise<void> {
  const { clock } = core.options;
  let timer: number | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = clock.setTimeout(resolve, Math.max(0, deadline - core.now()));
  });
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

/** Wills that do not wait, and those of sessions that end with their connection [MQTT-3.1.2-8]. */
function publishWills(core: Core): void {
  for (const { session } of core.connections) {
    if (session?.will === undefined) continue;
    if (!session.will.will.properties?.willDelayInterval || session.expiryInterval === 0) publishWill(core, session);
  }
}

/** Waits until every socket is closed, and closes those that take too long. */
async function untilClosed(core: Core, deadline: number): Promise<void> {
  while (core.sockets.size > 0 && core.now() < deadline) await pause(core);
  for (const socket of core.sockets) socket.close();
  for (let turn = 0; core.sockets.size > 0 && turn < 100; turn++) await pause(core);
}

function pause(core: Core): Promise<void> {
  return new Promise((resolve) => core.options.clock.setTimeout(resolve, 2));
}
