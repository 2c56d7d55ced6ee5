import { assertEquals } from "@std/assert";
import { PENDING, TransformCall, type TransformContext } from "../../src/hook/transform_call.ts";
import { Watchdog } from "../../src/hook/watchdog.ts";
import { MqttError } from "../../src/packets/errors.ts";
import { ReasonCode } from "../../src/packets/reason_codes.ts";
import { randomOf } from "../broker/delivery_model.ts";
import { FakeClock, settle } from "../helpers/fake_clock.ts";

const LIMIT = 160;

/** Sends one value after the other through hooks and notes what becomes of them. */
class CallBench {
  readonly clock = new FakeClock();
  readonly reported: string[] = [];
  readonly #hooks: ((value: string) => unknown)[];
  readonly #call: TransformCall<string>;
  #done: ((outcome: string) => void) | undefined;

  constructor(...hooks: ((value: string) => unknown)[]) {
    this.#hooks = hooks;
    const context: TransformContext = {
      watchdog: new Watchdog(this.clock, LIMIT),
      refusal: ({ id }, event, error) => {
        if (error instanceof MqttError) return error;
        this.reported.push(`${id} ${event} ${error}`);
        return new MqttError(ReasonCode.ImplementationSpecificError, "an error within the broker");
      },
      timeout: ({ id }) => new Error(`${id} is late`),
    };
    this.#call = new TransformCall(context, {
      transformed: (value) => this.#done!(value),
      refused: ({ reasonCode }) => this.#done!(`refused 0x${reasonCode.toString(16)}`),
    });
  }

  /** @returns what became of the value, at once where no hook has to be waited for */
  send(value: string): string | Promise<string> {
    const all = this.#hooks.map((call, index) => ({
      hook: { id: `hook ${index}` },
      call: (_: unknown, value: string) => call(value),
    }));
    const outcome = new Promise<string>((done) => this.#done = done);
    try {
      const result = this.#call.run({ event: "onPublish", all }, undefined, value);
      return result === PENDING ? outcome : result;
    } catch (error) {
      return `refused 0x${(error as MqttError).reasonCode.toString(16)}`;
    }
  }

  /** Lets time pass until the value is through. */
  async sendAndWait(value: string): Promise<string> {
    let over = false;
    const outcome = Promise.resolve(this.send(value)).finally(() => over = true);
    for (let step = 0; !over && step < 100; step++) await this.clock.advance(LIMIT / 16);
    return await outcome;
  }
}

/** Ways in which the same answer may come. */
const ways: Record<string, (bench: () => CallBench, answer: () => unknown) => unknown> = {
  sync: (_, answer) => answer(),
  async: async (_, answer) => await answer(),
  thenable: (_, answer) => {
    const value = answer();
    return { then: (done: (value: unknown) => void) => done(value) };
  },
  slow: async (bench, answer) => {
    await new Promise<void>((resolve) => bench().clock.setTimeout(resolve, LIMIT / 2));
    return answer();
  },
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
      throw new MqttError(ReasonCode.QuotaExceeded, "enough");
    },
    code: 0x97,
  },
};

/** What becomes of a value on its way through hooks that answer so. */
function outcomeOf(value: string, names: readonly string[]): string {
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
    const count = 1 + Math.floor(random() * 3), values = ["a", "b", "c", "d"].slice(0, 1 + Math.floor(random() * 4));
    const plan = new Map(
      values.map((value) => [value, Array.from({ length: count }, () => pick(Object.keys(answers)))]),
    );
    const chosen = random() < 0.5 ? Object.keys(ways) : [pick(Object.keys(ways))];
    const bench: CallBench = new CallBench(...Array.from({ length: count }, (_, index) => (value: string) => {
      const { answer } = answers[plan.get(value[0])![index]];
      return ways[pick(chosen)](() => bench, () => answer(value));
    }));
    for (const value of values) {
      const expected = outcomeOf(value, plan.get(value)!);
      if (chosen.every((way) => way === "sync")) assertEquals(bench.send(value), expected);
      else assertEquals(await bench.sendAndWait(value), expected, `round ${round}`);
    }
    await bench.clock.advance(2 * LIMIT);
    assertEquals(bench.clock.pending, 0); // nothing is watched any more
  }
});

Deno.test("a rejection is a refusal, whatever its reason", async () => {
  for (
    const [reason, code] of [[undefined, 0x83], [null, 0x83], [0, 0x83], [new MqttError(0x99, "no"), 0x99]] as const
  ) {
    const bench = new CallBench((value) => value === "b" ? Promise.reject(reason) : Promise.resolve());
    assertEquals([await bench.send("a"), await bench.send("b"), await bench.send("c")], [
      "a",
      `refused 0x${code.toString(16)}`,
      "c",
    ]);
    assertEquals(bench.reported.length, code === 0x83 ? 1 : 0);
  }
});

Deno.test("a hook that takes too long has failed, and what it answers later is not heard", async () => {
  const answer: ((value: string) => void)[] = [];
  const bench = new CallBench(() => new Promise<string>((resolve) => answer.push(resolve)));
  assertEquals(await bench.sendAndWait("a"), "refused 0x83");
  assertEquals(bench.reported, ["hook 0 onPublish Error: hook 0 is late"]);
  const second = bench.send("b");
  answer[0]("late");
  await settle();
  answer[1]("in time");
  assertEquals(await second, "in time");
});
