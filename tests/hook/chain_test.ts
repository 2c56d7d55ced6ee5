import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { HookChain } from "../../src/hook/chain.ts";
import type { Hook } from "../../src/hook/hook.ts";
import { type LogFields, silentLogger } from "../../src/hook/logger.ts";
import { isHookTimeout } from "../../src/hook/hook_timeout.ts";
import { MqttError } from "../../src/packets/errors.ts";
import { FakeClock, settle } from "../helpers/fake_clock.ts";

// The chain passes on what it is given, so these tests call the events with plain texts.
// deno-lint-ignore no-explicit-any
type AnyHook = { id: string; durable?: boolean } & { [event: string]: any };

/** A chain with a clock of its own, and what it told. */
class Bench {
  readonly clock = new FakeClock();
  readonly lines: LogFields[] = [];
  errors = 0;
  readonly chain: HookChain = new HookChain({
    clock: this.clock,
    timeout: 100,
    lifecycleTimeout: 1_000,
    logger: { ...silentLogger, error: (_message, fields) => this.lines.push(fields!) },
    onError: () => this.errors++,
  });

  constructor(...hooks: AnyHook[]) {
    for (const hook of hooks) this.chain.add(hook as Hook);
  }

  decide(): boolean | Promise<boolean> {
    return this.chain.decide(this.chain.on.onAclCheck, "client", "topic", "read");
  }

  transform(value: unknown): unknown {
    return this.chain.transform(this.chain.on.onPublish, "client", value);
  }

  observe(): Promise<unknown> | undefined {
    return this.chain.observe(this.chain.on.onPublished, "client", "message");
  }
}

const hang = () => new Promise<never>(() => {});
const fail = () => {
  throw new Error("broken");
};
const refuse = () => {
  throw new MqttError(0x97, "enough");
};

Deno.test("an event without hooks has no listeners, and the broker's answer is a no", () => {
  const bench = new Bench({ id: "a" });
  assertEquals(bench.chain.on.onPublish, undefined);
  assertEquals(bench.decide(), false);
  assertEquals(bench.transform("value"), "value");
  assertEquals(bench.observe(), undefined);
});

Deno.test("decide: the first yes or no counts, sync stays sync", async () => {
  const table: [answers: unknown[], decision: boolean][] = [
    [[undefined, true, false], true],
    [[undefined, false, true], false],
    [[true], true],
    [[undefined, undefined], false],
    [["yes", 1, {}], false], // what is neither true nor false is no answer
    [[null, true], true],
  ];
  for (const [answers, decision] of table) {
    const hooks = answers.map((answer, index) => ({ id: `sync ${index}`, onAclCheck: () => answer }));
    assertEquals(new Bench(...hooks).decide(), decision);
    const later = answers.map((answer, index) => ({ id: `async ${index}`, onAclCheck: () => Promise.resolve(answer) }));
    assertEquals(await new Bench(...later).decide(), decision);
    assertEquals(await new Bench(later[0], ...hooks.slice(1)).decide(), decision);
  }
});

Deno.test("decide: a throw, a rejection and a hang are a no that nobody behind can turn", async () => {
  for (const bad of [fail, () => Promise.reject(new Error("broken")), hang]) {
    const bench = new Bench({ id: "bad", onAclCheck: bad }, { id: "good", onAclCheck: () => true });
    const decision = Promise.resolve(bench.decide()).catch((error) => isHookTimeout(error) && error.reasonCode);
    await bench.clock.advance(113);
    assertEquals(await decision, bad === hang ? 0x87 : false); // a hang is told apart
    assertEquals(bench.errors, 1);
    assertEquals(bench.lines.length, 1);
    assertEquals([bench.lines[0].hook, bench.lines[0].event], ["bad", "onAclCheck"]);
  }
});

Deno.test("decide: a reason code is passed on and is no error", async () => {
  const sync = new Bench({ id: "a", onAclCheck: refuse });
  assertEquals(assertThrows(() => sync.decide(), MqttError).reasonCode, 0x97);
  const later = new Bench({ id: "a", onAclCheck: () => Promise.resolve() }, { id: "b", onAclCheck: refuse });
  assertEquals((await assertRejects(async () => await later.decide(), MqttError)).reasonCode, 0x97);
  assertEquals([sync.errors, later.errors], [0, 0]);
});

