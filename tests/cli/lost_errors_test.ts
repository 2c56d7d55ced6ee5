import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { catchLostErrors } from "../../src/cli/lost_errors.ts";
import { silentLogger } from "../../src/hook/logger.ts";

Deno.test("errors that nobody has caught are told and do not end the process", () => {
  const target = new EventTarget(), told: unknown[] = [];
  const uncatch = catchLostErrors({ ...silentLogger, error: (_message, fields) => told.push(fields?.error) }, target);
  const cancelable = true, promise = Promise.resolve();
  const events = [
    new PromiseRejectionEvent("unhandledrejection", { cancelable, promise, reason: new Error("first") }),
    new PromiseRejectionEvent("unhandledrejection", { cancelable, promise, reason: "second" }),
    new ErrorEvent("error", { cancelable, error: new TypeError("third") }),
  ];
  for (const event of events) target.dispatchEvent(event);
  assert(events.every((event) => event.defaultPrevented));
  assertStringIncludes(String(told[0]), "first");
  assertStringIncludes(String(told[2]), "third");
  assertEquals([told[1], told.length], ["second", 3]);
  uncatch();
  target.dispatchEvent(events[1]);
  assertEquals(told.length, 3);
});
