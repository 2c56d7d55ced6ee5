import { assert, assertEquals } from "@std/assert";
import { type Clock, systemClock } from "../../src/time/clock.ts";
import { Scheduler, type Task } from "../../src/time/scheduler.ts";
import { FakeClock } from "../helpers/fake_clock.ts";

function start(clock: Clock): { scheduler: Scheduler; errors: unknown[] } {
  const errors: unknown[] = [];
  return { scheduler: new Scheduler(clock, (error) => errors.push(error)), errors };
}

const DAY = 86_400_000;

Deno.test("tasks run when they are due, also behind the longest delay that a timer takes", async () => {
  const delays = [0, 1, 999, 2 ** 31 - 2, 2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 32, 0xffff_fffe * 1_000];
  for (const delay of delays) {
    const clock = new FakeClock(), { scheduler } = start(clock), begun = clock.now();
    let ran = -1;
    scheduler.after(delay, () => ran = clock.now() - begun);
    await clock.advance(Math.max(0, delay - 1));
    assertEquals(ran, delay === 0 ? 0 : -1, `${delay} ms: too early`);
    await clock.advance(1);
    assertEquals(ran, delay, `${delay} ms`);
    assertEquals([scheduler.size, clock.pending], [0, 0]);
  }
});

Deno.test("a time that has passed means at once, no time means never", async () => {
  const clock = new FakeClock(), { scheduler } = start(clock), ran: string[] = [];
  scheduler.at(0, () => ran.push("long ago"));
  scheduler.at(Infinity, () => ran.push("never"));
  await clock.advance(0);
  assertEquals(ran, ["long ago"]);
  await clock.advance(100 * 365 * DAY);
  assertEquals(ran, ["long ago"]);
  scheduler.close();
});

Deno.test("tasks run in the order in which they are due, with one timer for all", async () => {
  const clock = new FakeClock(), { scheduler } = start(clock), ran: number[] = [], expected: number[] = [];
  for (let index = 0, delay = 1; index < 2_000; index++) {
    delay = delay * 7_919 % 10_007;
    const due = delay;
    scheduler.after(due, () => ran.push(due));
    expected.push(due);
    assertEquals(clock.pending, 1);
  }
  await clock.advance(10_007);
  assertEquals(ran, expected.sort((a, b) => a - b));
});

Deno.test("a cancelled task does not run, and cancelling again changes nothing", async () => {
  const clock = new FakeClock(), { scheduler } = start(clock), ran: string[] = [];
  const first = scheduler.after(1, () => ran.push("first"));
  const second = scheduler.after(2, () => ran.push("second"));
  scheduler.cancel(first);
  scheduler.cancel(first);
  scheduler.cancel(undefined);
  assertEquals(scheduler.size, 1);
  await clock.advance(5);
  scheduler.cancel(second);
  assertEquals([ran, scheduler.size], [["second"], 0]);
});

Deno.test("a storm of tasks that are cancelled costs neither memory nor a wrong task", async () => {
  const clock = new FakeClock(), { scheduler } = start(clock), live: Task[] = [];
  let ran = 0;
  for (let index = 0; index < 100_000; index++) {
    const task = scheduler.after(1_000 + index % 997, () => ran++);
    if (index % 1_000 === 0) live.push(task);
    else scheduler.cancel(task);
    assert(scheduler.size <= live.length + 1);
  }
  assertEquals(scheduler.size, 100);
  for (const task of live.slice(0, 50)) scheduler.cancel(task);
  assertEquals(scheduler.size, 50);
  await clock.advance(2_000);
  assertEquals([ran, scheduler.size], [50, 0]);
});

Deno.test("no cancel takes as long as to sort all tasks would", () => {
  const count = 200_000, dues = Array.from({ length: count }, () => 1 + Math.random() * 1e9);
  const sorting = Math.min(...[1, 2, 3].map(() => timeOf(() => dues.slice().sort((a, b) => a - b))));
  const longest = Math.min(...[1, 2, 3].map(() => {
    const { scheduler } = start(new FakeClock()), tasks = dues.map((due) => scheduler.at(due, () => {}));
    return tasks.reduce((longest, task) => Math.max(longest, timeOf(() => scheduler.cancel(task))), 0);
  }));
  assert(longest < sorting / 4, `${longest} ms, and ${sorting} ms to sort them`);
});

function timeOf(action: () => unknown): number {
  const start = performance.now();
  action();
  return performance.now() - start;
}

