import { assert, assertEquals, assertRejects } from "@std/assert";
import { Watchdog, type Watched } from "../../src/hook/watchdog.ts";
import type { Clock } from "../../src/time/clock.ts";
import { FakeClock } from "../helpers/fake_clock.ts";

const LIMIT = 160;

/** Makes calls and notes when they are late. */
class Caller implements Watched {
  due = Infinity;
  readonly lateAt: number[] = [];
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  call(watchdog: Watchdog): void {
    watchdog.watch(this);
  }

  expire(): void {
    this.due = Infinity;
    this.lateAt.push(this.#clock.now());
  }
}

Deno.test("a call is late after the limit, at most a sixteenth of it later, whenever it began", async () => {
  const clock = new FakeClock(), watchdog = new Watchdog(clock, LIMIT);
  for (let begin = 0; begin < 2 * LIMIT; begin++) {
    const caller = new Caller(clock), began = clock.now();
    caller.call(watchdog);
    await clock.advance(LIMIT - 1);
    assertEquals(caller.lateAt, []);
    await clock.advance(1 + LIMIT / 16);
    assertEquals(caller.lateAt.length, 1);
    const took = caller.lateAt[0] - began;
    assert(took >= LIMIT && took <= LIMIT * 17 / 16, `late after ${took} ms`); // by a timer that is punctual
    await clock.advance(1 + begin % 3);
  }
});

Deno.test("a call that begins while the timer runs is not later than that either", async () => {
  for (let begin = 0; begin < LIMIT / 4; begin++) {
    const clock = new FakeClock(), watchdog = new Watchdog(clock, LIMIT), caller = new Caller(clock);
    new Caller(clock).call(watchdog);
    await clock.advance(begin);
    const began = clock.now();
    caller.call(watchdog);
    await clock.advance(2 * LIMIT);
    const took = caller.lateAt[0] - began;
    assert(took >= LIMIT && took <= LIMIT * 17 / 16, `late after ${took} ms`); // by a timer that is punctual
  }
});

Deno.test("one timer is enough for many, each is late in its own time, and none is left behind the last", async () => {
  const clock = new FakeClock(), watchdog = new Watchdog(clock, LIMIT), start = clock.now();
  const callers = Array.from({ length: 50 }, () => new Caller(clock));
  for (const caller of callers) {
    caller.call(watchdog);
    await clock.advance(7);
    assertEquals(clock.pending, 1);
  }
  await clock.advance(2 * LIMIT);
  for (const [index, { lateAt }] of callers.entries()) {
    assertEquals(lateAt.length, 1);
    assert(lateAt[0] >= start + 7 * index + LIMIT && lateAt[0] <= start + 7 * index + LIMIT * 9 / 8);
  }
  await clock.advance(LIMIT / 16);
  assertEquals(clock.pending, 0);
});

Deno.test("a call in time is not late, and may be followed by another", async () => {
  const clock = new FakeClock(), watchdog = new Watchdog(clock, LIMIT), done = new Caller(clock);
  done.call(watchdog);
  await clock.advance(LIMIT - 1);
  done.due = Infinity;
  await clock.advance(2 * LIMIT);
  assertEquals([done.lateAt, clock.pending], [[], 0]);
  done.call(watchdog);
  await clock.advance(LIMIT * 9 / 8);
  assertEquals(done.lateAt.length, 1);
});

Deno.test("one that is late may end others, or begin anew", async () => {
  const clock = new FakeClock(),
    watchdog = new Watchdog(clock, LIMIT),
    first = new Caller(clock),
    second = new Caller(clock);
  first.call(watchdog);
  second.call(watchdog);
  first.expire = () => {
    first.lateAt.push(clock.now());
    if (first.lateAt.length === 1) first.call(watchdog);
    else first.due = Infinity;
  };
  await clock.advance(LIMIT * 9 / 8);
  assertEquals([first.lateAt.length, second.lateAt.length], [1, 1]);
  await clock.advance(LIMIT - LIMIT / 8);
  assertEquals(first.lateAt.length, 1);
  await clock.advance(LIMIT / 4);
  assertEquals(first.lateAt.length, 2);
});

/** A process that stands still for so many milliseconds in all: its timers come later by that. */
function standing(clock: FakeClock, stood: () => number): Clock {
  return {
    now: () => clock.now() + stood(),
    setTimeout: (callback, delay) => clock.setTimeout(callback, delay),
    clearTimeout: (handle) => clock.clearTimeout(handle),
  };
}

Deno.test("a call is not late because the process stood still: the answer may be there, unread", async () => {
  const clock = new FakeClock(),
    watchdog = new Watchdog(standing(clock, () => stood), LIMIT),
    caller = new Caller(clock);
  let stood = 0;
  caller.call(watchdog);
  await clock.advance(LIMIT / 2);
  stood = 5 * LIMIT;
  await clock.advance(5 * LIMIT);
  assertEquals(caller.lateAt, []);
  await clock.advance(LIMIT);
  assertEquals(caller.lateAt.length, 1);
});

Deno.test("where every look is late a call is late all the same", async () => {
  let stood = 0;
  const clock = new FakeClock(),
    watchdog = new Watchdog(standing(clock, () => stood), LIMIT),
    caller = new Caller(clock);
  caller.call(watchdog);
  for (let look = 0; look < 40; look++) {
    stood += 100;
    await clock.advance(LIMIT / 16);
  }
  assertEquals(caller.lateAt.length, 1);
});

Deno.test("a process that was busy for long does not shorten the time of a call", async () => {
  const clock = new FakeClock();
  let busy = 0;
  const late = standing(clock, () => busy);
  const watchdog = new Watchdog(late, LIMIT), before = new Caller(late), after = new Caller(late);
  before.call(watchdog);
  busy = 5 * LIMIT; // no timer has run meanwhile
  const began = late.now();
  after.call(watchdog);
  await clock.advance(LIMIT - 1);
  assertEquals(after.lateAt, []);
  await clock.advance(1 + LIMIT / 16);
  assertEquals(after.lateAt.length, 1);
  assert(after.lateAt[0] >= began + LIMIT);
  assertEquals(before.lateAt.length, 1);
});

Deno.test("after close nothing is late any more", async () => {
  const clock = new FakeClock(), watchdog = new Watchdog(clock, LIMIT), caller = new Caller(clock);
  watchdog.close(); // nothing to close yet
  caller.call(watchdog);
  watchdog.close();
  assertEquals(clock.pending, 0);
  await clock.advance(10 * LIMIT);
  assertEquals(caller.lateAt, []);
});

Deno.test("a promise that is raced settles as it does, or is late", async () => {
  const clock = new FakeClock(), watchdog = new Watchdog(clock, LIMIT), late = () => new Error("late");
  assertEquals(await watchdog.race(Promise.resolve(5), late), 5);
  await assertRejects(() => watchdog.race(Promise.reject(new Error("no")), late), Error, "no");
  await assertRejects(() => watchdog.race(Promise.reject(), late), Error, "no reason was given");
  let answer!: (value: string) => void;
  const slow = watchdog.race(new Promise<string>((resolve) => answer = resolve), late);
  const never = assertRejects(() => watchdog.race(new Promise(() => {}), late), Error, "late");
  await clock.advance(LIMIT - 1);
  answer("just so");
  assertEquals(await slow, "just so");
  await clock.advance(LIMIT);
  await never;
  answer("again"); // an answer behind the limit is ignored
});
