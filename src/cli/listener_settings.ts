/** Which listeners there are: those of the command line, else those of the file, else three on this machine.
 * @module */
import { addressProblem } from "./addresses.ts";
import { type Arguments, valueOf } from "./args.ts";
import { type LoadedConfig, resolvePath } from "./config_file.ts";
import { collide } from "./ports.ts";
import type { Problems } from "./problems.ts";
import type { FileListener, ListenerSettings, ListenerType, TlsSettings } from "./settings.ts";
import { UsageError } from "./usage_error.ts";

/** Options of the command line that make a listener. */
const LISTENER_OPTIONS: readonly [option: string, type: ListenerType][] = [
  ["--tcp", "tcp"],
  ["--tls", "tls"],
  ["--ws", "ws"],
  ["--wss", "wss"],
  ["--unix", "unix"],
  ["--info", "sysinfo"],
];

/** Options of the command line that name files for TLS. */
const TLS_OPTIONS: readonly [option: string, key: "certFile" | "keyFile" | "clientCaFile"][] = [
  ["--tls-cert-file", "certFile"],
  ["--tls-key-file", "keyFile"],
  ["--client-ca-file", "clientCaFile"],
];

const DEFAULTS: readonly FileListener[] = [
  { type: "tcp", address: "127.0.0.1:1883" },
  { type: "ws", address: "127.0.0.1:1882" },
  { type: "sysinfo", address: "127.0.0.1:8080" },
];

/** A listener with the place where it was given, for errors. */
interface Placed {
  readonly listener: FileListener;
  readonly place: string;
}

/**
 * Chooses the listeners.
 *
 * @param args the command line
 * @param file the configuration file
 * @param problems takes what is wrong: the option or the path, and the fix
 * @returns the listeners that are right, each with a name of its own and, for TLS, with its certificates
 */
export function chooseListeners(args: Arguments, file: LoadedConfig, problems: Problems): ListenerSettings[] {
  const options = LISTENER_OPTIONS.flatMap(([option, type]) =>
    (args.get(option) ?? []).map((address) => ({ place: option, listener: { type, address } }))
  );
  const given = keepRight(options, checkAddress, problems);
  const placed = options.length > 0 ? given : fromFile(file);
  const isWhole = options.length > 0 ? given.length === options.length : placed.length === listenersOf(file).length;
  if (isWhole) problems.collect(() => checkTlsOptions(args, placed));
  const tls = tlsOptions(args);
  const complete = keepRight(placed, (one) => withTls(one, tls), problems);
  keepRight([...complete.keys()], (index) => checkPort(complete, index), problems);
  return withIds(keepRight([...complete.keys()], (index) => withOwnId(complete, index), problems));
}

/** What becomes of each item; those that are wrong are told and left out. */
function keepRight<T, R>(items: readonly T[], check: (item: T) => R, problems: Problems): R[] {
  const kept: R[] = [];
  for (const item of items) {
    problems.collect(() => {
      kept.push(check(item));
    });
  }
  return kept;
}

function checkAddress(placed: Placed): Placed {
  const { listener: { type, address }, place } = placed;
  const problem = type === "unix" ? undefined : addressProblem(address);
  if (problem !== undefined) throw new UsageError(`${place}: ${problem}`);
  return placed;
}

function listenersOf({ settings, wrong }: LoadedConfig): readonly (FileListener | undefined)[] {
  return settings.listeners ?? (wrong.has("listeners") ? [undefined] : DEFAULTS);
}

function fromFile(file: LoadedConfig): Placed[] {
  return listenersOf(file).flatMap((listener, index) =>
    listener === undefined ? [] : [{ listener: resolveFiles(listener, file.folder), place: `listeners[${index}]` }]
  );
}

/** Two on one port would not be noticed before the second of them starts. */
function checkPort(placed: readonly Placed[], index: number): void {
  const { listener, place } = placed[index];
  const other = placed.slice(0, index).find((earlier) => collide(earlier.listener, listener));
  if (other === undefined) return;
  const where = place.startsWith("--") ? place : `${place}.address`;
  const what = listener.type === "unix" ? "path" : "port";
  const taken = `${other.place} has ${other.listener.address} already`;
  throw new UsageError(`${where}: expected a ${what} of its own, got "${listener.address}", but ${taken}`);
}

function resolveFiles(listener: FileListener, folder: string): FileListener {
  const address = listener.type === "unix" ? resolvePath(folder, listener.address) : listener.address;
  if (listener.tls === undefined) return { ...listener, address };
  const entries = Object.entries(listener.tls).map(([key, value]) => [
    key,
    typeof value === "string" ? resolvePath(folder, value) : value,
  ]);
  return { ...listener, address, tls: Object.fromEntries(entries) };
}

function usesTls({ type }: FileListener): boolean {
  return type === "tls" || type === "wss";
}

function tlsOptions(args: Arguments): Partial<TlsSettings> {
  const given = TLS_OPTIONS.map(([option, key]) => [key, valueOf(args, option)] as const);
  return Object.fromEntries(given.filter(([, path]) => path !== undefined));
}

function checkTlsOptions(args: Arguments, placed: readonly Placed[]): void {
  const option = TLS_OPTIONS.find(([option]) => args.has(option))?.[0];
  if (option === undefined || placed.some(({ listener }) => usesTls(listener))) return;
  throw new UsageError(`${option}: nothing listens with TLS, add --tls or --wss`);
}

/** A listener with its certificates, which may still have no name. */
interface Complete extends Placed {
  readonly listener: Omit<ListenerSettings, "id" | "place"> & { readonly id?: string };
}

function withTls({ listener, place }: Placed, given: Partial<TlsSettings>): Complete {
  if (!usesTls(listener)) return { place, listener: { ...listener, tls: undefined } };
  const { certFile, keyFile, ...rest } = { ...listener.tls, ...given };
  if (certFile !== undefined && keyFile !== undefined) {
    return { place, listener: { ...listener, tls: { certFile, keyFile, ...rest } } };
  }
  const lines = [
    ...(certFile === undefined ? [missing(place, { what: "certificate", key: "cert_file" })] : []),
    ...(keyFile === undefined ? [missing(place, { what: "private key", key: "key_file" })] : []),
  ];
  throw new UsageError(lines.join("\n"));
}

function missing(place: string, { what, key }: { what: string; key: string }): string {
  const option = `--tls-${key.replace("_", "-")} FILE`;
  return `${place}: has no ${what}, add ${place.startsWith("--") ? option : `tls.${key} or ${option}`}`;
}

function withOwnId(listeners: readonly Complete[], index: number): Complete {
  const { listener, place } = listeners[index], { id } = listener;
  const isTaken = id !== undefined && listeners.slice(0, index).some((earlier) => earlier.listener.id === id);
  if (isTaken) throw new UsageError(`${place}.id: expected a name of its own, "${id}" is in use`);
  return listeners[index];
}

/** Names of their own: `tcp`, `tcp-2`, ... for those that have none. */
function withIds(listeners: readonly Complete[]): ListenerSettings[] {
  const taken = new Set(listeners.flatMap(({ listener: { id } }) => id === undefined ? [] : [id]));
  return listeners.map(({ listener, place }) => ({
    ...listener,
    id: listener.id ?? freeId(listener.type, taken),
    place,
  }));
}

function freeId(type: string, taken: Set<string>): string {
  let id = type;
  for (let number = 2; taken.has(id); number++) id = `${type}-${number}`;
  taken.add(id);
  return id;
}
