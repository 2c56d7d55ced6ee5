/** Limits for peers by the address that they connect from.
 * @module */
import type { Core } from "../core/core.ts";

export { peerOf } from "../../session/peer_address.ts";

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
