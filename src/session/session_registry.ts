/** Who owns which session, and how many there are.
 * @module */
import type { Session } from "./session.ts";

/** All sessions by ClientID; comparison is byte exact [MQTT-3.1.3-2]. */
export class SessionRegistry {
  readonly #sessions = new Map<string, Session>();
  #bytes = 0;

  /** Number of sessions. */
  get size(): number {
    return this.#sessions.size;
  }

  /** Bytes that sessions take by themselves. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The session of a ClientID. */
  get(clientId: string): Session | undefined {
    return this.#sessions.get(clientId);
  }

  /** Adds a session. */
  add(session: Session): void {
    this.#bytes += session.bytes - (this.get(session.clientId)?.bytes ?? 0);
    this.#sessions.set(session.clientId, session);
  }

  /** Removes a session, unless its ClientID has a newer one. */
  remove(session: Session): void {
    if (this.#sessions.get(session.clientId) !== session) return;
    this.#sessions.delete(session.clientId);
    this.#bytes -= session.bytes;
  }

  /** All sessions in the order in which they began. */
  values(): IterableIterator<Session> {
    return this.#sessions.values();
  }
}
