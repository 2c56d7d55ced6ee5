/** Puts settings together: defaults, the configuration file, the command line, the last one winning.
 * @module */
import { checkLedger } from "../../hooks/auth/ledger_rules.ts";
import type { DebugOptions } from "../../hooks/debug.ts";
import { type Arguments, valueOf } from "./args.ts";
import {
  type ConfigSource,
  loadConfig,
  type LoadedConfig,
  loadValue,
  processSource,
  resolvePath,
} from "./config_file.ts";
import { chooseListeners } from "./listener_settings.ts";
import type { LoggingSettings } from "./logging.ts";
import { Problems } from "./problems.ts";
import type { AuthSettings, FileSettings, Settings, StoreSettings } from "./settings.ts";
import { parseStore } from "./store.ts";
import { UsageError } from "./usage_error.ts";

const NO_FILE: LoadedConfig = { settings: {}, problems: [], wrong: new Set(), folder: "" };

/**
 * Puts settings together.
 *
 * @param args the command line
 * @param source where files come from
 * @returns everything that the program runs with
 * @throws {UsageError} with one line for each thing that is wrong
 */
export async function loadSettings(args: Arguments, source: ConfigSource = processSource): Promise<Settings> {
  const problems = new Problems(), settings = await collectSettings(args, problems, source);
  problems.throwIfAny();
  return settings as Settings;
}

/** Settings that can be looked at further; what is wrong is missing. */
export type RightSettings = Omit<Settings, "auth" | "store"> & Partial<Pick<Settings, "auth" | "store">>;

/**
 * Puts settings together as far as they are right.
 *
 * @param args the command line
 * @param problems takes everything that is wrong
 * @param source where files come from
 * @returns what is right
 * @throws {UsageError} when there is a configuration file that cannot be read or parsed at all
 */
export async function collectSettings(
  args: Arguments,
  problems: Problems,
  source: ConfigSource = processSource,
): Promise<RightSettings> {
  const path = valueOf(args, "--config");
  const file = path === undefined ? NO_FILE : await loadConfig(path, source);
  const { settings, wrong } = file;
  for (const problem of file.problems) problems.add(new UsageError(problem));
  const isAuthWrong = wrong.has("hooks") || wrong.has("hooks.auth") || wrong.has("configuration");
  return {
    listeners: chooseListeners(args, file, problems),
    auth: isAuthWrong ? undefined : await problems.collectLater(() => chooseAuth(path, file, source)),
    store: problems.collect(() => chooseStore(args, file)),
    debug: chooseDebug(settings),
    options: settings.options ?? {},
    logging: chooseLogging(args, settings),
    warmUp: !args.has("--no-warm-up"),
  };
}

async function chooseAuth(
  config: string | undefined,
  { settings, folder }: LoadedConfig,
  source: ConfigSource,
): Promise<AuthSettings> {
  if (config === undefined) return { kind: "allow_all", asked: false };
  const { allowAll = false, ledger, ledgerFile } = settings.hooks?.auth ?? {};
  const given = [allowAll || undefined, ledger, ledgerFile].filter((value) => value !== undefined).length;
  if (given !== 1) {
    const reason = given === 0 ? "without it nobody can connect" : "they exclude each other";
    throw new UsageError(`hooks.auth: expected one of allow_all: true, ledger and ledger_file; ${reason}`);
  }
  if (allowAll) return { kind: "allow_all", asked: true };
  if (ledgerFile === undefined) return readLedger(ledger, { path: "hooks.auth.ledger" });
  const path = resolvePath(folder, ledgerFile);
  const rules = await loadValue(path, source).catch((error) => {
    throw error instanceof UsageError ? new UsageError(`hooks.auth.ledger_file: ${error.message}`) : error;
  });
  return readLedger(rules, { file: path });
}

function readLedger(value: unknown, { path = "", file }: { path?: string; file?: string }): AuthSettings {
  try {
    return { kind: "ledger", rules: checkLedger(value, path) };
  } catch (error) {
    const { message } = error as Error;
    throw new UsageError(file === undefined ? message : message.replace(/^(?! )/gm, `${file}: `));
  }
}

function chooseStore(args: Arguments, { settings, folder }: LoadedConfig): StoreSettings {
  const url = valueOf(args, "--store");
  if (url !== undefined) return parseStore(url);
  const store = settings.hooks?.storage;
  if (store === undefined) return standardStore(valueOf(args, "--data"));
  return store.kind === "kv" && store.path !== ":memory:" ? { ...store, path: resolvePath(folder, store.path) } : store;
}

function standardStore(folder: string | undefined): StoreSettings {
  return folder === undefined ? { kind: "memory" } : { kind: "kv", path: `${folder}/broker.kv` };
}

function chooseDebug({ hooks }: FileSettings): DebugOptions | undefined {
  const { enable = false, ...options } = hooks?.debug ?? {};
  return enable ? options : undefined;
}

function chooseLogging(args: Arguments, settings: FileSettings): LoggingSettings {
  const given = settings.logging ?? {};
  const level = valueOf(args, "--log-level") as LoggingSettings["level"];
  const format = valueOf(args, "--log-format") as LoggingSettings["format"];
  // who turns the debug hook on wants to see what it writes
  const standard = chooseDebug(settings) === undefined ? "info" : "debug";
  return { ...given, level: level ?? given.level ?? standard, format: format ?? given.format };
}
