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
    this.#sockets.set(address, sockets.add(socket));
    this.#move(address, sockets.size - 1, sockets.size);
  }

  /** One waits no longer; one that does not wait is ignored. */
  delete(socket: T): void {
    const { address } = socket, sockets = this.#sockets.get(address);
    if (!sockets?.delete(socket)) return;
    if (sockets.size === 0) this.#sockets.delete(address);
    this.#move(address, sockets.size + 1, sockets.size);
  }

  /** The oldest one of the address that has most of them. */
  oldestOfMost(): T | undefined {
    const address = first(this.#addresses.get(this.#most));
    return address === undefined ? undefined : first(this.#sockets.get(address));
  }

  #move(address: string, from: number, to: number): void {
    const old = this.#addresses.get(from);
    if (old?.delete(address) && old.size === 0) this.#addresses.delete(from);
    if (to > 0) this.#addresses.set(to, (this.#addresses.get(to) ?? new Set()).add(address));
    if (to > this.#most) this.#most = to;
    else if (from === this.#most && !this.#addresses.has(from)) this.#most = to;
  }
}

function first<T>(all: Set<T> | undefined): T | undefined {
  return all?.values().next().value;
}
