import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { MqttError } from "../../src/packets/errors.ts";
import { randomOf } from "../broker/delivery_model.ts";
import { settle } from "../helpers/fake_clock.ts";
import { LIMIT, NotingTask, runWithoutHooks, SequenceBench, type Transform } from "./sequence_bench.ts";

const VALUES = ["a", "b", "c", "d"];
const hang = () => new Promise<never>(() => {});

/** Lets time pass until a run is over. */
async function finish(bench: SequenceBench, running: void | Promise<void>): Promise<void> {
  let over = false;
  const watched = Promise.resolve(running).finally(() => over = true);
  watched.catch(() => {});
  for (let step = 0; !over && step < 100; step++) await bench.clock.advance(LIMIT / 16);
  await watched;
}

/** Nothing is watched any more: the last timer finds nothing to do and is the last one. */
async function expectNoTimer(bench: SequenceBench): Promise<void> {
  await bench.clock.advance(LIMIT / 16);
  assertEquals(bench.clock.pending, 0);
}

function thenable(value: unknown): unknown {
  return { then: (done: (value: unknown) => void) => done(value) };
}

/** Ways in which the same answer may come. */
const ways: Record<string, (bench: () => SequenceBench, answer: () => unknown) => unknown> = {
  sync: (_, answer) => answer(),
  async: async (_, answer) => await answer(),
  thenable: (_, answer) => thenable(answer()),
  slow: (bench, answer) =>
    new Promise((resolve, reject) =>
      bench().clock.setTimeout(() => {
        try {
          resolve(answer());
        } catch (error) {
          reject(error);
        }
      }, LIMIT / 2)
    ),
};

/** What a hook may make of a value, and what a failure means. */
const answers: Record<string, { answer(value: string): unknown; code?: number }> = {
  keeps: { answer: () => undefined },
  "gives back": { answer: (value) => value },
  changes: { answer: (value) => `${value}'` },
  throws: {
    answer() {
      throw new Error("broken");
    },
    code: 0x83,
  },
  refuses: {
    answer() {
      throw new MqttError(0x97, "enough");
    },
    code: 0x97,
  },
};

/** What becomes of a value on its way through hooks that answer so. */
function outcome(value: string, names: readonly string[]): string {
  for (const name of names) {
    const { answer, code } = answers[name];
    if (code !== undefined) return `refused 0x${code.toString(16)}`;
    value = (answer(value) ?? value) as string;
  }
  return value;
}

Deno.test("values go through any number of hooks, whatever they answer and however soon", async () => {
  const random = randomOf(5), pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)];
  for (let round = 0; round < 400; round++) {
    const hooks = Math.floor(random() * 4), values = VALUES.slice(0, Math.floor(random() * 5));
    const plan = new Map(
      values.map((value) => [value, Array.from({ length: hooks }, () => pick(Object.keys(answers)))]),
    );
    const chosen = random() < 0.5 ? Object.keys(ways) : [pick(Object.keys(ways))];
    const transforms: Transform[] = Array.from({ length: hooks }, (_, index) => (value) => {
      const { answer } = answers[plan.get(value[0])![index]];
      return ways[pick(chosen)](() => bench, () => answer(value));
    });
    const bench = new SequenceBench(...transforms), task = new NotingTask(values, { putsOff: random() < 0.5 });
    const running = hooks === 0 ? runWithoutHooks(task) : bench.run(task);
    if (chosen.every((way) => way === "sync")) assertEquals(running, undefined);
    await finish(bench, running);
    assertEquals(task.log, values.map((value) => outcome(value, plan.get(value)!)), `round ${round}`);
    await expectNoTimer(bench);
  }
});

Deno.test("sync answers need no promise, and a failing hook is told of by name", () => {
  const bench = new SequenceBench(() => undefined, (value) => {
    if (value === "b") throw new Error("broken");
    return value + value;
  });
  const task = new NotingTask(VALUES);
  assertEquals(bench.run(task), undefined);
  assertEquals(task.log, ["aa", "refused 0x83", "cc", "dd"]);
  assertEquals(bench.reported, ["hook 1"]);
  assertEquals(bench.clock.pending, 0);
});

