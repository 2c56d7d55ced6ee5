import { assertEquals, assertRejects } from "@std/assert";
import { Deadlines } from "../../src/hook/deadlines.ts";
import { FakeClock, settle } from "../helpers/fake_clock.ts";

const late = () => new Error("late");

Deno.test("a promise in time settles as it does, and no timer fires for it", async () => {
  const clock = new FakeClock(), deadlines = new Deadlines(clock, 100);
  assertEquals(await deadlines.race(Promise.resolve(5), late), 5);
  await assertRejects(() => deadlines.race(Promise.reject(new Error("no")), late), Error, "no");
  await clock.advance(100);
  assertEquals(clock.pending, 0);
});

Deno.test("a promise that takes longer is late, one that settles at the last moment is not", async () => {
  const clock = new FakeClock(), deadlines = new Deadlines(clock, 100);
  let settleIt: (value: string) => void = () => {};
  const raced = deadlines.race(new Promise<string>((resolve) => settleIt = resolve), late);
  const never = assertRejects(() => deadlines.race(new Promise(() => {}), late), Error, "late");
  await clock.advance(99);
  settleIt("just so");
  await settle();
  await clock.advance(1);
  assertEquals(await raced, "just so");
  await never;
  settleIt("again"); // an answer behind the limit is ignored
});

Deno.test("many promises need one timer, and each is late in its own time", async () => {
  const clock = new FakeClock(), deadlines = new Deadlines(clock, 100), ends: number[] = [];
  const resolvers: (() => void)[] = [], start = clock.now();
  for (let index = 0; index < 1_000; index++) {
    const promise = new Promise<void>((resolve) => resolvers.push(resolve));
    deadlines.race(promise, late).catch(() => ends.push(clock.now() - start));
    if (index % 100 === 99) await clock.advance(5);
    assertEquals(clock.pending, 1);
  }
  for (let index = 0; index < 1_000; index += 2) resolvers[index]();
  await settle();
  await clock.advance(200);
  assertEquals(ends.length, 500);
  assertEquals([ends[0], ends.at(-1)], [100, 145]);
  assertEquals(ends, ends.toSorted((a, b) => a - b));
  assertEquals(clock.pending, 0);
});

Deno.test("after close nothing is late any more", async () => {
  const clock = new FakeClock(), deadlines = new Deadlines(clock, 100);
  let ended = false;
  deadlines.race(new Promise(() => {}), late).catch(() => ended = true);
  deadlines.close();
  assertEquals(clock.pending, 0);
  await clock.advance(1_000);
  assertEquals(ended, false);
});

Deno.test("anything with a then will do", async () => {
  const deadlines = new Deadlines(new FakeClock(), 100);
  const thenable = { then: (done: (value: number) => void) => void done(7) } as unknown as PromiseLike<number>;
  assertEquals(await deadlines.race(thenable, late), 7);
  const broken = {
    then() {
      throw new Error("broken");
    },
  } as unknown as PromiseLike<number>;
  await assertRejects(() => deadlines.race(broken, late), Error, "broken");
  deadlines.close();
});
