/** The end of a broker, in order and within its time.
 * @module */
import { ReasonCode } from "../../packets/reason_codes.ts";
import type { Core } from "../core/core.ts";
import type { HookLife } from "./hook_life.ts";
import type { InlineClient } from "./inline_client.ts";
import type { OpenCalls } from "./open_calls.ts";
import type { Listener } from "../core/listener.ts";
import { finishEnding } from "../sessions/session_end.ts";
import { publishWill, willsSettled } from "../sessions/wills.ts";

/**
 * Each part of the end has until a share of `closeTimeout` is over, so that whatever uses up its own leaves some to those
 * behind it: listeners and wills, the last packets of connections, connections that were told to close and their wills.
 * The rest is for hooks to stop.
 */
const WILLS_UNTIL = 0.8, PACKETS_UNTIL = 0.9, CONNECTIONS_UNTIL = 0.95;

/**
 * Stops listeners, clients and hooks. Never rejects. `started` tells whether hooks were told of the start. Wills come before
 * the ends of connections, so that those who are still there get them.
 */
export async function shutDown(
  core: Core,
  listeners: Iterable<Listener>,
  { hooks, calls, inline, started }: { hooks: HookLife; calls: OpenCalls; inline: InlineClient; started: boolean },
): Promise<void> {
  core.serving = false;
  core.stopping = true;
  const began = core.now(), until = (share: number) => began + core.options.closeTimeout * 1000 * share;
  const closing = Promise.all(Array.from(listeners, (listener) => closeListener(core, listener)));
  await inTime(core, until(WILLS_UNTIL), closing);
  publishWills(core);
  await inTime(core, until(WILLS_UNTIL), Promise.all([willsSettled(core), inline.settled()]));
  await inTime(core, until(WILLS_UNTIL), core.longDeliveries.settled()); // QoS 2 messages that only some have would come twice
  for (const connection of [...core.connections]) {
    connection.close(ReasonCode.ServerShuttingDown, new Error("the broker is shutting down"));
  }
  core.connectionsClosed.resolve();
  for (const clientId of core.endings.keys()) finishEnding(core, clientId);
  await inTime(core, until(PACKETS_UNTIL), Promise.all([...core.endings.values()].map(({ done }) => done)));
  await untilClosed(core, until(PACKETS_UNTIL));
  for (const socket of core.sockets) socket.close();
  await untilClosed(core, until(CONNECTIONS_UNTIL));
  await inTime(core, until(CONNECTIONS_UNTIL), willsSettled(core)); // of connections that ended meanwhile
  core.deadlines.close();
  core.scheduler.close();
  if (started) core.hooks.observe(core.hooks.on.onStopped);
  core.stopped = true;
  await hooks.stop();
  core.hooks.close();
  calls.end();
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

/** Waits until every socket is closed. What can leave at once does so, however little time there is. */
async function untilClosed(core: Core, deadline: number): Promise<void> {
  if (core.sockets.size === 0) return;
  do await pause(core); while (core.sockets.size > 0 && core.now() < deadline);
}

function pause(core: Core): Promise<void> {
  return new Promise((resolve) => core.options.clock.setTimeout(resolve, 2));
}
