/** Who listens to which event: one array per event.
 * @module */
import { type HookEvent, hookEvents } from "./events.ts";
import type { Hook } from "./hook.ts";
import { didYouMean } from "./suggest.ts";

/** One hook's function for one event, bound to its hook. */
export interface Listening {
  /** The hook. */
  readonly hook: Hook;
  // deno-lint-ignore no-explicit-any
  readonly call: (a?: any, b?: any, c?: any) => any;
}

/** Who listens to an event. */
export interface EventListeners {
  /** Name of the event. */
  readonly event: HookEvent;
  /** The functions in the order in which their hooks were added, at least one. */
  readonly all: readonly Listening[];
}

/** Who listens to an event; `undefined` when nobody does. */
export type Listeners = EventListeners | undefined;

/** Listeners by event. */
export type CompiledListeners = { [E in HookEvent]: Listeners };

const names = Object.keys(hookEvents) as HookEvent[];

/** Collects the functions of all hooks. */
export function compileListeners(hooks: Iterable<Hook>): CompiledListeners {
  const ordered = [...hooks];
  // Begun as a copy: an object that is given so many properties one by one becomes a table that is searched at each look.
  const compiled = { ...hookEvents } as unknown as CompiledListeners;
  for (const event of names) {
    const all = ordered.filter((hook) => hook[event] !== undefined)
      .map((hook) => ({ hook, call: hook[event]!.bind(hook) }));
    compiled[event] = all.length === 0 ? undefined : { event, all };
  }
  return compiled;
}

/** How the names of events begin, and how one may think that they do. */
const EVENT = /^(?:[Oo]n|[Ss]tored)[A-Z]/;

/** @throws TypeError that names what a hook has in the place of a function, or a function for an event that does not exist */
export function checkHook(hook: Hook): void {
  if (typeof hook.id !== "string" || hook.id === "") {
    throw new TypeError(`Cannot add hook: its id is ${String(hook.id)}, expected a text`);
  }
  for (const name of [...names, "init", "stop", "healthy", "admit"] as const) {
    if (hook[name] === undefined || typeof hook[name] === "function") continue;
    throw new TypeError(`Cannot add hook ${hook.id}: ${name} is a ${typeof hook[name]}, expected a function`);
  }
  for (const name of functionsOf(hook)) {
    if (EVENT.test(name) && !(name in hookEvents)) {
      throw new TypeError(`Cannot add hook ${hook.id}: there is no event ${name}, ${didYouMean(name, names)}`);
    }
  }
}

/** Names of the functions of an object and of the classes that made it; what a getter would return is not asked for. */
function* functionsOf(object: object): Generator<string> {
  for (let at: object | null = object; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (typeof value === "function") yield name;
    }
  }
}
