/** What the program does when it is told to stop or to reload.
 * @module */

/** Answers to signals. */
export interface SignalHandlers {
  /** SIGINT and SIGTERM. */
  stop(signal: Deno.Signal): void;
  /** SIGINT and SIGTERM once more, and not the first one passed on. */
  stopNow(signal: Deno.Signal): void;
  /** SIGHUP. */
  reload(): void;
}

/** A signal that comes again within this many milliseconds was sent once: to a group of processes, and passed on by the one above. */
const SAME_SIGNAL = 200;
const WINDOWS = Deno.build.os === "windows";
const STOP_SIGNALS: readonly Deno.Signal[] = WINDOWS ? ["SIGINT", "SIGBREAK"] : ["SIGINT", "SIGTERM"];

/**
 * Listens for signals.
 *
 * @param handlers what to do
 * @param now milliseconds of a clock that never goes back
 * @returns a function that stops listening
 */
export function listenForSignals(handlers: SignalHandlers, now = () => performance.now()): () => void {
  let first: { signal: Deno.Signal; at: number } | undefined;
  const listeners = new Map<Deno.Signal, () => void>();
  for (const signal of STOP_SIGNALS) {
    listeners.set(signal, () => {
      if (first === undefined) {
        first = { signal, at: now() };
        handlers.stop(signal);
      } else if (signal !== first.signal || now() - first.at > SAME_SIGNAL) handlers.stopNow(signal);
    });
  }
  if (!WINDOWS) listeners.set("SIGHUP", () => handlers.reload());
  for (const [signal, listener] of listeners) Deno.addSignalListener(signal, listener);
  return () => {
    for (const [signal, listener] of listeners) Deno.removeSignalListener(signal, listener);
  };
}
