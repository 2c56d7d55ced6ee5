/** What a sequence of values needs around it: a clock, hooks, and a task that writes down what becomes of the values. */

import type { Hook } from "../../src/hook/hook.ts";
import { silentLogger } from "../../src/hook/logger.ts";
import { HookChain } from "../../src/hook/chain.ts";
import { TransformSequence, type TransformTask } from "../../src/hook/transform_sequence.ts";
import { Reminder } from "../../src/hook/reminder.ts";
import { Watchdog } from "../../src/hook/watchdog.ts";
import { MqttError } from "../../src/packets/errors.ts";
import { FakeClock } from "../helpers/fake_clock.ts";

/** Milliseconds that a hook may take. */
export const LIMIT = 160;

/** What a hook makes of a text: another one, nothing, a failure, sooner or later. */
export type Transform = (value: string) => unknown;

/** Takes texts and writes down what becomes of them; some parts may be replaced. */
export class NotingTask implements TransformTask<string> {
  /** What has happened, in order. */
  readonly log: string[] = [];
  /** Values that wait to be settled; nothing waits unless a test wants it. */
  readonly waiting: string[] = [];
  readonly #values: string[];
  readonly #putsOff: boolean;

  constructor(values: readonly string[], { putsOff = false } = {}) {
    this.#values = [...values];
    this.#putsOff = putsOff;
  }

  next(): string | undefined {
    return this.#values.shift();
  }

  use(value: string): void | Promise<void> {
    if (this.#putsOff) this.waiting.push(value);
    else this.log.push(value);
  }

  refuse(error: MqttError): void | Promise<void> {
    this.settle();
    this.log.push(`refused 0x${error.reasonCode.toString(16)}`);
  }

  get hasPutOff(): boolean {
    return this.waiting.length > 0;
  }

  settle(): void | Promise<void> {
    this.log.push(...this.waiting.splice(0));
  }
}

/** A chain of hooks for one event, with a clock that stands still. */
export class SequenceBench {
  readonly clock: FakeClock = new FakeClock();
  /** What was told of failing hooks: the id of the hook. */
  readonly reported: string[] = [];
  readonly chain: HookChain;

  constructor(...transforms: Transform[]) {
    this.chain = new HookChain({
      ...{ clock: this.clock, timeout: LIMIT, lifecycleTimeout: 1_000, onError() {} },
      logger: { ...silentLogger, error: (_message, fields) => void this.reported.push(String(fields!.hook)) },
    });
    transforms.forEach((transform, index) => {
      const onPublish = (_client: unknown, value: string) => transform(value);
      this.chain.add({ id: `hook ${index}`, onPublish } as unknown as Hook);
    });
  }

  run(task: TransformTask<string>): void | Promise<void> {
    return this.chain.transformEach(this.chain.on.onPublish!, "client", task);
  }
}

/** Runs a task through no hook at all. */
export function runWithoutHooks(task: TransformTask<string>): void | Promise<void> {
  const clock = new FakeClock(), watchdog = new Watchdog(clock, LIMIT), reminder = new Reminder(clock);
  const refusal = () => new MqttError(0x83, "broken"), timeout = () => new Error("late");
  const listeners = { event: "onPublish", all: [] } as const;
  return new TransformSequence({ listeners, context: "client", watchdog, reminder, refusal, timeout }, task).run();
}
