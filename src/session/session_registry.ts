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
    const { clientId } = session, previous = this.get(clientId);
    this.#count(session, 1);
    if (previous !== undefined) this.#count(previous, -1);
    this.#sessions.set(clientId, session);
  }

  #count({ bytes, address }: Session, one: 1 | -1): void {
    this.#bytes += one * bytes;
    address.count("sessions", one * bytes);
  }

  /** Removes a session, unless its ClientID has a newer one. */
  remove(session: Session): void {
    if (this.#sessions.get(session.clientId) !== session) return;
    this.#sessions.delete(session.clientId);
    this.#count(session, -1);
  }

  /** All sessions in the order in which they began. */
  values(): IterableIterator<Session> {
    return this.#sessions.values();
  }
}