Deno.test("a rejection is a refusal, whatever its reason", async () => {
  for (
    const [reason, code] of [[undefined, 0x83], [null, 0x83], [0, 0x83], [new MqttError(0x99, "no"), 0x99]] as const
  ) {
    const bench = new SequenceBench((value) => value === "b" ? Promise.reject(reason) : Promise.resolve());
    const task = new NotingTask(VALUES);
    await bench.run(task);
    assertEquals(task.log, ["a", `refused 0x${code.toString(16)}`, "c", "d"]);
    assertEquals(bench.reported.length, code === 0x83 ? 1 : 0);
  }
});

Deno.test("after a refusal the next hook is not asked about this value, and the first one is about the next", async () => {
  for (const way of Object.values(ways)) {
    const asked: string[] = [];
    const bench: SequenceBench = new SequenceBench(
      (value) => {
        asked.push(`first ${value}`);
        return way(() => bench, () => value === "a" ? answers.refuses.answer(value) : undefined);
      },
      (value) => void asked.push(`second ${value}`),
    );
    await finish(bench, bench.run(new NotingTask(["a", "b"])));
    assertEquals(asked, ["first a", "first b", "second b"]);
  }
});

Deno.test("a hook that never answers is late after the limit, not before and not much later", async () => {
  for (const before of [0, 3, LIMIT / 16, LIMIT / 4, LIMIT - 1]) { // how long the sequence has been running
    const bench: SequenceBench = new SequenceBench((value) => {
      if (value === "a") return before === 0 ? undefined : ways.slow(() => bench, () => undefined);
      return value === "b" ? hang() : Promise.resolve(`${value}!`);
    });
    const timers = bench.clock.setTimeout.bind(bench.clock);
    bench.clock.setTimeout = (callback, delay) => timers(callback, delay === LIMIT / 2 ? before : delay);
    const task = new NotingTask(["a", "b", "c"]), running = bench.run(task);
    await bench.clock.advance(before);
    await bench.clock.advance(LIMIT - 1);
    assertEquals(task.log, ["a"], `${before} ms before it was late already`);
    await bench.clock.advance(1 + LIMIT / 8);
    assertEquals(task.log, ["a", "refused 0x83", "c!"], `${before} ms before it was not late in time`);
    await running;
    assertEquals(bench.reported, ["hook 0"]);
    await expectNoTimer(bench);
  }
});

Deno.test("every hook has the whole limit for itself", async () => {
  const bench: SequenceBench = new SequenceBench(...[0, 1, 2].map(() => () => {
    return new Promise((resolve) => bench.clock.setTimeout(() => resolve(undefined), LIMIT - 1));
  }));
  const task = new NotingTask(VALUES), running = bench.run(task);
  await bench.clock.advance(3 * VALUES.length * LIMIT);
  await running;
  assertEquals(task.log, VALUES);
  await expectNoTimer(bench);
});

Deno.test("an answer that comes too late is ignored, also while the next value is waited for", async () => {
  for (const answer of ["resolve", "reject"] as const) {
    const asked = new Map<string, PromiseWithResolvers<string>>();
    const bench = new SequenceBench((value) => {
      asked.set(value, Promise.withResolvers());
      return asked.get(value)!.promise;
    });
    const task = new NotingTask(["a", "b", "c"]), running = bench.run(task);
    await bench.clock.advance(2 * LIMIT);
    assertEquals(task.log, ["refused 0x83"]);
    if (answer === "resolve") asked.get("a")!.resolve("late");
    else asked.get("a")!.reject(new MqttError(0x97, "late"));
    await settle();
    assertEquals(task.log, ["refused 0x83"]);
    asked.get("b")!.resolve("in time");
    await settle();
    asked.get("c")!.resolve("as well");
    await running;
    assertEquals(task.log, ["refused 0x83", "in time", "as well"]);
    assertEquals(bench.reported.length, 1);
    await expectNoTimer(bench);
  }
});

Deno.test("what was put off waits for hooks that answer at once, and for none that takes its time", async () => {
  const gate = Promise.withResolvers<void>();
  const bench = new SequenceBench((value) => value === "c" ? gate.promise : Promise.resolve());
  const task = new NotingTask(VALUES, { putsOff: true }), running = bench.run(task);
  await settle();
  assertEquals([task.log, task.waiting], [[], ["a", "b"]]);
  await bench.clock.advance(0);
  assertEquals([task.log, task.waiting], [["a", "b"], []]);
  const settled: number[] = [], settleTask = task.settle.bind(task);
  task.settle = () => {
    settled.push(task.waiting.length);
    settleTask();
  };
  gate.resolve();
  await running;
  assertEquals(task.log, VALUES);
  assert(settled.every((waiting) => waiting <= 1), "after that nothing is put off");
  await expectNoTimer(bench);
});