Deno.test("transform: each hook sees the last result, nothing keeps it, sync stays sync", async () => {
  const append = (text: string | undefined | null) => (_client: unknown, value: string) => text && value + text;
  const texts = ["b", undefined, null, "c"];
  const sync = texts.map((text, index) => ({ id: `s${index}`, onPublish: append(text) }));
  assertEquals(new Bench(...sync).transform("a"), "abc");
  const later = texts.map((text, index) => ({
    id: `a${index}`,
    onPublish: (client: unknown, value: string) => Promise.resolve(append(text)(client, value)),
  }));
  assertEquals(await new Bench(...later).transform("a"), "abc");
  assertEquals(await new Bench(sync[0], later[1], sync[3]).transform("a"), "abc");
});

Deno.test("transform: a failure refuses with 0x83, a reason code with itself, and the next hook is not asked", async () => {
  const table: [bad: () => unknown, code: number, errors: number][] = [
    [fail, 0x83, 1],
    [() => Promise.reject(new Error("broken")), 0x83, 1],
    [hang, 0x83, 1],
    [refuse, 0x97, 0],
    [() => Promise.reject(new MqttError(0x97, "enough")), 0x97, 0],
  ];
  for (const [bad, code, errors] of table) {
    for (const first of [() => undefined, () => Promise.resolve()]) {
      let asked = false;
      const next = { id: "next", onPublish: () => asked = true };
      const bench = new Bench({ id: "first", onPublish: first }, { id: "bad", onPublish: bad }, next);
      const refused = assertRejects(async () => await bench.transform("value"), MqttError);
      await bench.clock.advance(113);
      const error = await refused;
      assertEquals([error.reasonCode, bench.errors, asked], [code, errors, false]);
      if (code === 0x83) {
        assert(!error.message.includes("bad") && !error.message.includes("broken"), "clients read this");
      }
    }
  }
});

Deno.test("transformNow: a promise is a failure", async () => {
  for (const result of [Promise.resolve("later"), Promise.reject(new Error("broken")), hang()]) {
    const bench = new Bench({ id: "a", onPublish: () => result });
    const { onPublish } = bench.chain.on;
    assertEquals(assertThrows(() => bench.chain.transformNow(onPublish, 0, 0), MqttError).reasonCode, 0x83);
    assertEquals(bench.errors, 1);
    bench.chain.close();
  }
  const sync = new Bench({ id: "a", onPublish: () => "changed" });
  assertEquals(sync.chain.transformNow<unknown>(sync.chain.on.onPublish, 0, 0), "changed");
  await settle();
});

Deno.test("answer: the first answer counts, failures refuse", async () => {
  const answering = (...answers: unknown[]) => {
    const bench = new Bench(...answers.map((answer, index) => ({ id: `${index}`, onAuthPacket: () => answer })));
    return bench.chain.answer(bench.chain.on.onAuthPacket, "client", "packet");
  };
  assertEquals(await answering(undefined, "first", "second"), "first");
  assertEquals(await answering(undefined, Promise.resolve(undefined), Promise.resolve("later")), "later");
  assertEquals(await answering(undefined), undefined);
  for (const [bad, code] of [[fail, 0x83], [refuse, 0x97], [hang, 0x83]] as const) {
    const bench = new Bench({ id: "a", onAuthPacket: bad }, { id: "b", onAuthPacket: () => "answer" });
    const refused = assertRejects(() => bench.chain.answer(bench.chain.on.onAuthPacket, 0, 0), MqttError);
    await bench.clock.advance(113);
    assertEquals((await refused).reasonCode, code);
  }
});

Deno.test("observe: every hook is called whatever the others do, and nothing is thrown", async () => {
  const called: string[] = [];
  const last = { id: "last", onPublished: () => void called.push("last") };
  const bench = new Bench(
    { id: "throws", onPublished: fail },
    { id: "rejects", onPublished: () => Promise.reject(new Error("broken")) },
    { id: "hangs", onPublished: hang },
    last,
  );
  assertEquals(bench.observe(), undefined);
  assertEquals(called, ["last"]);
  await settle();
  assertEquals(bench.errors, 2);
  await bench.clock.advance(113);
  assertEquals(bench.errors, 3);
  assertEquals(bench.lines.map((line) => line.hook).sort(), ["hangs", "rejects", "throws"]);
});

