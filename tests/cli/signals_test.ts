import { assertEquals } from "@std/assert";
import { listenForSignals } from "../../src/cli/signals.ts";

/** Collects what is listened for, in place of the real signals. */
function catchListeners() {
  const { addSignalListener, removeSignalListener } = Deno, listeners = new Map<string, () => void>();
  Deno.addSignalListener = (signal, listener) => void listeners.set(signal, listener);
  Deno.removeSignalListener = (signal) => void listeners.delete(signal);
  return { listeners, [Symbol.dispose]: () => void Object.assign(Deno, { addSignalListener, removeSignalListener }) };
}

Deno.test("a signal that a group of processes gets and that is passed on as well counts once", () => {
  using caught = catchListeners();
  const told: string[] = [];
  let now = 1_000;
  const unlisten = listenForSignals({
    stop: (signal) => told.push(`stop ${signal}`),
    stopNow: (signal) => told.push(`now ${signal}`),
    reload: () => told.push("reload"),
  }, () => now);
  const send = (signal: string) => caught.listeners.get(signal)!();
  send("SIGINT");
  now += 200;
  send("SIGINT");
  assertEquals(told, ["stop SIGINT"]);
  if (Deno.build.os !== "windows") {
    send("SIGTERM"); // another one is not a copy
    send("SIGHUP");
    assertEquals(told.splice(1), ["now SIGTERM", "reload"]);
  }
  now += 1;
  send("SIGINT");
  assertEquals(told, ["stop SIGINT", "now SIGINT"]);
  unlisten();
  assertEquals(caught.listeners.size, 0);
});
