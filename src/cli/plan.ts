/** Turns settings into hooks and listeners. What can be wrong shows here, before anything is started.
 * @module */
import { allowAll } from "../../hooks/auth/allow_all.ts";
import { ledger } from "../../hooks/auth/ledger.ts";
import { debug } from "../../hooks/debug.ts";
import type { Hook } from "../hook/hook.ts";
import type { Logger } from "../hook/logger.ts";
import { createLogger } from "./logging.ts";
import { type MadeListener, makeListener } from "./make_listener.ts";
import type { Settings } from "./settings.ts";
import { makeStore } from "./store.ts";

/** Everything that is needed to start, checked. */
export interface Plan {
  /** What the program runs with. */
  readonly settings: Settings;
  /** Hooks in order. */
  readonly hooks: readonly Hook[];
  /** Ways in. */
  readonly listeners: readonly MadeListener[];
  /** Where lines go. */
  readonly logger: Logger;
}

/**
 * Makes what the settings name.
 *
 * @param settings what the program runs with
 * @returns what to start
 * @throws {UsageError} that says what cannot be used
 */
export async function makePlan(settings: Settings): Promise<Plan> {
  const listeners: MadeListener[] = [];
  for (const listener of settings.listeners) listeners.push(await makeListener(listener));
  return { settings, hooks: await makeHooks(settings), listeners, logger: createLogger(settings.logging) };
}

async function makeHooks({ auth, store, debug: debugging }: Settings): Promise<Hook[]> {
  const hooks = [
    auth.kind === "ledger" ? ledger(auth.rules) : allowAll(),
    await makeStore(store),
    debugging === undefined ? undefined : debug(debugging),
  ];
  return hooks.filter((hook) => hook !== undefined);
}
