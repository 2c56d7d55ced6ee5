/** What the program does when it is told to stop or to reload.
 * @module */

/** Answers to signals. */
export interface SignalHandlers {
  /** SIGINT and SIGTERM. */
  stop(signal: Deno.Signal): void;
  /** SIGINT and SIGTERM once more. */
  stopNow(signal: Deno.Signal): void;
  /** SIGHUP. */
  reload(): void;
}

const WINDOWS = Deno.build.os === "windows";
const STOP_SIGNALS: readonly Deno.Signal[] = WINDOWS ? ["SIGINT", "SIGBREAK"] : ["SIGINT", "SIGTERM"];

/**
 * Listens for signals.
 *
 * @param handlers what to do
 * @returns a function that stops listening
 */
export function listenForSignals(handlers: SignalHandlers): () => void {
  let stopping = false;
  const listeners = new Map<Deno.Signal, () => void>();
  for (const signal of STOP_SIGNALS) {
    listeners.set(signal, () => {
      if (stopping) return handlers.stopNow(signal);
      stopping = true;
      handlers.stop(signal);
    });
  }
  if (!WINDOWS) listeners.set("SIGHUP", () => handlers.reload());
  for (const [signal, listener] of listeners) Deno.addSignalListener(signal, listener);
  return () => {
    for (const [signal, listener] of listeners) Deno.removeSignalListener(signal, listener);
  };
}
