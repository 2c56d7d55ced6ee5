/** Errors of hooks: counted one by one, told once a period.
 * @module */
import { ReasonCode } from "../packets/reason_codes.ts";
import { MqttError } from "../packets/errors.ts";
import type { Clock } from "../time/clock.ts";
import type { Logger } from "./logger.ts";

/** Milliseconds between two lines about the same event of the same hook. */
const LOG_PERIOD = 10_000;

/** What a client is told of a hook that failed: it need not know of hooks. */
const FAILED = "an error within the broker";

/** What was told of one event of one hook. */
interface Told {
  at: number;
  /** Errors since then. */
  untold: number;
}

/** Where errors of hooks go. */
export class HookFailures {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #count: () => void;
  readonly #told = new Map<string, Told>();

  /**
   * @param options source of time, where errors are told, and who counts them
   */
  constructor(options: { clock: Clock; logger: Logger; onError(): void }) {
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#count = options.onError;
  }

  /** An error of a hook: a store that is gone fails for every message, and need not fill the disk with log lines too. */
  report(hook: { readonly id: string }, event: string, error: unknown): void {
    this.#count();
    const now = this.#clock.now(), key = `${event} ${hook.id}`, told = this.#told.get(key);
    if (told !== undefined && Math.abs(now - told.at) < LOG_PERIOD) {
      told.untold++;
      return;
    }
    const more = told === undefined || told.untold === 0 ? {} : { unreported: told.untold };
    this.#told.set(key, { at: now, untold: 0 });
    this.#logger.error("a hook failed", {
      hook: hook.id,
      event,
      error: error instanceof Error ? error.stack ?? String(error) : String(error),
      ...more,
    });
  }

  /** What a client is told: the error itself when a hook has refused, something general, with it as the cause, when it has failed. */
  readonly refusal = (
    hook: { readonly id: string },
    event: string,
    error: unknown,
    reasonCode: number = ReasonCode.ImplementationSpecificError,
  ): MqttError => {
    if (error instanceof MqttError) return error;
    this.report(hook, event, error);
    return Object.assign(new MqttError(reasonCode, FAILED), { cause: error });
  };

  /** Forgets a hook that was taken off. */
  forget(hook: { readonly id: string }): void {
    for (const key of this.#told.keys()) if (key.endsWith(` ${hook.id}`)) this.#told.delete(key);
  }
}
