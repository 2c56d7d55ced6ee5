/** What a Redis URL says.
 * @module */
import type { RedisAddress } from "./redis_api.ts";

/** A URL taken apart. */
export interface RedisTarget {
  /** One server, servers that know where the primary is, or nodes of a cluster. */
  readonly kind: "single" | "sentinel" | "cluster";
  /** True for `rediss`. */
  readonly tls: boolean;
  /** Servers in the order given. */
  readonly addresses: readonly RedisAddress[];
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
  /** `prefix`, `lease`, `name`, ... behind the question mark. */
  readonly parameters: ReadonlyMap<string, string>;
}

const FORM = /^(rediss?)(?:-(sentinel|cluster))?:\/\/(?:([^@/]*)@)?([^/?]+)(?:\/([^?]*))?(?:\?(.*))?$/;
const KNOWN = ["prefix", "lease", "name"];
const PORTS = { single: 6379, sentinel: 26379, cluster: 6379 };

/**
 * Takes a Redis URL apart.
 *
 * @param url `redis://user:password@host:port/database?prefix=...`; `rediss` for TLS; `redis-sentinel` and `redis-cluster`
 * with several `host:port`, divided by commas
 * @returns its parts
 * @throws {Error} that says what is wrong; a password is never repeated
 *
 * @example
 * ```ts
 * import { parseRedisUrl } from "./redis_url.ts";
 *
 * console.assert(parseRedisUrl("redis://localhost").addresses[0].port === 6379);
 * ```
 */
export function parseRedisUrl(url: string): RedisTarget {
  const match = FORM.exec(url);
  if (match === null) throw new Error("Cannot use Redis URL: expected redis://user:password@host:port/database");
  const [, scheme, extra, credentials, hosts, database, query] = match;
  const kind = (extra ?? "single") as RedisTarget["kind"];
  const addresses = hosts.split(",").map((host) => parseAddress(host, PORTS[kind]));
  if (kind === "single" && addresses.length > 1) {
    throw new Error("Cannot use Redis URL: several servers need redis-sentinel:// or redis-cluster://");
  }
  return {
    kind,
    tls: scheme === "rediss",
    addresses,
    ...parseCredentials(credentials),
    database: parseDatabase(database, kind),
    parameters: parseParameters(query),
  };
}

function parseAddress(text: string, port: number): RedisAddress {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text);
  if (match === null) throw new Error(`Cannot use Redis URL: expected host:port, got "${text}"`);
  return { host: match[1] ?? match[2], port: match[3] === undefined ? port : Number(match[3]) };
}

function parseCredentials(text: string | undefined): { username: string | undefined; password: string | undefined } {
  if (text === undefined) return { username: undefined, password: undefined };
  const colon = text.indexOf(":"), name = decodeURIComponent(colon < 0 ? text : text.slice(0, colon));
  const password = colon < 0 ? undefined : decodeURIComponent(text.slice(colon + 1));
  return { username: name === "" ? undefined : name, password };
}

function parseDatabase(text: string | undefined, kind: string): number {
  if (text === undefined || text === "") return 0;
  if (!/^\d+$/.test(text)) throw new Error(`Cannot use Redis URL: expected the number of a database, got "${text}"`);
  if (kind === "cluster" && text !== "0") throw new Error("Cannot use Redis URL: a cluster has only database 0");
  return Number(text);
}

function parseParameters(query: string | undefined): Map<string, string> {
  const parameters = new Map(new URLSearchParams(query ?? ""));
  for (const name of parameters.keys()) {
    if (!KNOWN.includes(name)) {
      throw new Error(`Cannot use Redis URL: unknown parameter "${name}", known are ${KNOWN.join(", ")}`);
    }
  }
  return parameters;
}