Deno.test("observe: only durable hooks hold back, and one failure is enough to withhold", async () => {
  const quick = { id: "quick", durable: true, onPublished: () => Promise.resolve() };
  const table: [hooks: AnyHook[], outcome: "nothing" | "commits" | "fails" | "waits"][] = [
    [[{ id: "a", onPublished: () => Promise.resolve() }], "nothing"],
    [[{ id: "a", durable: true, onPublished: () => undefined }], "nothing"],
    [[quick], "commits"],
    [[quick, { id: "b", onPublished: fail }], "commits"],
    [[quick, { id: "b", durable: true, onPublished: fail }], "fails"],
    [[{ id: "b", durable: true, onPublished: fail }, quick], "fails"],
    [[quick, { id: "b", durable: true, onPublished: () => Promise.reject(new Error("full")) }], "fails"],
    [[quick, { id: "b", durable: true, onPublished: hang }], "waits"], // whatever the limit of other hooks
  ];
  for (const [hooks, outcome] of table) {
    const bench = new Bench(...hooks), commit = bench.observe();
    let settled = commit === undefined ? "nothing" : "waits";
    commit?.then(() => settled = "commits", () => settled = "fails");
    await bench.clock.advance(100_000);
    assertEquals(settled, outcome);
  }
});

Deno.test("observe: a commit waits for the slowest durable hook", async () => {
  const resolvers: (() => void)[] = [];
  const slow = (id: string) => ({
    id,
    durable: true,
    onPublished: () => new Promise<void>((done) => resolvers.push(done)),
  });
  const bench = new Bench(slow("a"), slow("b"));
  let committed = false;
  bench.observe()!.then(() => committed = true);
  resolvers[1]();
  await settle();
  assertEquals(committed, false);
  resolvers[0]();
  await settle();
  assertEquals(committed, true);
});

Deno.test("load: the first answer wins, a failure names the hook, a hang ends after its own limit", async () => {
  const load = (...answers: (() => unknown)[]): [Bench, Promise<unknown>] => {
    const bench = new Bench(...answers.map((answer, index) => ({ id: `hook${index}`, storedClients: answer })));
    return [bench, bench.chain.load(bench.chain.on.storedClients)];
  };
  assertEquals(await load(() => undefined, () => Promise.resolve([1]), fail)[1], [1]);
  assertEquals(await load(() => undefined)[1], undefined);
  const error = await assertRejects(
    () => load(() => undefined, fail)[1],
    Error,
    "Cannot load from hook hook1: storedClients failed",
  );
  assertEquals((error.cause as Error).message, "broken");
  const [bench, hanging] = load(hang);
  let ended = false;
  const refused = assertRejects(() => hanging, Error, "Cannot load from hook hook0").finally(() => ended = true);
  await bench.clock.advance(999);
  assertEquals(ended, false, "longer than an event may take");
  await bench.clock.advance(126);
  await refused;
});

Deno.test("hooks come and go while events run", async () => {
  const called: string[] = [];
  const hookOf = (id: string) => ({ id, onPublished: () => void called.push(id) });
  const bench = new Bench(hookOf("a"), hookOf("b"));
  bench.chain.add({ id: "adds", onPublished: () => void bench.chain.add(hookOf("late")) } as Hook);
  bench.observe();
  assertEquals(called, ["a", "b"], "a hook that is added during an event is called from the next one on");
  assertEquals(bench.chain.remove("adds")?.id, "adds");
  assertEquals(bench.chain.remove("adds"), undefined);
  assertEquals(bench.chain.remove("a")?.id, "a");
  bench.observe();
  assertEquals(called.slice(2), ["b", "late"]);
  for (const { id } of [...bench.chain.hooks]) bench.chain.remove(id);
  assertEquals(bench.chain.on.onPublished, undefined);
  await settle();
});

