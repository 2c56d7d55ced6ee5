/** The schema of the configuration file. Imported only when there is one, because the validator comes from a registry.
 * @module */
import * as v from "valibot";
import { debugEvents } from "../../hooks/debug.ts";
import { listener } from "./config_listeners.ts";
import { optionsSection } from "./config_options.ts";
import { choice, flag, list, pathOf, section, text, whole } from "./config_values.ts";
import { LOG_FORMATS, LOG_LEVELS } from "./options.ts";
import type { FileSettings, StoreSettings } from "./settings.ts";
import { UsageError } from "./usage_error.ts";

const auth = section({
  allow_all: v.optional(flag),
  ledger: v.optional(v.unknown()),
  ledger_file: v.optional(text("a file")),
});

const limits = {
  durability: v.optional(choice(["strict", "relaxed"])),
  maximum_pending_mutations: v.optional(whole(1, Number.MAX_SAFE_INTEGER)),
  maximum_pending_bytes: v.optional(whole(1, Number.MAX_SAFE_INTEGER)),
  stop_timeout: v.optional(whole(0, 3_600_000)),
  log_period: v.optional(whole(0, 3_600_000)),
};

const stores = section({
  memory: v.optional(flag),
  kv: v.optional(section({ path: text("a file"), prefix: v.optional(list(text("a name"))), ...limits })),
  redis: v.optional(section({
    url: text("redis://host:port"),
    prefix: v.optional(text("a name")),
    lease: v.optional(whole(1, 3_600_000)),
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
});

/**
 * Checks a configuration.
 *
 * @param value what was read from the file
 * @returns the same in camelCase
 * @throws {UsageError} with one line for each thing that is wrong: its path, what was expected and what was there
 */
export function readConfig(value: unknown): FileSettings {
  const result = v.safeParse(config, value);
  if (!result.success) {
    throw new UsageError(result.issues.map((issue) => `${pathOf(issue)}: ${issue.message}`).join("\n"));
  }
  return result.output as FileSettings;
}

function toStore(stores: Record<string, unknown>): StoreSettings {
  const [[kind, options]] = Object.entries(stores);
  return { kind, ...(typeof options === "object" ? options : {}) } as StoreSettings;
}
