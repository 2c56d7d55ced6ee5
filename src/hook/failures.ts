/** Errors of hooks: counted one by one, told once a period.
 * @module */
import { ReasonCode } from "../packets/reason_codes.ts";
import { MqttError } from "../packets/errors.ts";
import type { Clock } from "../time/clock.ts";
import { limitedLogger } from "./limited_logger.ts";
import { errorText, type Logger } from "./logger.ts";

/** What a client is told of a hook that failed: it need not know of hooks. */
const FAILED = "an error within the broker";

/** Where errors of hooks go. */
export class HookFailures {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #count: () => void;
  /** One for each event of each hook, which tells of one error in ten seconds. */
  readonly #logs = new Map<string, Logger>();

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
    this.#logOf(`${event} ${hook.id}`).error("a hook failed", { hook: hook.id, event, error: errorText(error) });
  }

  #logOf(key: string): Logger {
    let log = this.#logs.get(key);
    if (log === undefined) this.#logs.set(key, log = limitedLogger(this.#logger, { lines: 1, clock: this.#clock }));
    return log;
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
    for (const key of this.#logs.keys()) if (key.endsWith(` ${hook.id}`)) this.#logs.delete(key);
  }
}
