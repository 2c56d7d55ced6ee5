/** Many values, one after the other, through the hooks of one event.
 *
 * A promise for each value and each function between hook and router costs several times what the rest of a message costs.
 * Here a value waits for the promise of the hook itself and for nothing else.
 * @module */
import type { MqttError } from "../packets/errors.ts";
import type { HookEvent } from "./events.ts";
import type { Hook } from "./hook.ts";
import type { EventListeners } from "./listeners.ts";
import type { Reminded, Reminder } from "./reminder.ts";
import type { Watchdog, Watched } from "./watchdog.ts";

/** The values, and what becomes of them. */
export interface TransformTask<T> {
  /** The next value; `undefined` when there is none left. */
  next(): T | undefined;
  /** Takes what the hooks have made of the value. @throws whatever ends the sequence (also as rejection) */
  use(value: T): void | Promise<void>;
  /** A hook has refused the value, or has failed. */
  refuse(error: MqttError): void | Promise<void>;
  /** Whether something was put off. */
  readonly hasPutOff: boolean;
  /** Does what was put off: a hook takes its time, or all values have been seen. */
  settle(): void | Promise<void>;
}

/** What a sequence needs of its chain. */
export interface SequenceContext {
  readonly listeners: EventListeners;
  /** First argument of the hooks. */
  readonly context: unknown;
  readonly watchdog: Watchdog;
  readonly reminder: Reminder;
  /** The error that a client is told of. */
  refusal(hook: Hook, event: HookEvent, error: unknown): MqttError;
  /** The error of a hook that took too long. */
  timeout(hook: Hook, event: HookEvent): Error;
}

/** One run through the values. */
export class TransformSequence<T> implements Watched, Reminded {
  due = Infinity;
  readonly #chain: SequenceContext;
  readonly #task: TransformTask<T>;
  #value: T | undefined;
  /** Index of the hook that sees the value next. */
  #hook = 0;
  #done: PromiseWithResolvers<void> | undefined;
  /** True once a hook has taken its time: nothing is put off any more. */
  #isSlow = false;
  /** True once the task has failed: nothing happens any more. */
  #hasFailed = false;
  /** True once it has asked to be reminded. */
  #hasAsked = false;
  #turn: unknown;
  #answered: ((answer: unknown) => void) | undefined;
  #failed: ((error: unknown) => void) | undefined;

  /**
   * @param chain whose hooks are asked
   * @param task the values
   */
  constructor(chain: SequenceContext, task: TransformTask<T>) {
    this.#chain = chain;
    this.#task = task;
  }

  /**
   * Takes all values.
   * @returns a Promise only when something has to be waited for
   * @throws what the task throws (also as rejection)
   */
  run(): void | Promise<void> {
    this.#value = this.#task.next();
    if (!this.#goOn()) return this.#done!.promise;
  }

  /** Goes on until something has to be waited for. @returns true at the end */
  #goOn(): boolean {
    const { listeners: { all }, context } = this.#chain;
    while (this.#value !== undefined) {
      if (this.#hook === all.length) {
        const pending = this.#use(this.#value);
        if (pending !== undefined) return this.#waitFor(pending);
        continue;
      }
      try {
        const answer = all[this.#hook].call(context, this.#value);
        if (isThenable(answer)) return this.#waitForHook(answer);
        this.#value = (answer ?? this.#value) as T;
        this.#hook++;
      } catch (error) {
        const pending = this.#giveUp(error);
        if (pending !== undefined) return this.#waitFor(pending);
      }
    }
    return this.#finish();
  }

  #finish(): boolean {
    this.#leave();
    const pending = this.#task.settle();
    if (pending === undefined) return true;
    this.#done ??= Promise.withResolvers();
    pending.then(this.#done.resolve, this.#done.reject);
    return false;
  }

  #use(value: T): void | Promise<void> {
    const pending = this.#task.use(value) ?? (this.#isSlow ? this.#task.settle() : undefined);
    return pending === undefined ? this.#advance() : pending.then(() => this.#advance());
  }

  #giveUp(error: unknown): void | Promise<void> {
    const { listeners: { all, event } } = this.#chain;
    const pending = this.#task.refuse(this.#chain.refusal(all[this.#hook].hook, event, error));
    return pending === undefined ? this.#advance() : pending.then(() => this.#advance());
  }

  #advance(): void {
    this.#hook = 0;
    if (!this.#hasFailed) this.#value = this.#task.next();
  }

  #waitFor(pending: Promise<void>): false {
    this.#done ??= Promise.withResolvers();
    pending.then(() => this.#resume(), (error) => this.#end(error));
    return false;
  }

  #waitForHook(answer: PromiseLike<unknown>): false {
    const { watchdog } = this.#chain;
    this.#done ??= Promise.withResolvers();
    if (!this.#hasAsked && this.#task.hasPutOff) this.#askToBeReminded();
    if (this.#answered === undefined) this.#listen(watchdog);
    this.due = watchdog.due;
    (answer instanceof Promise ? answer : Promise.resolve(answer)).then(this.#answered, this.#failed);
    return false;
  }

  /** Most hooks answer before anything else happens; others must not delay what was put off. */
  #askToBeReminded(): void {
    this.#hasAsked = true;
    this.#chain.reminder.add(this);
  }

  remind(): void {
    this.#isSlow = true;
    try {
      this.#task.settle()?.catch((error) => this.#end(error));
    } catch (error) {
      this.#end(error);
    }
  }

  /**
   * Makes the listeners for answers; those of before are not heard any more.
   *
   * They have names because a function that is written straight into a property is made for a long life: garbage collection
   * would look at it late, and at everything that it holds.
   */
  #listen(watchdog: Watchdog): void {
    watchdog.watch(this);
    const turn = this.#turn = {};
    const answered = (answer: unknown) => {
      if (this.#turn === turn) this.#take(answer);
    };
    const failed = (error: unknown) => {
      if (this.#turn === turn) this.#refuse(error ?? new Error("no reason was given"));
    };
    this.#answered = answered;
    this.#failed = failed;
  }

  #take(answer: unknown): void {
    this.due = Infinity;
    this.#value = (answer ?? this.#value) as T;
    this.#hook++;
    this.#resume();
  }

  #refuse(error: unknown): void {
    this.due = Infinity;
    this.#resume(error);
  }

  expire(): void {
    this.due = Infinity;
    const { listeners: { all, event }, timeout } = this.#chain;
    this.#answered = this.#turn = undefined;
    this.#resume(timeout(all[this.#hook].hook, event));
  }

  /** Goes on behind something that was waited for, with the next value when a hook has failed. */
  #resume(failure?: unknown): void {
    if (this.#hasFailed) return;
    try {
      const pending = failure === undefined ? undefined : this.#giveUp(failure);
      if (pending !== undefined) this.#waitFor(pending);
      else if (this.#goOn()) this.#done!.resolve();
    } catch (error) {
      this.#end(error);
    }
  }

  #end(error: unknown): void {
    this.#leave();
    this.#hasFailed = true;
    this.#turn = this.#value = undefined;
    this.#done!.reject(error);
  }

  #leave(): void {
    const { reminder, watchdog } = this.#chain;
    if (this.#hasAsked) reminder.delete(this);
    if (this.#done !== undefined) watchdog.unwatch(this);
  }
}

/** True for anything with a `then`. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}
