/** A value on its way through the hooks of a transform event.
 * @module */
import type { MqttError } from "../packets/errors.ts";
import type { HookEvent } from "./events.ts";
import type { Hook } from "./hook.ts";
import type { EventListeners } from "./listeners.ts";
import type { Watchdog, Watched } from "./watchdog.ts";

/** The value is not ready: a hook answers later. */
export const PENDING: unique symbol = Symbol("pending");

/** Who is told of a value that was not ready at once. */
export interface TransformReceiver<T> {
  /** The hooks have made this of it. */
  transformed(value: T): void;
  /** A hook has refused it, or has failed. */
  refused(error: MqttError): void;
}

/** What a {@linkcode TransformCall} needs of its chain. */
export interface TransformContext {
  /** The limit of time. */
  readonly watchdog: Watchdog;
  /** The error that a client is told of. */
  refusal(hook: Hook, event: HookEvent, error: unknown): MqttError;
  /** The error of a hook that took too long. */
  timeout(hook: Hook, event: HookEvent): Error;
}

/**
 * Shows one value after the other to the hooks, each when the one before is done. It waits for the promise of a hook itself and
 * makes no further promise, which would cost as much as the rest of a message (`tests/bench/bench.ts --hook`).
 */
export class TransformCall<T> implements Watched {
  due = Infinity;
  readonly #context: TransformContext;
  readonly #receiver: TransformReceiver<T>;
  #listeners!: EventListeners;
  /** First argument of the hooks. */
  #about: unknown;
  #value!: T;
  /** Index of the hook that sees the value next. */
  #index = 0;
  /** Whose answers are heard: those of hooks that were too slow are not. */
  #turn: unknown;
  #answered: ((answer: unknown) => void) | undefined;
  #failed: ((error: unknown) => void) | undefined;

  /**
   * @param context what it needs of its chain
   * @param receiver who is told of a value that was not ready at once
   */
  constructor(context: TransformContext, receiver: TransformReceiver<T>) {
    this.#context = context;
    this.#receiver = receiver;
  }

  /**
   * Shows a value to the hooks.
   *
   * @param listeners the hooks
   * @param about first argument of the hooks
   * @param value what they see and may change
   * @returns what they have made of it, {@linkcode PENDING} when the receiver will be told
   * @throws MqttError of a hook, or 0x83 for anything else that it throws
   */
  run(listeners: EventListeners, about: unknown, value: T): T | typeof PENDING {
    this.#listeners = listeners;
    this.#about = about;
    this.#value = value;
    this.#index = 0;
    return this.#goOn();
  }

  #goOn(): T | typeof PENDING {
    const { all, event } = this.#listeners;
    while (this.#index < all.length) {
      const { hook, call } = all[this.#index];
      let answer: unknown;
      try {
        answer = call(this.#about, this.#value);
      } catch (error) {
        throw this.#context.refusal(hook, event, error);
      }
      if (isThenable(answer)) {
        this.#waitFor(answer);
        return PENDING;
      }
      this.#take(answer);
    }
    return this.#value;
  }

  #take(answer: unknown): void {
    if (answer !== undefined && answer !== null) this.#value = answer as T;
    this.#index++;
  }

  #waitFor(answer: PromiseLike<unknown>): void {
    this.#context.watchdog.watch(this);
    if (this.#answered === undefined) this.#listen();
    (answer instanceof Promise ? answer : Promise.resolve(answer)).then(this.#answered, this.#failed);
  }

  /** Makes the listeners for answers; those of before are not heard any more. */
  #listen(): void {
    const turn = this.#turn = {};
    this.#answered = (answer) => {
      if (this.#turn === turn) this.#resume(answer);
    };
    this.#failed = (error) => {
      if (this.#turn === turn) this.#fail(error);
    };
  }

  #resume(answer: unknown): void {
    this.due = Infinity;
    this.#take(answer);
    let result: T | typeof PENDING;
    try {
      result = this.#goOn();
    } catch (error) {
      return this.#receiver.refused(error as MqttError);
    }
    if (result !== PENDING) this.#receiver.transformed(result);
  }

  #fail(error: unknown): void {
    this.due = Infinity;
    const { all, event } = this.#listeners;
    this.#receiver.refused(this.#context.refusal(all[this.#index].hook, event, error));
  }

  /** The hook at hand took too long: what it answers later is not heard. */
  expire(): void {
    this.#turn = this.#answered = this.#failed = undefined;
    const { all, event } = this.#listeners;
    this.#fail(this.#context.timeout(all[this.#index].hook, event));
  }
}

/** True for anything with a `then`. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}
