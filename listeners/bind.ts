/** Opening a port: one place for "all interfaces" and for errors that say what to do.
 * @module */
import { type Address, formatAddress, parseAddress } from "./address.ts";

/** What stands for an open port, as a listener of the runtime does. */
export interface Opened {
  /** Where it is open. */
  readonly addr: Deno.NetAddr;
  /** Lets the port go. */
  close(): void;
}

/**
 * Opens an address. `:port` is tried on `[::]`, which serves IPv4 too, and on `0.0.0.0` where there is no IPv6;
 * `localhost:port` is both loopback addresses, `127.0.0.1` and `[::1]`, as far as the machine has them: which one a client takes
 * is the client's affair.
 *
 * @param address `host:port`, `[v6]:port` or `:port`
 * @param open opens exactly one host and port
 * @returns what `open` returned: one, or two for `localhost`
 * @throws Error `Cannot listen on <address>: <why>; <what to do>`
 */
export function bind<T extends Opened>(address: string, open: (address: Address) => T): T[] {
  const parsed = parseAddress(address);
  try {
    if (isLocalhost(parsed)) return bindLoopback(parsed, open);
    return [parsed.hostname === "" ? bindEverywhere(parsed.port, open) : open(parsed)];
  } catch (cause) {
    throw listenError(address, cause);
  }
}

/**
 * The address that was really opened.
 *
 * @param address as it was asked for
 * @param opened what {@linkcode bind} has opened there
 * @returns `host:port` with the port that the system has chosen where it was 0
 */
export function addressOf(address: string, opened: readonly Opened[]): string {
  const parsed = parseAddress(address), { addr } = opened[0];
  return formatAddress(isLocalhost(parsed) ? { ...parsed, port: addr.port } : addr);
}

function isLocalhost({ hostname }: Address): boolean {
  return hostname.toLowerCase() === "localhost";
}

/** Port 0 has to be the same port on both addresses, so one that is free on the first and taken on the second is given back. */
const MOST_TRIES = 20;

function bindLoopback<T extends Opened>(name: Address, open: (address: Address) => T): T[] {
  for (let left = MOST_TRIES;; left--) {
    const first = openIfThere(() => openIPv4(name, open));
    try {
      const port = first === undefined ? name.port : first.addr.port;
      const second = openIfThere(() => open({ hostname: "::1", port }));
      const opened = [first, second].filter((one) => one !== undefined);
      return opened.length > 0 ? opened : [open(name)]; // which fails and says why
    } catch (cause) {
      first?.close();
      if (name.port !== 0 || left === 0 || !(cause instanceof Deno.errors.AddrInUse)) throw cause;
    }
  }
}

/** Who has let Deno listen on `localhost` may not have let it listen on the address. */
function openIPv4<T>(name: Address, open: (address: Address) => T): T {
  try {
    return open({ ...name, hostname: "127.0.0.1" });
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) return open(name);
    throw cause;
  }
}

/** @returns `undefined` where the machine does not have this address, or Deno may not listen there */
function openIfThere<T>(open: () => T): T | undefined {
  try {
    return open();
  } catch (cause) {
    if (cause instanceof Deno.errors.AddrInUse || cause instanceof Deno.errors.PermissionDenied) throw cause;
    return undefined;
  }
}

/** Windows keeps IPv6 sockets to IPv6. */
function bindEverywhere<T>(port: number, open: (address: Address) => T): T {
  if (Deno.build.os === "windows") return open({ hostname: "0.0.0.0", port });
  try {
    return open({ hostname: "::", port });
  } catch (cause) {
    if (cause instanceof Deno.errors.AddrInUse || cause instanceof Deno.errors.PermissionDenied) throw cause;
    return open({ hostname: "0.0.0.0", port });
  }
}

/**
 * Says what is wrong with an address and what to do about it.
 *
 * @param address the address as it was asked for, or a path
 * @param cause what the system said
 * @returns an error to throw, with `cause` as its cause
 */
export function listenError(address: string, cause: unknown): Error {
  return new Error(`Cannot listen on ${address}: ${reason(cause)}`, { cause });
}

function reason(cause: unknown): string {
  if (cause instanceof Deno.errors.AddrInUse) {
    return "address already in use; stop the program that uses it or choose another port";
  }
  if (cause instanceof Deno.errors.AddrNotAvailable) {
    return "this machine does not have that address; use one of its own, or :port for all";
  }
  if (cause instanceof Deno.errors.PermissionDenied) {
    return "the system does not permit it; use a port above 1023 or a folder that you may write";
  }
  if (cause instanceof Deno.errors.NotFound) return "its folder is not there; make it or choose another path";
  if (cause instanceof Deno.errors.NotCapable) return `Deno does not permit it; ${cause.message}`;
  return cause instanceof Error ? cause.message : String(cause);
}
