/** How many QoS 1 and 2 messages may still be on their way to one client (4.9).
 * @module */

/** The send quota of one connection: begins at the client's Receive Maximum, one slot for each message that is not finished. */
export class SendQuota {
  #slots = 0;
  /** What the connection began with. */
  #initial = 0;

  /** PUBLISH packets of QoS 1 and 2 that may still be sent; below 0 after many resent PUBREL [MQTT-3.3.4-9]. */
  get slots(): number {
    return this.#slots;
  }

  /** A connection begins [MQTT-4.9.0-1]. */
  begin(slots: number): void {
    this.#slots = this.#initial = slots;
  }

  /** A message or its PUBREL is sent. */
  take(): void {
    this.#slots--;
  }

  /** The client has a message; what an earlier connection has sent gives nothing back above where this one began [MQTT-4.9.0-1]. */
  giveBack(): void {
    if (this.#slots < this.#initial) this.#slots++;
  }
}
