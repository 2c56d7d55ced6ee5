import { assertEquals } from "@std/assert";
import { Reminder } from "../../src/hook/reminder.ts";
import { FakeClock } from "../helpers/fake_clock.ts";

/** Notes in `log` that it was reminded. */
function waiter(name: string, log: string[]) {
  return { remind: () => void log.push(name) };
}

Deno.test("all who still wait are reminded by one timer, once", async () => {
  const clock = new FakeClock(), reminder = new Reminder(clock), log: string[] = [];
  const [a, b, c] = ["a", "b", "c"].map((name) => waiter(name, log));
  for (const waiting of [a, b, c]) reminder.add(waiting);
  reminder.delete(b);
  assertEquals([clock.pending, log], [1, []]);
  await clock.advance(0);
  assertEquals([clock.pending, log], [0, ["a", "c"]]);
  await clock.advance(1_000);
  assertEquals(log, ["a", "c"]);
});

Deno.test("who begins to wait while others are reminded has the next turn", async () => {
  const clock = new FakeClock(), reminder = new Reminder(clock), log: string[] = [];
  const second = waiter("second", log);
  const first = { remind: () => (log.push("first"), reminder.add(second), assertEquals(clock.pending, 1)) };
  reminder.add(first);
  await clock.advance(0);
  assertEquals([clock.pending, log], [0, ["first", "second"]]);
});

Deno.test("a reminder that is closed reminds nobody and leaves no timer", async () => {
  const clock = new FakeClock(), reminder = new Reminder(clock), log: string[] = [];
  reminder.add(waiter("a", log));
  reminder.close();
  assertEquals(clock.pending, 0);
  await clock.advance(1_000);
  assertEquals(log, []);
});
