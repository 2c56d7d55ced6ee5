/** What all examples end with. */

/**
 * Waits until the process is told to stop: by Ctrl+C, or by SIGTERM as a supervisor sends it.
 *
 * With `await using broker = new Broker()` in the same file the broker is closed right after that.
 */
export function stopped(): Promise<void> {
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT", "SIGBREAK"] : ["SIGINT", "SIGTERM"];
  return new Promise((resolve) => {
    for (const signal of signals) Deno.addSignalListener(signal, resolve);
  });
}
