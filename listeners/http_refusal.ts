/** The log line of an HTTP request that is refused: browsers do not show pages why their WebSocket was, and libraries hide it.
 * @module */
import type { Logger } from "../src/hook/logger.ts";

/**
 * Logs an answer that says what the client did wrong, and no other.
 *
 * @param logger the broker's
 * @param answer what the request is answered with
 * @param from whose request it is
 */
export function tellOfRefusedRequest(
  logger: Logger,
  { status, text }: { readonly status: number; readonly text: string },
  from: { readonly listener: string; readonly remote: string },
): void {
  if (status < 400 || status > 499) return;
  logger.debug("an HTTP request was refused", { ...from, status, reason: text.trimEnd() });
}
