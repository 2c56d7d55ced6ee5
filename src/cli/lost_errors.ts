/** The last resort: an error that nobody has caught is told and does not end the program.
 * @module */
import { errorText, type Logger } from "../hook/logger.ts";

const EVENTS = ["unhandledrejection", "error"] as const;

/**
 * Catches what nobody else has caught, of the broker, of the runtime and of hooks. Clients are connected, and whatever went
 * wrong is not theirs.
 *
 * @param logger where it is told; errors may come by the thousand, so it should write only a few of them
 * @param target what the errors arrive at
 * @returns a function that ends it
 */
export function catchLostErrors(logger: Logger, target: EventTarget = globalThis): () => void {
  const take: EventListener = (event) => {
    event.preventDefault();
    const { reason, error } = event as Partial<PromiseRejectionEvent & ErrorEvent>;
    logger.error("an error was caught by nobody; the broker goes on", { error: errorText(reason ?? error) });
  };
  for (const name of EVENTS) target.addEventListener(name, take);
  return () => {
    for (const name of EVENTS) target.removeEventListener(name, take);
  };
}