Deno.test("a hook is removed while its answer is waited for", async () => {
  let answer: (value: boolean) => void = () => {};
  const bench = new Bench({ id: "a", onAclCheck: () => new Promise<boolean>((resolve) => answer = resolve) });
  const decision = bench.decide();
  bench.chain.remove("a");
  answer(true);
  assertEquals(await decision, true);
});

Deno.test("functions keep their this", () => {
  const hook = { id: "a", prefix: "this", onPublish: (_: unknown, __: unknown): unknown => undefined };
  hook.onPublish = function (this: typeof hook, _client, value) {
    return `${this.prefix} ${value}`;
  };
  assertEquals(new Bench(hook).transform("value"), "this value");
});

class Misspelt {
  id = "a";
  onPublihs(): void {}
}

Deno.test("what is no hook is not added", () => {
  const table: [hook: unknown, message: string][] = [
    [{ id: "taken" }, `Cannot add hook: id "taken" is already in use`],
    [{ id: "" }, "Cannot add hook: its id is , expected a text"],
    [{}, "Cannot add hook: its id is undefined, expected a text"],
    [{ id: "a", onPublihs() {} }, "Cannot add hook a: there is no event onPublihs, did you mean onPublish?"],
    [{ id: "a", OnPublish() {} }, "Cannot add hook a: there is no event OnPublish, did you mean onPublish?"],
    [{ id: "a", onACLCheck() {} }, "Cannot add hook a: there is no event onACLCheck, did you mean onAclCheck?"],
    [{ id: "a", storedClient() {} }, "Cannot add hook a: there is no event storedClient, did you mean storedClients?"],
    [new Misspelt(), "Cannot add hook a: there is no event onPublihs, did you mean onPublish?"],
    [new (class extends Misspelt {})(), "Cannot add hook a: there is no event onPublihs, did you mean onPublish?"],
    [
      Object.defineProperty({ id: "a" }, "onPublihs", { value: () => {} }),
      "Cannot add hook a: there is no event onPublihs, did you mean onPublish?",
    ],
    [{ id: "a", onPublish: 5 }, "Cannot add hook a: onPublish is a number, expected a function"],
    [{ id: "a", init: "x" }, "Cannot add hook a: init is a string, expected a function"],
  ];
  for (const [hook, message] of table) {
    const bench = new Bench({ id: "taken" });
    assertThrows(() => bench.chain.add(hook as Hook), Error, message);
    assertEquals([...bench.chain.hooks].length, 1);
  }
});

Deno.test("a hook may have data and functions of its own, whatever they are named", () => {
  class Own {
    id = "class";
    storedAt = 5;
    onError: unknown = undefined;
    onward(): void {}
    get onLazy(): () => void {
      throw new Error("a getter is not called");
    }
  }
  const bare = Object.assign(Object.create(null), { id: "bare", onPublish: () => "seen", onTopic: "a/b" });
  const bench = new Bench(new Own() as unknown as AnyHook, bare);
  assertEquals([...bench.chain.hooks].map(({ id }) => id), ["class", "bare"]);
  assertEquals(bench.transform("value"), "seen");
});

Deno.test("healthy: one no is enough, and so is a throw", () => {
  const table: [hooks: AnyHook[], healthy: boolean][] = [
    [[], true],
    [[{ id: "a" }, { id: "b", healthy: () => true }], true],
    [[{ id: "a", healthy: () => true }, { id: "b", healthy: () => false }], false],
    [[{ id: "a", healthy: fail }], false],
  ];
  for (const [hooks, healthy] of table) assertEquals(new Bench(...hooks).chain.healthy(), healthy);
});

Deno.test("a hook that fails all the time is logged once a period and counted every time", async () => {
  const bench = new Bench({ id: "a", onPublished: fail, onAclCheck: fail });
  for (let i = 0; i < 1_000; i++) bench.observe();
  await settle();
  assertEquals([bench.errors, bench.lines.length], [1_000, 1]);
  await bench.decide();
  assertEquals(bench.lines.length, 2, "another event has a line of its own");
  await bench.clock.advance(9_999);
  bench.observe();
  await settle();
  assertEquals(bench.lines.length, 2, "the period is not over");
  await bench.clock.advance(1);
  bench.observe();
  await settle();
  assertEquals([bench.errors, bench.lines.length, bench.lines[2].unreported], [1_003, 3, 1_000]);
});
