/** The hooks of a broker, compiled: one array per event, and one way to run each kind of event.
 * @module */
import { MqttError } from "../packets/errors.ts";
import { ReasonCode } from "../packets/reason_codes.ts";
import { both } from "./commits.ts";
import type { HookEvent } from "./events.ts";
import { HookFailures } from "./failures.ts";
import type { Awaitable, Hook } from "./hook.ts";
import { checkHook, compileListeners } from "./listeners.ts";
import type { CompiledListeners, EventListeners, Listeners } from "./listeners.ts";
import { HookTimeout } from "./hook_timeout.ts";
import type { Logger } from "./logger.ts";
import type { Clock } from "../time/clock.ts";
import { isThenable, PENDING, TransformCall, type TransformContext, type TransformReceiver } from "./transform_call.ts";
import { Watchdog } from "./watchdog.ts";

/** What a {@linkcode HookChain} needs of its broker. */
export interface HookChainOptions {
  /** Source of time. */
  clock: Clock;
  /** Milliseconds after which an event counts as failed. */
  timeout: number;
  /** The same for `init`, `stop` and the load events. */
  lifecycleTimeout: number;
  /** Where errors are told. */
  logger: Logger;
  /** Called once for each error of a hook. */
  onError(): void;
}

/** A CONNECT that storage leaves without an answer may be refused: nothing is lost by that, and those who wait do not pile up. */
const MAY_BE_REFUSED: HookEvent = "onSessionEstablished";

function noAnswer(hook: Hook, event: string): Error {
  return new HookTimeout(hook.id, { event, limit: "hookTimeout" });
}

/** The hooks of a broker. Reading `chain.on.onPublish` costs one property read when nobody listens. */
export class HookChain {
  /** Listeners by event. */
  on: CompiledListeners;
  readonly #hooks = new Map<string, Hook>();
  /** Hooks that say when they take no more. */
  #limited: readonly Hook[] = [];
  readonly #failures: HookFailures;
  readonly #watchdog: Watchdog;
  readonly #lifecycle: Watchdog;
  readonly #context: TransformContext;

  /** @param options what the chain needs of its broker */
  constructor(options: HookChainOptions) {
    this.#failures = new HookFailures(options);
    this.#watchdog = new Watchdog(options.clock, options.timeout);
    this.#lifecycle = new Watchdog(options.clock, options.lifecycleTimeout);
    this.#context = { watchdog: this.#watchdog, refusal: this.#failures.refusal, timeout: noAnswer };
    this.on = compileListeners(this.#hooks.values());
  }

  /** The hooks in order. */
  get hooks(): Iterable<Hook> {
    return this.#hooks.values();
  }

  /** Adds a hook as the last one. @throws Error when its id is taken, TypeError when it is not a hook */
  add(hook: Hook): void {
    this.check(hook);
    this.#hooks.set(hook.id, hook);
    this.#compile();
  }

  /** @throws what {@linkcode HookChain.add} throws */
  check(hook: Hook): void {
    checkHook(hook);
    if (this.#hooks.has(hook.id)) throw new Error(`Cannot add hook: id "${hook.id}" is already in use`);
  }

  /** Takes a hook off. @returns the hook, `undefined` when there was none with this id */
  remove(id: string): Hook | undefined {
    const hook = this.#hooks.get(id);
    if (hook === undefined) return undefined;
    this.#hooks.delete(id);
    this.#failures.forget(hook);
    this.#compile();
    return hook;
  }

  #compile(): void {
    this.on = compileListeners(this.#hooks.values());
    this.#limited = [...this.#hooks.values()].filter((hook) => hook.admit !== undefined);
  }

  /** True when no hook says that it cannot work. */
  healthy(): boolean {
    for (const hook of this.#hooks.values()) {
      try {
        if (hook.healthy?.() === false) return false;
      } catch (error) {
        this.#failures.report(hook, "healthy", error);
        return false;
      }
    }
    return true;
  }

  /** The error of the first hook that takes no further changes, `undefined` when all of them do. */
  refusalOfMore(): MqttError | undefined {
    for (const hook of this.#limited) {
      try {
        hook.admit!();
      } catch (error) {
        return this.#failures.refusal(hook, "admit", error);
      }
    }
    return undefined;
  }

  /** Stops the timers. */
  close(): void {
    this.#lifecycle.close();
    this.#watchdog.close();
  }

  /**
   * Runs `init`, `stop` or a load event of one hook, which may take longer than what happens while clients wait.
   * @throws what the hook throws, or Error when it takes too long
   */
  async live<T>(hook: Hook, name: string, call: () => Awaitable<T>): Promise<T> {
    const result = call();
    if (!isThenable(result)) return result;
    const late = () => new HookTimeout(hook.id, { event: name, limit: "hookLifecycleTimeout" });
    return await this.#lifecycle.race(result, late) as T;
  }

  /**
   * Runs a decide event: the first `true` or `false` decides, none means `false`, a hook that throws means `false`.
   * @throws MqttError (also as rejection) when a hook threw one, to name the reason code; 0x87 with a HookTimeout as its
   * cause (as rejection) for a hook that is too slow
   */
  decide(listeners: Listeners, a: unknown, b: unknown, c?: unknown): boolean | Promise<boolean> {
    return listeners === undefined ? false : this.#decideFrom(listeners, 0, a, b, c);
  }

  #decideFrom(
    listeners: EventListeners,
    index: number,
    a: unknown,
    b: unknown,
    c: unknown,
  ): boolean | Promise<boolean> {
    const { event, all } = listeners;
    for (; index < all.length; index++) {
      const { hook, call } = all[index];
      let answer: unknown;
      try {
        answer = call(a, b, c);
      } catch (error) {
        return this.#denied(hook, event, error);
      }
      if (answer === true || answer === false) return answer;
      if (isThenable(answer)) {
        const next = index + 1;
        return this.#wait(hook, event, answer).then(
          (later) => later === true || later === false ? later : this.#decideFrom(listeners, next, a, b, c),
          (error) => this.#denied(hook, event, error),
        );
      }
    }
    return false;
  }