Deno.test("what a cancelled task would have used is given back", () => {
  const { scheduler } = start(new FakeClock());
  const before = Deno.memoryUsage().heapUsed;
  for (let index = 0; index < 2_000; index++) {
    const large = new Array(10_000).fill(index);
    scheduler.cancel(scheduler.after(DAY, () => large.length));
  }
  assert(Deno.memoryUsage().heapUsed - before < 100_000_000, "2,000 arrays of 80 kB would be 160 MB");
  scheduler.close();
});

Deno.test("tasks may add, cancel and close while they run", async () => {
  const clock = new FakeClock(), { scheduler } = start(clock), ran: string[] = [];
  scheduler.after(1, () => {
    ran.push("first");
    scheduler.cancel(victim);
    scheduler.after(1, () => ran.push("added"));
  });
  const victim = scheduler.after(1, () => ran.push("victim"));
  scheduler.after(3, () => scheduler.close());
  scheduler.after(4, () => ran.push("behind close"));
  await clock.advance(10);
  assertEquals([ran, scheduler.size, clock.pending], [["first", "added"], 0, 0]);
  scheduler.after(1, () => ran.push("after close"));
  assertEquals(clock.pending, 0);
});

Deno.test("a task that starts itself again at once leaves others their turn", async () => {
  const clock = new FakeClock(), { scheduler } = start(clock);
  let turns = 0;
  const again = () => void (++turns < 1_000 && scheduler.after(0, again));
  again();
  let fired = 0;
  const timer = clock.setTimeout(() => fired = turns, 0);
  await clock.advance(0);
  assertEquals(turns, 1_000);
  assert(fired < 10, "another timer comes in between");
  clock.clearTimeout(timer);
});

Deno.test("what a task starts at once runs behind all that was due before it", async () => {
  const clock = new FakeClock(), { scheduler } = start(clock), ran: string[] = [];
  for (const name of ["a", "b"]) {
    scheduler.after(5, () => {
      clock.setTimeout(() => ran.push(`timer of ${name}`), 0);
      scheduler.after(0, () => ran.push(`task of ${name}`));
      ran.push(name);
    });
  }
  await clock.advance(5);
  assertEquals(ran, ["a", "b", "timer of a", "timer of b", "task of a", "task of b"]);
});

Deno.test("an error of a task is told, and the next one runs", async () => {
  const clock = new FakeClock(), { scheduler, errors } = start(clock);
  let ran = false;
  scheduler.after(1, () => {
    throw new Error("broken");
  });
  scheduler.after(1, () => ran = true);
  await clock.advance(1);
  assertEquals([errors.length, ran], [1, true]);
});

/** A clock that can be set, whose timers do not care. */
class SetClock extends FakeClock {
  shift = 0;

  override now(): number {
    return super.now() + this.shift;
  }
}

Deno.test("a clock that is set forward or back makes every task run once", async () => {
  for (const shift of [-365 * DAY, -DAY, -1, 1, DAY, 365 * DAY]) {
    const clock = new SetClock(), { scheduler } = start(clock), ran: string[] = [];
    scheduler.after(1_000, () => ran.push("before"));
    await clock.advance(500);
    clock.shift = shift;
    scheduler.after(1_000, () => ran.push("after"));
    await clock.advance(1_000);
    assert(ran.includes("after") || shift < 0, `${shift}: a task behind the jump keeps its time`);
    await clock.advance(Math.abs(shift) + 1_000);
    assertEquals(ran.toSorted(), ["after", "before"], `${shift}`);
  }
});

Deno.test("the clock of the machine is not disturbed when its time is set", () => {
  const { now } = Date;
  try {
    const before = systemClock.now();
    assert(Math.abs(before - now()) < 60_000, "milliseconds since 1970");
    Date.now = () => now() + 365 * DAY;
    assert(systemClock.now() - before < DAY);
    Date.now = () => now() - 365 * DAY;
    assert(systemClock.now() >= before);
  } finally {
    Date.now = now;
  }
  assert(Number.isInteger(systemClock.now()));
});

Deno.test("tasks that are due together run for a while, and others have their turn before the rest", () => {
  const timers: (() => void)[] = [], ran: number[] = [];
  let now = 0;
  const clock: Clock = { now: () => now, setTimeout: (run) => timers.push(run), clearTimeout: () => {} };
  const { scheduler } = start(clock);
  const slow = (index: number) => () => void (ran.push(index), now++);
  for (let index = 0; index < 10; index++) scheduler.at(index - 10, slow(index));
  const runs: number[] = [];
  for (let timer = timers.pop(); timer !== undefined; timer = timers.pop()) {
    timers.length = 0;
    timer();
    runs.push(ran.length);
  }
  assertEquals(runs, [3, 6, 9, 10]);
  assertEquals(ran, Array.from({ length: 10 }, (_, index) => index));
});
