import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Reminder } from "../../src/hook/reminder.ts";
import { TransformLine } from "../../src/hook/transform_line.ts";
import { FakeClock } from "../helpers/fake_clock.ts";

/** A line, a clock, and sequences that end when they are told to. */
function setUp() {
  const clock = new FakeClock(), reminder = new Reminder(clock), told: string[] = [];
  const watcher = { lineFormed: () => void told.push("formed"), lineEnded: () => void told.push("ended") };
  const line = new TransformLine(reminder, watcher);
  const begun: string[] = [], ends: Record<string, PromiseWithResolvers<void>> = {};
  const sequence = (name: string) => ({
    run: () => {
      begun.push(name);
      return (ends[name] = Promise.withResolvers<void>()).promise;
    },
  });
  return { clock, line, begun, ends, sequence, told };
}

Deno.test("a sequence begins when the one before it has ended", async () => {
  const { line, begun, ends, sequence, clock } = setUp();
  const done = ["a", "b", "c"].map((name) => line.run(sequence(name)));
  assertEquals([begun, clock.pending], [["a"], 1]);
  ends.a.resolve();
  await done[0];
  await Promise.resolve();
  assertEquals(begun, ["a", "b"]);
  ends.b.resolve();
  await done[1];
  ends.c.resolve();
  await done[2];
  assertEquals(begun, ["a", "b", "c"]);
});

Deno.test("a sequence that waits for nothing is done at once and keeps nobody waiting", () => {
  const { line, clock } = setUp();
  assertEquals([line.run({ run: () => {} }), line.run({ run: () => {} })], [undefined, undefined]);
  assertEquals(clock.pending, 0);
});

Deno.test("all sequences begin when the first takes its time, and its end begins none of those that come later", async () => {
  const { line, begun, ends, sequence, clock } = setUp();
  const done = ["a", "b", "c"].map((name) => line.run(sequence(name)));
  await clock.advance(0);
  assertEquals(begun, ["a", "b", "c"]);
  const last = line.run(sequence("d"));
  for (const name of ["a", "b"]) ends[name].resolve();
  await Promise.all(done.slice(0, 2));
  assertEquals(begun, ["a", "b", "c"]);
  await clock.advance(0);
  assertEquals(begun, ["a", "b", "c", "d"]);
  for (const name of ["c", "d"]) ends[name].resolve();
  await Promise.all([done[2], last]);
});

Deno.test("a sequence that fails makes room, whether at once or later", async () => {
  const { line, begun, ends, sequence } = setUp();
  const failing = {
    run: () => {
      throw new Error("at once");
    },
  };
  assertThrows(() => line.run(failing), Error, "at once");
  const first = line.run(sequence("a"))!, second = line.run(failing)!, third = line.run(sequence("b"))!;
  const refused = Promise.all([
    assertRejects(() => first as Promise<void>, Error, "later"),
    assertRejects(() => second as Promise<void>, Error, "at once"),
  ]);
  ends.a.reject(new Error("later"));
  await refused;
  await Promise.resolve();
  assertEquals(begun, ["a", "b"]);
  ends.b.resolve();
  await third;
});

Deno.test("a line is told of when the second comes, and its end when the last has ended", async () => {
  const { line, ends, sequence, told } = setUp();
  const done = [line.run(sequence("a"))];
  assertEquals(told, []);
  for (const name of ["b", "c"]) done.push(line.run(sequence(name)));
  assertEquals(told, ["formed"]);
  for (const [index, name] of ["a", "b"].entries()) {
    ends[name].resolve();
    await done[index];
    await Promise.resolve();
  }
  assertEquals(told, ["formed"]);
  ends.c.resolve();
  await done[2];
  await Promise.resolve();
  assertEquals(told, ["formed", "ended"]);
});

Deno.test("a line that does not move has ended, and none is told of until all have left", async () => {
  const { line, ends, sequence, told, clock } = setUp();
  const done = ["a", "b"].map((name) => line.run(sequence(name)));
  await clock.advance(0);
  assertEquals(told, ["formed", "ended"]);
  done.push(line.run(sequence("c")));
  assertEquals(told, ["formed", "ended"]); // b may take its time as well
  await clock.advance(0);
  for (const name of ["a", "b", "c"]) ends[name].resolve();
  await Promise.all(done);
  await Promise.resolve();
  told.length = 0;
  const again = ["d", "e"].map((name) => line.run(sequence(name)));
  assertEquals(told, ["formed"]);
  ends.d.resolve();
  await again[0];
  await Promise.resolve();
  ends.e.resolve();
  await again[1];
});