Deno.test("a sequence that is over is not reminded of what was put off", async () => {
  const bench = new SequenceBench(() => Promise.resolve()), task = new NotingTask(VALUES, { putsOff: true });
  await bench.run(task);
  let settled = false;
  task.settle = () => void (settled = true);
  await bench.clock.advance(0);
  assertEquals(bench.clock.pending, 1); // that of the watchdog
  await bench.clock.advance(LIMIT);
  assertEquals([task.log, settled], [VALUES, false]);
});

Deno.test("nothing is put off, so no timer is needed for it", async () => {
  const bench = new SequenceBench(hang);
  const running = bench.run(new NotingTask(["a"], { putsOff: true }));
  assertEquals(bench.clock.pending, 1); // that of the watchdog
  await bench.clock.advance(2 * LIMIT);
  await running;
});

for (const part of ["use", "refuse", "settle"] as const) {
  const transform = part === "refuse" ? () => answers.refuses.answer("") : () => undefined;
  for (const [way, hook] of Object.entries({ sync: transform, async: async () => await transform() })) {
    Deno.test(`${part} that takes its time holds the sequence (${way} hook)`, async () => {
      const bench = new SequenceBench(hook),
        task = new NotingTask(["a", "b"]),
        gates: PromiseWithResolvers<void>[] = [];
      task[part] = () => {
        gates.push(Promise.withResolvers());
        return gates.at(-1)!.promise;
      };
      let over = false;
      const running = bench.run(task)!.then(() => over = true);
      for (let turn = 1; turn <= (part === "settle" ? 1 : 2); turn++) {
        await bench.clock.advance(3 * LIMIT); // only hooks have a limit
        assertEquals([gates.length, over], [turn, false]);
        gates.at(-1)!.resolve();
      }
      await running;
      await expectNoTimer(bench);
    });

    Deno.test(`an error of ${part} ends the sequence (${way} hook)`, async () => {
      for (const fail of [() => Promise.reject(new Error("lost")), fails]) {
        let asked = 0;
        const bench = new SequenceBench(() => {
          asked++;
          return hook();
        });
        const task = new NotingTask(["a", "b"]);
        task[part] = fail;
        const expected = part === "settle" ? 2 : 1;
        if (way === "sync" && fail === fails) assertThrows(() => bench.run(task), Error, "lost");
        else await assertRejects(async () => await bench.run(task), Error, "lost");
        assertEquals(asked, expected);
        await expectNoTimer(bench);
      }
    });
  }
}

function fails(): never {
  throw new Error("lost");
}

Deno.test("an error of what was put off ends a sequence whose hook takes its time, and its answer changes nothing", async () => {
  for (const fail of [() => Promise.reject(new Error("lost")), fails]) {
    const gate = Promise.withResolvers<void>(), asked: string[] = [];
    const bench = new SequenceBench((value) => {
      asked.push(value);
      return value === "b" ? gate.promise : undefined;
    });
    const task = new NotingTask(VALUES, { putsOff: true });
    task.settle = fail;
    const failed = assertRejects(() => bench.run(task) as Promise<void>, Error, "lost");
    await bench.clock.advance(0);
    await failed;
    gate.resolve();
    await settle();
    assertEquals(asked, ["a", "b"]);
    assertEquals(task.waiting, ["a"]);
    await expectNoTimer(bench);
  }
});

Deno.test("a sequence that has ended with an error asks for no further value", async () => {
  const gate = Promise.withResolvers<void>(), used = Promise.withResolvers<void>(), asked: string[] = [];
  const bench = new SequenceBench((value) => {
    asked.push(value);
    return value === "b" ? gate.promise : undefined;
  });
  const task = new NotingTask(VALUES, { putsOff: true }), settling = Promise.withResolvers<void>();
  task.settle = () => settling.promise;
  const failed = assertRejects(() => bench.run(task) as Promise<void>, Error, "lost");
  await bench.clock.advance(0); // what was put off is being settled
  task.use = () => used.promise;
  gate.resolve();
  await settle();
  settling.reject(new Error("lost"));
  await failed;
  used.resolve();
  await settle();
  assertEquals(asked, ["a", "b"]);
  await expectNoTimer(bench);
});
