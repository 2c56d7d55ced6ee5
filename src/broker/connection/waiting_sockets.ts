/** Sockets over which no client was let in yet, by address.
 * @module */

/** What waits. */
interface Waiting {
  /** Who counts as one. */
  readonly address: string;
}

/** Knows at any time which address has most of them, without looking at all. */
export class WaitingSockets<T extends Waiting> {
  /** Sockets of each address, the oldest first. */
  readonly #sockets = new Map<string, Set<T>>();
  /** Addresses by the number of their sockets; who has had that number longest is first. */
  readonly #addresses = new Map<number, Set<string>>();
  #most = 0;

  /** One more waits. */
  add(socket: T): void {
    const { address } = socket, sockets = this.#sockets.get(address) ?? new Set();
    this.#leave(address, sockets.size);
    this.#sockets.set(address, sockets.add(socket));
    this.#join(address, sockets.size);
    this.#most = Math.max(this.#most, sockets.size);
  }

  /** One waits no longer; one that does not wait is ignored. */
  delete(socket: T): void {
    const { address } = socket, sockets = this.#sockets.get(address);
    if (!sockets?.delete(socket)) return;
    this.#leave(address, sockets.size + 1);
    if (sockets.size === 0) this.#sockets.delete(address);
    else this.#join(address, sockets.size);
    if (!this.#addresses.has(this.#most)) this.#most = sockets.size;
  }

  /** The oldest one of the address that has most of them. */
  oldestOfMost(): T | undefined {
    const address = first(this.#addresses.get(this.#most));
    return address === undefined ? undefined : first(this.#sockets.get(address));
  }

  /** An address has so many sockets no longer. */
  #leave(address: string, count: number): void {
    const addresses = this.#addresses.get(count);
    if (addresses?.delete(address) && addresses.size === 0) this.#addresses.delete(count);
  }

  #join(address: string, count: number): void {
    this.#addresses.set(count, (this.#addresses.get(count) ?? new Set()).add(address));
  }
}

function first<T>(all: Set<T> | undefined): T | undefined {
  return all?.values().next().value;
}
