/** Addresses as people write them: `host:port`, `[v6]:port` and `:port`.
 * @module */

/** A host and a port. */
export interface Address {
  /** Name or IP address without brackets; empty for all interfaces. */
  readonly hostname: string;
  /** 0 to 65,535; 0 lets the system choose. */
  readonly port: number;
}

const MAXIMUM_SHOWN = 100;
const BRACKETED = /^\[([0-9a-fA-F:.]*:[0-9a-fA-F:.]*(?:%[\w.-]+)?)\]:(\d{1,5})$/;
const PLAIN = /^([\w.-]*):(\d{1,5})$/;

/**
 * Reads `host:port`, `[v6]:port` or `:port` (all interfaces).
 *
 * @param text the address
 * @returns host and port
 * @throws Error `expected host:port, got "..."` when the text is not an address
 *
 * @example Usage
 * ```ts
 * import { parseAddress } from "@mochi/broker/listeners/address";
 *
 * const { hostname, port } = parseAddress("[::1]:1883");
 * console.log(hostname, port); // ::1 1883
 * ```
 */
export function parseAddress(text: string): Address {
  const match = BRACKETED.exec(text) ?? PLAIN.exec(text);
  if (match === null) throw new Error(`expected host:port, got ${shown(text)}${hintFor(text)}`);
  const port = Number(match[2]);
  if (port > 65_535) throw new Error(`expected a port from 0 to 65535, got ${shown(text)}`);
  return { hostname: match[1], port };
}

/**
 * Writes an address so that {@linkcode parseAddress} reads it again: IPv6 in brackets.
 *
 * @param address host and port
 * @returns `host:port`, `[v6]:port` or `:port`
 *
 * @example Usage
 * ```ts
 * import { formatAddress } from "@mochi/broker/listeners/address";
 *
 * console.log(formatAddress({ hostname: "::1", port: 1883 })); // [::1]:1883
 * ```
 */
export function formatAddress(address: Address): string {
  const { hostname, port } = address;
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

/**
 * Writes the address of a peer as rules and logs expect it. An IPv4 address that came in over an IPv6 socket
 * (`::ffff:192.0.2.1`) is written as the IPv4 address that it is.
 *
 * @param address what the runtime tells of the peer
 * @param path what to write for a peer of a Unix socket, which has no address of its own
 * @returns `host:port`, `[v6]:port` or a path
 *
 * @example Usage
 * ```ts
 * import { formatPeer } from "@mochi/broker/listeners/address";
 *
 * console.log(formatPeer({ transport: "tcp", hostname: "::ffff:192.0.2.1", port: 50000 })); // 192.0.2.1:50000
 * ```
 */
export function formatPeer(address: Deno.Addr, path = ""): string {
  if (!("hostname" in address)) return ("path" in address && address.path) || path;
  const { hostname, port } = address;
  return formatAddress({ hostname: hostname.startsWith("::ffff:") ? unmapped(hostname) : hostname, port });
}

function unmapped(hostname: string): string {
  return hostname.includes(".") ? hostname.slice("::ffff:".length) : hostname;
}

function shown(text: string | undefined): string {
  if (text === undefined) return "nothing";
  return JSON.stringify(text.length > MAXIMUM_SHOWN ? `${text.slice(0, MAXIMUM_SHOWN)}...` : text);
}

function hintFor(text: string): string {
  if (/^\d{1,5}$/.test(text)) return ` (a port alone is written ":${text}", and takes all interfaces)`;
  return /^[0-9a-fA-F:]*:[0-9a-fA-F:]*:\d+$/.test(text) ? " (an IPv6 address stands in brackets: [::1]:1883)" : "";
}