  #denied(hook: Hook, event: HookEvent, error: unknown): false {
    if (error instanceof MqttError) throw error;
    if (error instanceof HookTimeout) throw this.#failures.refusal(hook, event, error, ReasonCode.NotAuthorized);
    this.#failures.report(hook, event, error);
    return false;
  }

  /**
   * Runs a transform event: each hook sees the last result, `undefined` keeps it.
   * @throws MqttError (also as rejection) of a hook, or 0x83 for anything else that it throws and for a timeout
   */
  transform<T>(listeners: Listeners, about: unknown, value: T): T | Promise<T> {
    if (listeners === undefined) return value;
    const later = Promise.withResolvers<T>();
    const call = this.transformCall<T>({ transformed: later.resolve, refused: later.reject });
    const result = call.run(listeners, about, value);
    return result === PENDING ? later.promise : result;
  }

  /**
   * A way through the hooks for one value after the other.
   * @param receiver who is told of values that are not ready at once
   */
  transformCall<T>(receiver: TransformReceiver<T>): TransformCall<T> {
    return new TransformCall(this.#context, receiver);
  }

  /**
   * Runs a transform event that cannot wait: a hook that answers with a promise has failed.
   * @throws MqttError of a hook, or 0x83 for anything else that it throws and for a promise
   */
  transformNow<T>(listeners: Listeners, context: unknown, value: T): T {
    const result = this.transform(listeners, context, value);
    if (!isThenable(result)) return result;
    result.then(undefined, () => {}); // it comes too late to matter
    const { event, all } = listeners!;
    throw this.#failures.refusal(all[0].hook, event, new TypeError(`${event} takes no promise`));
  }

  /**
   * Asks one hook after the other until one answers.
   * @returns the first answer that is not `undefined`
   * @throws MqttError (as rejection) of a hook, or 0x83 for anything else that it throws and for a timeout
   */
  async answer<T>(listeners: Listeners, a: unknown, b: unknown): Promise<T | undefined> {
    if (listeners === undefined) return undefined;
    const { event, all } = listeners;
    for (const { hook, call } of all) {
      try {
        const answer = call(a, b);
        const settled = isThenable(answer) ? await this.#wait(hook, event, answer) : answer;
        if (settled !== undefined) return settled as T;
      } catch (error) {
        throw this.#failures.refusal(hook, event, error);
      }
    }
    return undefined;
  }

  /**
   * Runs an observe event; nothing is thrown. What a durable hook promises has no time limit, but for CONNECT: an
   * acknowledgement that is refused while the commit still goes through would be a lie.
   * @returns what the durable hooks have to commit before the change may be acknowledged, `undefined` for nothing
   */
  observe(listeners: Listeners, a?: unknown, b?: unknown, c?: unknown): Promise<unknown> | undefined {
    if (listeners === undefined) return undefined;
    const { event, all } = listeners;
    let commit: Promise<unknown> | undefined;
    for (let index = 0; index < all.length; index++) {
      const { hook, call } = all[index];
      let result: unknown;
      try {
        result = call(a, b, c);
      } catch (error) {
        result = Promise.reject(error ?? new Error("no reason was given"));
      }
      if (!isThenable(result)) continue;
      const done = hook.durable && event !== MAY_BE_REFUSED ? Promise.resolve(result) : this.#wait(hook, event, result);
      done.catch((error) => this.#failures.report(hook, event, error));
      if (hook.durable) commit = commit === undefined ? done : both(commit, done);
    }
    return commit;
  }

  /**
   * Runs a load event: the first hook that answers wins.
   * @throws Error that names the hook
   */
  async load<T>(listeners: Listeners): Promise<T | undefined> {
    if (listeners === undefined) return undefined;
    const { event, all } = listeners;
    for (const { hook, call } of all) {
      try {
        const answer = await this.live(hook, event, call);
        if (answer !== undefined) return answer as T;
      } catch (error) {
        throw new Error(`Cannot load from hook ${hook.id}: ${event} failed`, { cause: error });
      }
    }
    return undefined;
  }

  #wait(hook: Hook, event: HookEvent, promise: PromiseLike<unknown>): Promise<unknown> {
    return this.#watchdog.race(promise, () => noAnswer(hook, event));
  }
}
