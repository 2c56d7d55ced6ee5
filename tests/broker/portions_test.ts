import { assertEquals, assertRejects } from "@std/assert";
import { Portions } from "../../src/broker/core/portions.ts";

/** Rounds of the event loop that come when they are called for. */
class Rounds {
  readonly errors: unknown[] = [];
  readonly portions: Portions = new Portions({
    later: (run) => void this.#due.push(run),
    onError: (error) => void this.errors.push(error),
  });
  readonly #due: (() => void)[] = [];

  /** @returns how many there were */
  next(): number {
    const due = this.#due.splice(0);
    for (const run of due) run();
    return due.length;
  }
}

Deno.test("as much as a round has is done at once, the rest in those that follow", () => {
  const rounds = new Rounds(), { portions } = rounds;
  let steps = 0;
  portions.run(100, () => ++steps < 60);
  assertEquals([steps, portions.isSpent], [25, true]);
  assertEquals([rounds.next(), steps], [1, 50]);
  assertEquals([rounds.next(), steps], [1, 60]);
  assertEquals([rounds.next(), portions.isSpent], [0, false]);
});

Deno.test("who has something to do once has half of the next round, however many go on and on", async () => {
  const rounds = new Rounds(), { portions } = rounds, done: string[] = [];
  for (let count = 0; count < 10; count++) portions.run(100, () => done.push("long") > 0);
  done.length = 0;
  const all = Array.from({ length: 4 }, (_, at) =>
    portions.once(() => {
      done.push("once");
      portions.spend(500);
      return Promise.resolve(at);
    }));
  rounds.next();
  assertEquals(done, ["once", "once", "once", ...Array(10).fill("long")]); // 3 * 500 + 10 * 100 units
  rounds.next();
  assertEquals([done.filter((what) => what === "once").length, await Promise.all(all)], [4, [0, 1, 2, 3]]);
});

Deno.test("where nobody goes on for longer, what is done once has all of a round", async () => {
  const rounds = new Rounds(), { portions } = rounds, done: number[] = [];
  portions.spend(2_500);
  const all = Array.from({ length: 6 }, (_, at) =>
    portions.once(() => {
      portions.spend(500);
      return Promise.resolve(done.push(at));
    }));
  rounds.next();
  assertEquals(done, [0, 1, 2, 3, 4]);
  rounds.next();
  await Promise.all(all);
});

Deno.test("what is to be done once is done at once where something is left, and what it throws is passed on", async () => {
  const { portions } = new Rounds();
  assertEquals(await portions.once(() => Promise.resolve(portions.isSpent)), false);
  await assertRejects(() => portions.once(() => Promise.reject(new Error("no"))), Error, "no");
});

Deno.test("all share one round, and have their turn in the order in which they wait", () => {
  const rounds = new Rounds(), { portions } = rounds, done: string[] = [];
  const work = (name: string, times: number) => () => {
    done.push(name);
    portions.spend(1_000);
    if (times > 1) portions.wait(work(name, times - 1));
  };
  portions.spend(2_500);
  portions.wait(work("a", 3));
  portions.wait(work("b", 2));
  portions.run(1_000, () => done.push("c") < 0);
  assertEquals([done.join(""), rounds.next(), done.join("")], ["", 1, "abc"]);
  assertEquals([rounds.next(), done.join("")], [1, "abcaba"]);
  assertEquals(rounds.next(), 1); // what the last one has overdrawn is forgiven
  assertEquals([rounds.next(), portions.isSpent], [0, false]);
});

Deno.test("what a portion throws is told of, and the others have their turn", () => {
  const rounds = new Rounds(), { portions } = rounds, failure = new Error("no");
  let done = false;
  portions.wait(() => {
    throw failure;
  });
  portions.wait(() => void (done = true));
  rounds.next();
  assertEquals([rounds.errors, done], [[failure], true]);
});

Deno.test("a round that is used up to the last unit has nothing left", () => {
  const rounds = new Rounds(), { portions } = rounds, done: string[] = [];
  portions.spend(2_500);
  assertEquals([portions.isSpent, rounds.next(), portions.isSpent], [true, 1, false]);
  for (const name of ["a", "b"]) {
    portions.wait(() => {
      done.push(name);
      portions.spend(2_500);
    });
  }
  assertEquals([rounds.next(), done.join("")], [1, "a"]);
  assertEquals([rounds.next(), done.join("")], [1, "ab"]);
});
