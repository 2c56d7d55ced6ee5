import { assert, assertEquals } from "@std/assert";
import { type Awaited, type Deadline, Deadlines } from "../../src/time/deadline.ts";
import { Scheduler } from "../../src/time/scheduler.ts";
import { FakeClock } from "../helpers/fake_clock.ts";

/** A process that can stand still: its timers fire when it goes on. */
class Process {
  readonly clock = new FakeClock();
  readonly deadlines: Deadlines;
  /** What looks around, when it has to wait. */
  looks: (() => unknown)[] = [];
  looksAtOnce = true;
  expired = 0;
  #stood = 0;

  constructor() {
    const { clock } = this, stopped = { ...asClock(clock), now: () => clock.now() + this.#stood };
    this.deadlines = new Deadlines({
      clock: stopped,
      scheduler: new Scheduler(stopped, (error) => {
        throw error;
      }),
      lookAround: (done) => this.looksAtOnce ? done() : this.looks.push(done),
    });
  }

  begin(milliseconds: number, silence: Awaited["silence"] = () => Infinity): Deadline {
    return this.deadlines.begin(milliseconds, { silence, expired: () => void this.expired++ });
  }

  /** From now on all timers are so late. */
  standStill(milliseconds: number): void {
    this.#stood += milliseconds;
  }

  /** Lets time pass. @returns how often something has expired so far */
  async after(milliseconds: number): Promise<number> {
    await this.clock.advance(milliseconds);
    return this.expired;
  }
}

function asClock(clock: FakeClock) {
  return {
    setTimeout: (run: () => void, delay: number) => clock.setTimeout(run, delay),
    clearTimeout: (handle: number) => clock.clearTimeout(handle),
  };
}

Deno.test("a deadline is over after its time, once, and not when it was cancelled", async () => {
  const process = new Process(), cancelled = process.begin(1_000);
  process.begin(1_000);
  assertEquals(await process.after(999), 0);
  cancelled.cancel();
  cancelled.cancel();
  assertEquals([await process.after(1), await process.after(10_000)], [1, 1]);
  assertEquals(process.clock.pending, 0);
});

Deno.test("time in which the process stood still is not the peer's, nor up to five seconds to read what has come", async () => {
  const process = new Process();
  process.begin(10_000);
  assertEquals(await process.after(9_000), 0);
  process.standStill(60_000);
  assertEquals(await process.after(500), 0); // the next look
  assertEquals(await process.after(5_499), 0);
  assertEquals(await process.after(1), 1);
});

Deno.test("a look that is less than 100 ms late does not count as a standstill", async () => {
  for (const [late, lost] of [[99, 0], [100, 100]]) {
    const process = new Process();
    process.begin(1_000);
    process.standStill(late);
    assertEquals(await process.after(999 + lost), 0);
    assertEquals(await process.after(1), 1);
  }
});

Deno.test("each time that the process stands still there is time to read what has come", async () => {
  const process = new Process();
  process.begin(10_000);
  for (let time = 0; time < 2; time++) {
    await process.after(1_000);
    process.standStill(2_000);
    await process.after(1_000);
  }
  assertEquals([await process.after(9_999), await process.after(1)], [0, 1]); // 14 s, of which four were for reading
});

Deno.test("time in which the process stood still is nobody's where all deadlines are long, too", async () => {
  const process = new Process();
  process.begin(100_000).cancel();
  process.begin(100_000);
  await process.after(70_000);
  process.standStill(60_000);
  assertEquals([await process.after(34_999), await process.after(1)], [0, 1]);
});

Deno.test("a process that stands still between two looks only loses time as well", async () => {
  const process = new Process();
  process.begin(10_000);
  for (let second = 0; second < 8; second++) {
    await process.after(750);
    process.standStill(1_000);
  }
  assertEquals(await process.after(4_000), 0); // 18 s have passed
  assertEquals(await process.after(20_000), 1);
});

Deno.test("timers that are a little late take nothing from anybody's time", async () => {
  const process = new Process();
  process.begin(10_000);
  for (let beat = 0; beat < 20; beat++) {
    await process.after(460);
    process.standStill(40);
  }
  assertEquals(await process.after(10_000 - 20 * 460), 1);
});

Deno.test("who is heard has its time once more", async () => {
  const process = new Process();
  let heard = 0;
  const start = process.clock.now();
  process.begin(1_000, () => process.clock.now() - start - heard);
  await process.after(700);
  heard = 700;
  assertEquals([await process.after(999), await process.after(1)], [0, 1]);
});

Deno.test("what has arrived is read before a deadline is over, and may cancel it", async () => {
  const process = new Process();
  process.looksAtOnce = false;
  process.begin(1_000);
  const late = process.begin(1_000);
  assertEquals([await process.after(1_000), process.looks.length], [0, 2]);
  late.cancel();
  for (const done of process.looks) done();
  assertEquals(await process.after(10_000), 1);
});

Deno.test("who is heard while it is looked around has all of its time from then on", async () => {
  const process = new Process();
  process.looksAtOnce = false;
  let silence = Infinity;
  process.begin(1_000, () => silence);
  await process.after(1_000);
  silence = 0;
  process.looks.pop()!();
  await process.after(0);
  silence = Infinity;
  assertEquals([await process.after(999), process.looks.length], [0, 0]);
  assertEquals([await process.after(1), process.looks.length], [0, 1]);
});

Deno.test("long deadlines hardly cost a look, as long as there is no short one", async () => {
  const process = new Process(), { clock } = process;
  let timers = 0;
  const setTimeout = clock.setTimeout.bind(clock);
  clock.setTimeout = (run, delay) => (timers++, setTimeout(run, delay));
  const timersOf = async (milliseconds: number) => {
    timers = 0;
    await process.after(milliseconds);
    return timers;
  };
  process.begin(60_001);
  process.begin(86_400_000);
  assert(await timersOf(3_600_000) < 150, `${timers} timers in an hour`);
  const short = process.begin(60_000);
  assert(await timersOf(9_000) >= 18, `${timers} timers in nine seconds`);
  short.cancel();
  assert(await timersOf(3_600_000) < 150, `${timers} timers in an hour once the short one is over`);
  process.begin(10_000);
  await process.after(9_000);
  process.standStill(60_000);
  assertEquals([await process.after(5_000), await process.after(1_200)], [1, 2]);
});

Deno.test("when one of several is over it is looked on for the others, and no more after the last", async () => {
  const process = new Process();
  const [cancelled] = [500, 1_000, 10_000].map((milliseconds) => process.begin(milliseconds));
  for (let time = 0; time < 2; time++) cancelled.cancel();
  assertEquals(await process.after(9_000), 1);
  process.standStill(60_000);
  assertEquals([await process.after(5_999), await process.after(1)], [1, 2]);
  process.begin(1_000);
  assertEquals([await process.after(1_000), process.clock.pending], [3, 0]);
});

Deno.test("where every look is late, the time goes on all the same", async () => {
  const process = new Process();
  process.begin(10_000);
  for (let looks = 0; looks < 30; looks++) {
    await process.after(500);
    process.standStill(500);
  }
  assertEquals(process.expired, 1);
});

Deno.test("after the end there is no look, also for a deadline that begins then", () => {
  const process = new Process(), pending = () => process.clock.pending;
  process.begin(1_000);
  assertEquals(pending(), 2); // its own time, and the looks
  process.deadlines.close();
  assertEquals(pending(), 1);
  process.begin(1_000);
  assertEquals(pending(), 1);
});

Deno.test("nothing is left of deadlines that are closed", async () => {
  const process = new Process();
  const deadline = process.begin(1_000);
  process.deadlines.close();
  deadline.cancel();
  assertEquals([await process.after(5_000), process.clock.pending <= 1], [0, true]);
});
