/** A will that waits to be published or dropped.
 * @module */
import type { Will } from "../packets/types.ts";

/** The will of a session (3.1.2.5). */
export interface PendingWill {
  /** Topic, payload, flags and properties as in CONNECT. */
  readonly will: Will;
  /** When it is due in milliseconds since 1970; `undefined` while the connection is open. */
  dueAt: number | undefined;
}
