/** A client whose connections all end without DISCONNECT: the will of each is a message that has to arrive.
 * @module */
import { CrashClient, type CrashClientOptions } from "./crash_client.ts";
import type { Line } from "./crash_ledger.ts";
import { pause, type Random } from "./crash_random.ts";

/** Connects again and again, with a number as its will. */
export class CrashMortal {
  readonly client: CrashClient;
  readonly #line: Line;

  /** @param id ClientID @param line numbers of its wills @param options version and session */
  constructor(id: string, line: Line, options: Pick<CrashClientOptions, "version" | "expiry">) {
    this.#line = line;
    const will = () => ({
      ...{ topic: line.topic, qos: line.qos, retain: false },
      payload: new TextEncoder().encode(String(++line.sent)),
    });
    this.client = new CrashClient(id, { ...options, will });
  }

  /** Lives until the broker ends; some of its connections end before that. */
  async live(address: string, random: Random): Promise<void> {
    await this.#connect(address);
    for (let count = 0; count < 3; count++) {
      await pause(random.between(10, 200));
      if (!this.client.connected) return;
      await this.client.cut();
      await this.#connect(address);
    }
  }

  /** From CONNACK on the broker owes the will. */
  async #connect(address: string): Promise<void> {
    await this.client.connect(address);
    this.#line.confirmed.add(this.#line.sent);
  }
}
