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

Deno.test("who has something to do once has its turn beside work that goes on and on", async () => {
  const rounds = new Rounds(), { portions } = rounds, done: string[] = [];
  portions.run(100, () => true);
  const once = portions.inTurn(() => {
    done.push("once");
    return Promise.resolve("x");
  });
  rounds.next();
  assertEquals(done, []); // behind the one before it
  rounds.next();
  assertEquals([done, await once], [["once"], "x"]);
});

Deno.test("what is to be done once is done at once where something is left, and what it throws is passed on", async () => {
  const { portions } = new Rounds();
  assertEquals(await portions.inTurn(() => Promise.resolve(portions.isSpent)), false);
  await assertRejects(() => portions.inTurn(() => Promise.reject(new Error("no"))), Error, "no");
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
