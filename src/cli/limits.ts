/** Limits of the program: sockets by its descriptors, and others while somebody may come from another machine.
 * @module */
import type { BrokerOptions, Capabilities } from "../broker/core/options.ts";
import { resolveOptions } from "../broker/core/resolve_options.ts";
import { isLoopback } from "./addresses.ts";
import { socketsFor } from "./descriptors.ts";
import type { ListenerSettings, Settings } from "./settings.ts";
import { snakeCase } from "./snake_case.ts";

/** Defaults while something listens beyond loopback. What a configuration says wins, 0 for no limit too. */
export const BEYOND_LOOPBACK = {
  /** However many descriptors there are: each socket has a price in memory. */
  maximumSockets: 100_000,
  /** Or half of `maximumSockets`, where that is less. */
  maximumClientsPerAddress: 10_000,
  maximumConnectionRate: 500,
  /** 30 days. */
  maximumSessionExpiryInterval: 2_592_000,
} as const satisfies Partial<Capabilities>;

/** What is told of where something listens beyond loopback. */
const TOLD = [
  ...Object.keys(BEYOND_LOOPBACK) as (keyof typeof BEYOND_LOOPBACK)[],
  "maximumTopicLevels",
  "maximumSingleLevelWildcards",
  "maximumWildcardSubscriptionsPerClient",
  "maximumWildcardFilters",
] as const;

/**
 * Listeners that another machine may reach.
 *
 * @param listeners of a configuration
 */
export function beyondLoopback(listeners: readonly ListenerSettings[]): ListenerSettings[] {
  return listeners.filter(({ type, address }) => type !== "unix" && !isLoopback(address));
}

/**
 * Fills in the defaults of the program.
 *
 * @param settings what was asked for
 * @param descriptors of this process, `undefined` where that is not known
 * @returns options for the broker
 */
export function withLimits(
  { listeners, options }: Pick<Settings, "listeners" | "options">,
  descriptors: number | undefined,
): BrokerOptions {
  const given = options.capabilities ?? {}, isOpen = beyondLoopback(listeners).length > 0;
  const most = isOpen ? BEYOND_LOOPBACK.maximumSockets : Infinity;
  const maximumSockets = given.maximumSockets || Math.min(most, socketsFor(descriptors));
  return { ...options, capabilities: { ...isOpen ? forStrangers(maximumSockets) : {}, ...given, maximumSockets } };
}

function forStrangers(maximumSockets: number): Partial<Capabilities> {
  const share = Math.max(1, Math.floor(maximumSockets / 2));
  const maximumClientsPerAddress = Math.min(BEYOND_LOOPBACK.maximumClientsPerAddress, share);
  return { ...BEYOND_LOOPBACK, maximumClientsPerAddress };
}

/**
 * What is in force, for the log and `--check`.
 *
 * @param settings with the defaults of the program
 * @returns values by their names in a file, `undefined` where nothing listens beyond loopback
 */
export function limitsInForce({ listeners, options }: Settings): Record<string, number> | undefined {
  if (beyondLoopback(listeners).length === 0) return undefined;
  const { capabilities } = resolveOptions(options);
  return Object.fromEntries(TOLD.map((name) => [snakeCase(name), capabilities[name]]));
}
