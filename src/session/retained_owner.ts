/** Who has retained how much.
 * @module */
import type { AddressTotals } from "./address_totals.ts";

/** A client whose messages are retained, also when it has gone. */
export class RetainedOwner {
  /** Bytes of its messages, without the nodes of the tree. */
  bytes = 0;
  /** The address that its first one came from. */
  readonly address: AddressTotals;
  /** Who it is. */
  readonly clientId: string;
  readonly #owners: Map<string, RetainedOwner>;

  /** @param clientId who it is @param origin its address, and where it is known */
  constructor(clientId: string, origin: { address: AddressTotals; owners: Map<string, RetainedOwner> }) {
    this.address = origin.address;
    this.#owners = origin.owners;
    this.clientId = clientId;
    this.#owners.set(clientId, this);
  }

  /** Counts more, or less. */
  count(bytes: number): void {
    this.bytes += bytes;
    this.address.count("retained", bytes);
    if (this.bytes === 0) this.#owners.delete(this.clientId);
  }
}
