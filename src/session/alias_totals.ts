/** What Topic Aliases take in memory, of all clients.
 * @module */

/** The sum that every `InboundAliases` of a broker keeps up to date; nobody else writes it. */
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
   * @returns false when that is too much: nothing is taken then
   */
  take(growth: number): boolean {
    if (this.#bytes + growth > this.#maximum) return false;
    this.#bytes += growth;
    return true;
  }
}
