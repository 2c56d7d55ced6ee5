/** The schema of the configuration file. Imported only when there is one, because the validator comes from a registry.
 * @module */
import * as v from "valibot";
import { debugEvents } from "../../hooks/debug.ts";
import { listener } from "./config_listeners.ts";
import { optionPlaces, optionsSection } from "./config_options.ts";
import { choice, flag, list, pathOf, section, text, whole } from "./config_values.ts";
import { LOG_FORMATS, LOG_LEVELS } from "./options.ts";
import type { FileSettings, StoreSettings } from "./settings.ts";
import { REDIS_URL } from "./store.ts";

const auth = section({
  allow_all: v.optional(flag),
  ledger: v.optional(v.unknown()),
  ledger_file: v.optional(text("a file")),
});

const limits = {
  durability: v.optional(choice(["strict", "relaxed"])),
  maximum_pending_mutations: v.optional(whole(1, Number.MAX_SAFE_INTEGER)),
  maximum_pending_bytes: v.optional(whole(0, Number.MAX_SAFE_INTEGER)),
  stop_timeout: v.optional(whole(0, 3_600_000)),
  log_period: v.optional(whole(0, 3_600_000)),
};

/** What was given is not repeated: there may be a password in it. */
const redisUrl = v.custom<string>(
  (value) => typeof value === "string" && REDIS_URL.test(value),
  "expected redis://host:port, or likewise rediss://, redis-sentinel:// or redis-cluster://",
);

const stores = section({
  memory: v.optional(flag),
  kv: v.optional(section({ path: text("a file"), prefix: v.optional(text("a name")), ...limits })),
  redis: v.optional(section({
    url: redisUrl,
    prefix: v.optional(text("a name")),
    lease: v.optional(whole(100, 3_600_000)),
    timeout: v.optional(whole(1, 3_600_000)),
    ...limits,
  })),
});

const storage = v.pipe(
  stores,
  v.check((value) => Object.keys(value).length === 1, "expected one of memory, kv and redis"),
  v.transform(toStore),
);

const debug = section({
  enable: v.optional(flag, true),
  events: v.optional(list(choice(debugEvents))),
  payload_bytes: v.optional(whole(0, 1_048_576)),
  level: v.optional(choice(["debug", "info"])),
});

const logging = section({
  level: v.optional(choice(LOG_LEVELS)),
  format: v.optional(choice(LOG_FORMATS)),
  output: v.optional(choice(["stderr", "stdout"])),
});

const config = section({
  listeners: v.optional(list(listener)),
  hooks: v.optional(section({ auth: v.optional(auth), storage: v.optional(storage), debug: v.optional(debug) })),
  options: v.optional(optionsSection()),
  logging: v.optional(logging),
}, optionPlaces());

/** A configuration, as far as it is right. */
export interface CheckedConfig {
  /** What it says, in camelCase; parts that are wrong are left out. */
  readonly settings: FileSettings;
  /** One line for each thing that is wrong: its path, what was expected and what was there. */
  readonly problems: readonly string[];
  /** The parts that were left out: `listeners[1]`, `hooks.auth`, `options`, ... */
  readonly wrong: ReadonlySet<string>;
}

/**
 * Checks a configuration.
 *
 * @param value what was read from the file
 * @returns what is right, so that it can be looked at further, and what is wrong
 */
export function readConfig(value: unknown): CheckedConfig {
  const result = v.safeParse(config, value);
  if (result.success) return { settings: result.output as FileSettings, problems: [], wrong: new Set() };
  const problems = result.issues.map((issue) => `${pathOf(issue)}: ${issue.message}`);
  const wrong = new Set(result.issues.map((issue) => partOf(pathOf(issue))));
  const rest = v.safeParse(config, withoutParts(value, wrong));
  return { settings: rest.success ? withGaps(rest.output as FileSettings, wrong) : {}, problems, wrong };
}

/** A listener and a hook can be right while the one beside it is wrong. */
function partOf(path: string): string {
  return /^(listeners\[\d+\]|hooks\.\w+|[^.[]+)/.exec(path)?.[0] ?? path;
}

function withoutParts(value: unknown, wrong: ReadonlySet<string>): unknown {
  const right = (prefix: string, entries: object) =>
    Object.fromEntries(Object.entries(entries).filter(([key]) => !wrong.has(`${prefix}${key}`)));
  if (typeof value !== "object" || value === null) return value;
  const { listeners, hooks, ...rest } = right("", value);
  const others = Array.isArray(listeners) && listeners.filter((_, index) => !wrong.has(`listeners[${index}]`));
  return {
    ...rest,
    ...(others && others.length > 0 ? { listeners: others } : {}),
    ...(hooks === undefined ? {} : { hooks: right("hooks.", hooks) }),
  };
}

/** Puts nothing where a wrong listener was, so that each has its own number. */
function withGaps(settings: FileSettings, wrong: ReadonlySet<string>): FileSettings {
  const listeners = [...settings.listeners ?? []],
    gaps = [...wrong].map((part) => /^listeners\[(\d+)\]$/.exec(part)?.[1]);
  for (const gap of gaps.filter((gap) => gap !== undefined).map(Number).sort((a, b) => a - b)) {
    listeners.splice(gap, 0, undefined);
  }
  return listeners.length > 0 ? { ...settings, listeners } : settings;
}

function toStore(stores: Record<string, unknown>): StoreSettings {
  const [[kind, options]] = Object.entries(stores);
  return { kind, ...(typeof options === "object" ? options : {}) } as StoreSettings;
}
