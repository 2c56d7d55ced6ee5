/** Limits for peers by the address that they connect from.
 * @module */
import type { Core } from "../core/core.ts";

/** Groups of an IPv6 address, and how many of them name the network. */
const GROUPS = 8, NETWORK = 4;

/**
 * Who counts as one: the host, whatever its port. IPv6 gives a host a whole /64 network to take addresses from, so there the
 * network counts as one.
 */
export function peerOf(remoteAddress: string): string {
  const colon = remoteAddress.lastIndexOf(":");
  const host = colon > 0 ? remoteAddress.slice(0, colon) : remoteAddress;
  return host.startsWith("[") ? networkOf(host.slice(1, -1)) : host;
}

function networkOf(address: string): string {
  const [head, tail] = address.split("::").map((part) => part === "" ? [] : part.split(":"));
  const zeros = tail === undefined ? 0 : GROUPS - head.length - tail.length;
  return [...head, ...Array<string>(zeros).fill("0"), ...tail ?? []].slice(0, NETWORK).join(":");
}

/** Limits connections by address: how many at once, and how many a second. */
export class AddressGuard {
  readonly #core: Core;
  readonly #counts = new Map<string, number>();
  readonly #recent = new Map<string, number>();
  #second = 0;

  /** @param core the broker */
  constructor(core: Core) {
    this.#core = core;
  }

  /** @returns false when one of the limits is reached */
  enter(address: string): boolean {
    const { maximumClientsPerAddress, maximumConnectionRate } = this.#core.options.capabilities;
    if (maximumConnectionRate > 0 && this.#rate(address) > maximumConnectionRate) return false;
    if (maximumClientsPerAddress === 0) return true;
    const count = this.#counts.get(address) ?? 0;
    if (count >= maximumClientsPerAddress) return false;
    this.#counts.set(address, count + 1);
    return true;
  }

  /** A connection from this address has ended. */
  leave(address: string): void {
    const count = this.#counts.get(address);
    if (count === undefined) return;
    if (count <= 1) this.#counts.delete(address);
    else this.#counts.set(address, count - 1);
  }

  #rate(address: string): number {
    const second = Math.floor(this.#core.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#recent.clear();
    }
    const count = (this.#recent.get(address) ?? 0) + 1;
    this.#recent.set(address, count);
    return count;
  }
}
