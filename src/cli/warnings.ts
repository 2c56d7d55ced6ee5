/** What a configuration may say, but hardly means.
 * @module */
import type { Settings } from "./settings.ts";

/**
 * Finds what is probably not meant.
 *
 * @param settings what the program runs with
 * @returns one line for each thing: its place, what it means and the fix
 */
export function warningsOf({ auth }: Settings): string[] {
  if (auth.kind !== "ledger") return [];
  const rules = [...(auth.rules.auth ?? []).entries()].filter(([, { allow }]) => allow === undefined);
  return rules.map(([index]) =>
    `auth[${index}] of the ledger has no allow, so it keeps out whom it is about; write allow: true, or allow: false if that is meant`
  );
}
