/** The clients of a broker, for programs that look after them.
 * @module */
import { ReasonCode } from "../packets/reason_codes.ts";
import type { Client, DisconnectOptions } from "../session/client.ts";
import type { Core } from "./core/core.ts";

/** Clients that are connected or have a session. */
export class ClientList {
  readonly #core: Core;

  /**
   * The list of one broker.
   *
   * @param core the broker
   */
  constructor(core: Core) {
    this.#core = core;
  }

  /** Number of sessions, connected or not. */
  get size(): number {
    return this.#core.sessions.size;
  }

  /** All clients, lazily, so that many of them can be walked through in pages. */
  *list(): Generator<Client> {
    for (const session of this.#core.sessions.values()) yield session.client;
  }

  /**
   * The client with this ClientID.
   * @param id ClientID
   * @returns `undefined` when there is no session with it
   */
  get(id: string): Client | undefined {
    return this.#core.sessions.get(id)?.client;
  }

  /**
   * Ends the connection of a client.
   * @param id ClientID
   * @param options reason code (default 0x98, Administrative action), Reason String and Server Reference
   * @returns false when it is not connected
   */
  disconnect(id: string, options: DisconnectOptions & { reasonCode?: number } = {}): boolean {
    const client = this.get(id);
    if (client === undefined || !client.connected) return false;
    client.disconnect(options.reasonCode ?? ReasonCode.AdministrativeAction, options);
    return true;
  }
}
