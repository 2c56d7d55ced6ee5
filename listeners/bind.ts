/** Opening a port: one place for "all interfaces" and for errors that say what to do.
 * @module */
import { type Address, parseAddress } from "./address.ts";

/**
 * Opens an address; `:port` is tried on `[::]`, which serves IPv4 too, and on `0.0.0.0` where there is no IPv6.
 *
 * @param address `host:port`, `[v6]:port` or `:port`
 * @param open opens exactly one host and port
 * @returns what `open` returned
 * @throws Error `Cannot listen on <address>: <why>; <what to do>`
 */
export function bind<T>(address: string, open: (address: Address) => T): T {
  const parsed = parseAddress(address);
  try {
    return parsed.hostname === "" ? bindEverywhere(parsed.port, open) : open(parsed);
  } catch (cause) {
    throw listenError(address, cause);
  }
}

const REOPEN_TIME = 2_000;
const REOPEN_PAUSE = 1;

/**
 * Opens an address that was let go a moment ago: the system may still call it in use.
 *
 * @param address as for {@linkcode bind}
 * @param open opens exactly one host and port
 * @returns what `open` returned
 * @throws Error as {@linkcode bind} does
 */
export async function reopen<T>(address: string, open: (address: Address) => T): Promise<T> {
  for (const until = performance.now() + REOPEN_TIME;;) {
    try {
      return bind(address, open);
    } catch (error) {
      const inUse = (error as Error).cause instanceof Deno.errors.AddrInUse;
      if (!inUse || performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, REOPEN_PAUSE));
    }
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
  if (cause instanceof Deno.errors.NotCapable) return `Deno does not permit it; ${cause.message}`;
  return cause instanceof Error ? cause.message : String(cause);
}
