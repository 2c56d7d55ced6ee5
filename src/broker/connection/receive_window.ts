/** How many messages of a client may be unacknowledged.
 * @module */

/** QoS 1 and 2 PUBLISH packets of one client that it has not been answered for the last time [MQTT-3.3.4-7]. */
export class ReceiveWindow {
  readonly #maximum: number;
  #unacknowledgedPublishes = 0;

  /** @param maximum Receive Maximum of the broker */
  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /** Packets that are not acknowledged. */
  get unacknowledgedPublishes(): number {
    return this.#unacknowledgedPublishes;
  }

  /** True when no further packet may come. */
  get isFull(): boolean {
    return this.#unacknowledgedPublishes >= this.#maximum;
  }

  /** A packet has come. */
  take(): void {
    this.#unacknowledgedPublishes++;
  }

  /** A packet is acknowledged. PUBREL may name one that came over an earlier connection. */
  giveBack(): void {
    if (this.#unacknowledgedPublishes > 0) this.#unacknowledgedPublishes--;
  }
}
