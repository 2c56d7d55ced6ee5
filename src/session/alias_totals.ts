/** What Topic Aliases take in memory, of all clients.
 * @module */

import { openPart } from "./fair_part.ts";

/** The sum that the aliases of every client keep up to date, one for each direction; nobody else writes it. */
export class AliasTotals {
  readonly #maximum: number;
  #bytes = 0;

  /** @param maximum bytes that all together may take */
  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /** Bytes that they take. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether clients that come may set any. From half of the limit on there are none for them: the rest is for those who were told so. */
  get areOffered(): boolean {
    return this.#bytes < this.#maximum / 2;
  }

  /**
   * Takes more, or gives back.
   *
   * @param growth bytes
   * @param held bytes that the client has taken
   * @returns false when that is too much: nothing is taken then
   */
  take(growth: number, held: number): boolean {
    const part = openPart({ client: held + growth, address: 0 });
    if (growth > 0 && this.#bytes + growth > part * this.#maximum) return false;
    this.#bytes += growth;
    return true;
  }
}
