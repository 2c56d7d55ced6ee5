/** Who owns which session, and how many there are.
 * @module */
import type { Session } from "./session.ts";

/** All sessions by ClientID; comparison is byte exact [MQTT-3.1.3-2]. */
export class SessionRegistry {
  readonly #sessions = new Map<string, Session>();

  /** Number of sessions. */
  get size(): number {
    return this.#sessions.size;
  }

  /** The session of a ClientID. */
  get(clientId: string): Session | undefined {
    return this.#sessions.get(clientId);
  }

  /** Adds a session. */
  add(session: Session): void {
    this.#sessions.set(session.clientId, session);
  }

  /** Removes a session, unless its ClientID has a newer one. */
  remove(session: Session): void {
    if (this.#sessions.get(session.clientId) === session) this.#sessions.delete(session.clientId);
  }

  /** All sessions in the order in which they began. */
  values(): IterableIterator<Session> {
    return this.#sessions.values();
  }
}
