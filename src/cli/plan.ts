/** Turns settings into hooks and listeners. What can be wrong shows here, before anything is started.
 * @module */
import { allowAll } from "../../hooks/auth/allow_all.ts";
import { ledger } from "../../hooks/auth/ledger.ts";
import { debug } from "../../hooks/debug.ts";
import type { Hook } from "../hook/hook.ts";
import { guarded, type Logger } from "../hook/logger.ts";
import { descriptorsOfProcess } from "./descriptors.ts";
import { withLimits } from "./limits.ts";
import { createLogger } from "./logging.ts";
import { type MadeListener, makeListener } from "./make_listener.ts";
import type { RightSettings } from "./load_settings.ts";
import { Problems } from "./problems.ts";
import type { AuthSettings, Settings } from "./settings.ts";
import { makeStore } from "./store.ts";

/** Everything that is needed to start, checked. */
export interface Plan {
  /** What the program runs with, limits filled in. */
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
 * @param settings what the program runs with, as far as it is right
 * @param problems what is wrong already
 * @returns what to start
 * @throws {UsageError} that says everything that is wrong and what cannot be used
 */
export async function makePlan(settings: RightSettings, problems: Problems = new Problems()): Promise<Plan> {
  const { auth, store, debug: debugging } = settings, listeners: MadeListener[] = [];
  for (const listener of settings.listeners) {
    const made = await problems.collectLater(() => makeListener(listener));
    if (made !== undefined) listeners.push(made);
  }
  const hooks = [
    auth && makeAccess(auth),
    store && await problems.collectLater(() => makeStore(store)),
    debugging && debug(debugging),
  ].filter((hook) => hook !== undefined);
  problems.throwIfAny();
  const options = withLimits(settings, descriptorsOfProcess());
  const logger = guarded(createLogger(settings.logging));
  return { settings: { ...settings as Settings, options }, hooks, listeners, logger };
}

function makeAccess(auth: AuthSettings): Hook {
  return auth.kind === "ledger" ? ledger(auth.rules) : allowAll();
}
