/** Runs a broker until it is told to stop.
 * @module */
import { Broker } from "../broker/broker.ts";
import { resolveOptions } from "../broker/core/resolve_options.ts";
import { VERSION } from "../broker/core/version.ts";
import { limitedLogger } from "../hook/limited_logger.ts";
import type { Logger } from "../hook/logger.ts";
import { announce } from "./announce.ts";
import { catchLostErrors } from "./lost_errors.ts";
import { flushLogs } from "./log_output.ts";
import type { MadeListener } from "./make_listener.ts";
import type { Plan } from "./plan.ts";
import { listenForSignals } from "./signals.ts";
import { warmUp } from "./warm_up.ts";

/** Milliseconds beyond `closeTimeout` for hooks that take long to stop. */
const GRACE = 2_000;
/** Milliseconds of the warm-up; longer makes nothing faster. */
const WARM_UP = 1_500;

/**
 * Starts a broker and stops it at SIGINT or SIGTERM.
 *
 * @param plan what to start
 * @returns the exit code: 0 when it was stopped, 1 when it could not start
 */
export async function serve(plan: Plan): Promise<number> {
  const { settings, logger } = plan;
  const broker = new Broker({ ...settings.options, logger });
  const uncatch = catchLostErrors(limitedLogger(logger, { clock: Date }));
  const started = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<number>();
  const unlisten = listenForSignals({
    stop: (signal) => {
      logger.info("stopping", { signal });
      // a start that is under way is not interrupted, only a second signal does that
      started.promise.then(() => stop(broker, plan)).then(ended.resolve, ended.reject);
    },
    stopNow: (signal) => {
      logger.warn("stopped at once, because of a second signal", { signal });
      flushLogs().then(() => Deno.exit(1));
    },
    reload: () => reloadAll(plan.listeners, logger),
  });
  logger.info("starting", { version: VERSION, deno: Deno.version.deno });
  try {
    await start(broker, plan);
    started.resolve();
    if (settings.warmUp) useQuietMoments(broker, logger);
    return await ended.promise;
  } catch (error) {
    logger.error(`could not start: ${(error as Error).message}`);
    return 1;
  } finally {
    uncatch();
    unlisten();
  }
}

/** Comes to full speed until somebody connects. Where the program may not connect to its own machine that is left out. */
function useQuietMoments(broker: Broker, logger: Logger): void {
  if (Deno.permissions.querySync({ name: "net", host: "127.0.0.1" }).state !== "granted") return;
  const until = performance.now() + WARM_UP;
  const isQuiet = () => broker.serving && broker.info.connectionsAccepted === 0 && performance.now() < until;
  warmUp(isQuiet).catch((error) => logger.warn("the broker could not come to full speed", { error: String(error) }));
}

/** Closes the broker; hooks that hang are left behind. */
async function stop(broker: Broker, { settings, logger }: Plan): Promise<number> {
  const limit = resolveOptions(settings.options).closeTimeout * 1000 + GRACE;
  const late = Promise.withResolvers<number>();
  const timer = setTimeout(() => late.resolve(1), limit);
  const code = await Promise.race([broker.close().then(() => 0), late.promise]);
  clearTimeout(timer);
  if (code === 0) logger.info("stopped");
  else logger.error("stopped, but not everything ended in time");
  return code;
}

async function start(broker: Broker, { settings, hooks, listeners, logger }: Plan): Promise<void> {
  for (const hook of hooks) await broker.addHook(hook);
  for (const { listener } of listeners) await broker.addListener(listener);
  await broker.serve();
  announce(settings, broker.listeners.values(), logger);
}

function reloadAll(listeners: readonly MadeListener[], logger: Logger): void {
  for (const { listener: { id }, reload } of listeners) {
    reload?.().then(
      () => logger.info("certificate reloaded", { listener: id }),
      (error) => logger.error("certificate not reloaded, the old one stays in use", { listener: id, error }),
    );
  }
}
