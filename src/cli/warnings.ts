/** What a configuration may say, but hardly means.
 * @module */
import type { BrokerOptions } from "../broker/core/options.ts";
import { descriptorsOfProcess } from "./descriptors.ts";
import type { AuthSettings, Settings } from "./settings.ts";

/**
 * Finds what is probably not meant.
 *
 * @param settings what the program runs with
 * @returns one line for each thing: its place, what it means and the fix
 */
export function warningsOf({ auth, options }: Settings): string[] {
  return [...rulesWithoutAllow(auth), ...moreSocketsThan(descriptorsOfProcess(), options)];
}

function moreSocketsThan(descriptors = Infinity, { capabilities }: BrokerOptions): string[] {
  const { maximumSockets = 0 } = capabilities ?? {};
  if (maximumSockets <= descriptors) return [];
  return [
    `maximum_sockets is ${maximumSockets}, but this process has ${descriptors} file descriptors; raise them (ulimit -n), or lower it`,
  ];
}

function rulesWithoutAllow(auth: AuthSettings): string[] {
  if (auth.kind !== "ledger") return [];
  const rules = [...(auth.rules.auth ?? []).entries()].filter(([, { allow }]) => allow === undefined);
  return rules.map(([index]) =>
    `auth[${index}] of the ledger has no allow, so it keeps out whom it is about; write allow: true, or allow: false if that is meant`
  );
}
