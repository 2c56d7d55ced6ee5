/** The lines that tell an operator what has been started.
 * @module */
import type { Listener } from "../broker/core/listener.ts";
import type { Logger } from "../hook/logger.ts";
import { beyondLoopback, limitsInForce } from "./limits.ts";
import type { Settings } from "./settings.ts";
import { warningsOf } from "./warnings.ts";

const FOR_RULES = "put rules in a configuration (hooks.auth.ledger) and start with --config FILE";
const LIMITS = "limits in force, for clients from elsewhere; options.capabilities of a configuration sets them";
const ON_LOOPBACK = "listen on 127.0.0.1 (in a container publish the port there, as with -p 127.0.0.1:1883:1883)";
const MQTT = ["tcp", "tls", "ws", "wss", "unix"];

/**
 * Tells where the broker listens, who may connect and where data is kept.
 *
 * @param settings what the program runs with
 * @param listeners the listeners with the addresses that they really have
 * @param logger where the lines go
 */
export function announce(settings: Settings, listeners: Iterable<Listener>, logger: Logger): void {
  for (const warning of warningsOf(settings)) logger.warn(warning);
  for (const { id, protocol, address } of listeners) logger.info("listening", { listener: id, protocol, address });
  if (!settings.listeners.some(({ type }) => MQTT.includes(type))) logger.warn("no listener takes MQTT clients");
  if (settings.auth.kind === "allow_all") announceAccess(settings, logger);
  warnOfStatistics(settings, logger);
  const limits = limitsInForce(settings);
  if (limits !== undefined) logger.info(LIMITS, limits);
  if (settings.store.kind === "memory") {
    logger.info(
      "sessions and messages are kept in memory and lost at the end; to keep them add --store kv:PATH or --store redis://HOST:PORT",
    );
  }
}

function warnOfStatistics({ listeners }: Settings, logger: Logger): void {
  const open = beyondLoopback(listeners).filter(({ type }) => type === "sysinfo").map(({ address }) => address);
  if (open.length === 0) return;
  logger.warn(`anyone who reaches this machine may read the statistics, which ask for no password; ${ON_LOOPBACK}`, {
    open,
  });
}

function announceAccess({ listeners, auth }: Settings, logger: Logger): void {
  const open = beyondLoopback(listeners).filter(({ type }) => MQTT.includes(type)).map(({ address }) => address);
  if (open.length > 0) {
    logger.warn(
      `ANYONE WHO REACHES THIS MACHINE MAY CONNECT, READ AND WRITE EVERYTHING, because no rules say who may; ${FOR_RULES}, or ${ON_LOOPBACK}`,
      { open },
    );
  } else if (auth.kind === "allow_all" && !auth.asked) {
    logger.info(
      `every client may connect, from this machine only; to open the broker to a network safely ${FOR_RULES} --tls :8883 --tls-cert-file FILE --tls-key-file FILE`,
    );
  } else logger.info("every client may connect, as the configuration says");
}
