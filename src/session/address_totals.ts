/** What the clients of one address hold of what all clients share.
 * @module */

/** What is kept after a connection has ended, in bytes. */
type Kept = "sessions" | "wills" | "subscriptions" | "retained";

/** The sums of one address; whoever counts for all counts here too. */
export class AddressTotals implements Record<Kept, number> {
  /** Sessions by themselves. */
  sessions = 0;
  /** Wills. */
  wills = 0;
  /** Subscriptions, without the nodes of the tree. */
  subscriptions = 0;
  /** Retained messages, without the nodes of the tree. */
  retained = 0;
  /** Messages to its clients, sent and not acknowledged or queued. */
  queued = 0;
  readonly #addresses: Addresses | undefined;
  readonly #address: string;

  /** @param address who counts as one @param addresses where it is known */
  constructor(address: string = "", addresses?: Addresses) {
    this.#address = address;
    this.#addresses = addresses;
  }

  /** Counts more, or less. */
  count(what: Kept, bytes: number): void {
    this[what] += bytes;
    const { sessions, wills, subscriptions, retained } = this;
    if (sessions + wills + subscriptions + retained === 0) this.#addresses?.forget(this.#address, this);
  }
}

/** All addresses that something is kept of: no more than there are sessions and retained messages. */
export class Addresses {
  readonly #totals = new Map<string, AddressTotals>();
  readonly #unknown = new AddressTotals();

  /** Number of addresses. */
  get size(): number {
    return this.#totals.size;
  }

  /** The sums of an address, which is known from here on. The program's own clients have none, and share one. */
  of(address: string): AddressTotals {
    if (address === "") return this.#unknown;
    let totals = this.#totals.get(address);
    if (totals === undefined) this.#totals.set(address, totals = new AddressTotals(address, this));
    return totals;
  }

  /** The sums of an address, if it has any. */
  get(address: string): AddressTotals | undefined {
    return this.#totals.get(address);
  }

  /** It has nothing more. */
  forget(address: string, totals: AddressTotals): void {
    if (this.#totals.get(address) === totals) this.#totals.delete(address);
  }
}
