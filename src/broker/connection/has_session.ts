/** Whether what was decided meanwhile still counts.
 * @module */
import type { Connection } from "./connection.ts";

/**
 * A connection that was lost, or whose client has come back on another one, asks for nothing any more: hooks that answer
 * late change no session.
 */
export function hasSession(connection: Connection): boolean {
  return connection.session?.link === connection;
}
