/** Limits for peers by the address that they connect from.
 * @module */
import type { Core } from "../core/core.ts";
import { RatePerSecond } from "../core/rate_per_second.ts";

/** Limits connections by address: how many at once, and how many a second. */
export class AddressGuard {
  readonly #core: Core;
  readonly #counts = new Map<string, number>();
  readonly #rate: RatePerSecond;

  /** @param core the broker */
  constructor(core: Core) {
    this.#core = core;
    this.#rate = new RatePerSecond(() => core.now());
  }

  /** @returns false when one of the limits is reached */
  enter(address: string): boolean {
    const { maximumClientsPerAddress, maximumConnectionRate } = this.#core.options.capabilities;
    if (maximumConnectionRate > 0 && this.#rate.count(address) > maximumConnectionRate) return false;
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
    if (count === 1) this.#counts.delete(address);
    else this.#counts.set(address, count - 1);
  }
}
