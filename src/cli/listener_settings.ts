/** Which listeners there are: those of the command line, else those of the file, else three on this machine.
 * @module */
import { addressProblem } from "./addresses.ts";
import { type Arguments, valueOf } from "./args.ts";
import { type LoadedConfig, resolvePath } from "./config_file.ts";
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
 * @returns the listeners, each with a name of its own and, for TLS, with its certificates
 * @throws {UsageError} that names the option or the path, and the fix
 */
export function chooseListeners(args: Arguments, file: LoadedConfig): ListenerSettings[] {
  const given = LISTENER_OPTIONS.flatMap(([option, type]) =>
    (args.get(option) ?? []).map((address) => fromOption(option, { type, address }))
  );
  const placed = given.length > 0 ? given : fromFile(file);
  const tls = tlsOptions(args);
  checkTlsOptions(args, placed);
  const complete = placed.map((one) => withTls(one, tls));
  return withIds(complete, placed);
}

function fromOption(option: string, listener: FileListener): Placed {
  const problem = listener.type === "unix" ? undefined : addressProblem(listener.address);
  if (problem !== undefined) throw new UsageError(`${option}: ${problem}`);
  return { listener, place: option };
}

function fromFile({ settings, folder }: LoadedConfig): Placed[] {
  const listeners = settings.listeners ?? DEFAULTS;
  return listeners.map((listener, index) => ({
    listener: resolveFiles(listener, folder),
    place: `listeners[${index}]`,
  }));
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

function withTls(
  { listener, place }: Placed,
  given: Partial<TlsSettings>,
): Omit<ListenerSettings, "id"> & { id?: string } {
  if (!usesTls(listener)) return { ...listener, tls: undefined };
  const { certFile, keyFile, ...rest } = { ...listener.tls, ...given };
  if (certFile === undefined) throw missing(place, { option: "--tls-cert-file", key: "cert_file" });
  if (keyFile === undefined) throw missing(place, { option: "--tls-key-file", key: "key_file" });
  if (listener.type === "wss") checkWithoutClients(place, listener, rest);
  return { ...listener, tls: { certFile, keyFile, ...rest } };
}

/** The runtime's server cannot ask for certificates; not to ask for them silently would let everybody in. */
function checkWithoutClients(place: string, { tls }: FileListener, rest: Partial<TlsSettings>): void {
  if (rest.clientCaFile === undefined && !rest.requireClientCertificate) return;
  const key = rest.clientCaFile === undefined ? "require_client_certificate" : "client_ca_file";
  const inFile = rest.clientCaFile === undefined || tls?.clientCaFile === rest.clientCaFile;
  const where = inFile ? `${place}.tls.${key}` : "--client-ca-file";
  throw new UsageError(`${where}: wss cannot ask for client certificates, use tls`);
}

function missing(place: string, { option, key }: { option: string; key: string }): UsageError {
  const fix = place.startsWith("--") ? `add ${option} FILE` : `add tls.${key} or ${option} FILE`;
  return new UsageError(`${place}: has no ${key === "cert_file" ? "certificate" : "private key"}, ${fix}`);
}

/** Names of their own: `tcp`, `tcp-2`, ... for those that have none. */
function withIds(
  listeners: readonly (Omit<ListenerSettings, "id"> & { id?: string })[],
  placed: readonly Placed[],
): ListenerSettings[] {
  const taken = new Set<string>();
  for (const [index, { id }] of listeners.entries()) {
    if (id === undefined) continue;
    if (taken.has(id)) throw new UsageError(`${placed[index].place}.id: expected a name of its own, "${id}" is in use`);
    taken.add(id);
  }
  return listeners.map((listener) => ({ ...listener, id: listener.id ?? freeId(listener.type, taken) }));
}

function freeId(type: string, taken: Set<string>): string {
  let id = type;
  for (let number = 2; taken.has(id); number++) id = `${type}-${number}`;
  taken.add(id);
  return id;
}
