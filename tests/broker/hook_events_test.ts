import { assert, assertEquals, assertRejects } from "@std/assert";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import { type HookEvent, type HookEventKind, hookEvents } from "../../src/hook/events.ts";
import type { Hook } from "../../src/hook/hook.ts";
import { MqttError } from "../../src/packets/errors.ts";
import { PacketType } from "../../src/packets/types.ts";
import { Client } from "../../src/session/client.ts";
import { Message } from "../../src/session/message.ts";
import { Session } from "../../src/session/session.ts";
import { Harness, type HarnessOptions } from "../helpers/harness.ts";
import { type EventCase, eventCases } from "./hook_event_cases.ts";

type Fields = Record<string, unknown>;

const packetNames = new Map<unknown, string>(Object.entries(PacketType).map(([name, type]) => [type, name]));

function isThere(value: unknown): boolean {
  return value !== undefined;
}

/** An argument in short. */
function brief(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  if (value instanceof Client) return `client ${value.id}`;
  if (value instanceof Session) return `session ${value.clientId}`;
  if (value instanceof Message) return `message ${value.topic}`;
  if (Array.isArray(value)) return value.map(brief).join(",");
  return briefFields(value as Fields);
}

function briefFields(fields: Fields): string {
  if ("type" in fields) return packetNames.get(fields.type)!;
  if ("sessionEnded" in fields) return `ending ${fields.reasonCode}`;
  if ("topicFilter" in fields) return `granted ${fields.topicFilter} ${fields.reasonCode}`;
  if ("sequence" in fields) return `${fields.direction} ${fields.state} ${fields.packetId}`;
  if ("subscribers" in fields) return `matched ${(fields.subscribers as unknown[]).length}`;
  if ("uptime" in fields) return "info";
  return `will ${fields.topic}`;
}

/** Waits a little for what need not be at once. */
async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition() && tries < 100; tries++) await new Promise((resolve) => setTimeout(resolve, 2));
  assert(condition());
}

/** Starts a broker with the hooks of a case, those at hand first. */
function start(test: EventCase, atHand: Hook[], options: HarnessOptions = {}): Promise<Harness> {
  return Harness.start({ ...test.options, ...options, hooks: [...atHand, ...test.hooks?.() ?? [], allowAll()] });
}

function eventsOf(...kinds: HookEventKind[]): HookEvent[] {
  return (Object.keys(hookEvents) as HookEvent[]).filter((event) => kinds.includes(hookEvents[event]));
}

/** Ways to fail, and the code that they mean. */
const failures: Record<string, { fail(): unknown; code: number; slow?: true }> = {
  "throws a reason code": {
    fail() {
      throw new MqttError(0x97, "enough");
    },
    code: 0x97,
  },
  "rejects with a reason code": { fail: () => Promise.reject(new MqttError(0x97, "enough")), code: 0x97 },
  "throws": {
    fail() {
      throw new Error("broken");
    },
    code: 0x83,
  },
  "rejects": { fail: () => Promise.reject(new Error("broken")), code: 0x83 },
  "hangs": { fail: () => new Promise(() => {}), code: 0x83, slow: true },
};

/** A hook that fails from `arm` on. */
function failing(event: HookEvent, fail: () => unknown, armed: boolean, durable = false): { hook: Hook; arm(): void } {
  const hook = { id: "failing", durable, [event]: () => armed ? fail() : undefined };
  return { hook, arm: () => armed = true };
}

const HANG = { realTime: true, hookTimeout: 30, hookLifecycleTimeout: 30 };

for (const [event, test] of Object.entries(eventCases) as [HookEvent, EventCase][]) {
  Deno.test(`${event}: every hook is called, in the order added, with what belongs to it`, async () => {
    const calls: unknown[][] = [];
    const hookOf = (id: string): Hook => ({
      id,
      [event]: (...args: unknown[]) => void calls.push([id, ...args.filter(isThere).map(brief)]),
    });
    await using harness = await start(test, [hookOf("first"), hookOf("second")]);
    await test.provoke(harness);
    await harness.settle();
    assertEquals(calls.slice(0, 2), [["first", ...test.args], ["second", ...test.args]]);
  });
}

for (const event of eventsOf("decide", "transform")) {
  for (const [name, { fail, code, slow }] of Object.entries(failures)) {
    Deno.test(`${event}: a hook that ${name} refuses`, async () => {
      const test = eventCases[event], { hook, arm } = failing(event, fail, false);
      await using harness = await start(test, [hook], { errorsExpected: true, ...(slow ? HANG : {}) });
      await test.refused!(harness, slow ? test.hangCode ?? code : code, arm);
      // onPacketEncode takes no promise, whatever is in it
      const isError = code === 0x83 || event === "onPacketEncode" && name.startsWith("rejects");
      await until(() => harness.broker.info.hookErrors > 0 === isError);
      const told = harness.errors.filter((line) => line.includes(`"hook":"failing","event":"${event}"`));
      assertEquals(told.length > 0, isError, "what is not a reason code is logged");
    });
  }
}

for (const event of eventsOf("observe")) {
  for (const [name, { fail, slow }] of Object.entries(failures)) {
    Deno.test(`${event}: a hook that ${name} disturbs nobody`, async () => {
      const test = eventCases[event], { hook } = failing(event, fail, true);
      const reached: string[] = [], next: Hook = { id: "next", [event]: () => void reached.push(event) };
      await using harness = await start(test, [hook, next], { errorsExpected: true, hookTimeout: 100 });
      await test.provoke(harness);
      if (event !== "onStopped") await (await harness.connect("bystander")).publish("t", "x", { qos: 1 });
      if (slow && event !== "onStopped") await harness.advance(113);
      assert(reached.length > 0, "the next hook is called all the same");
      if (slow && event === "onStopped") return; // nothing is left that could wait for it
      assert(harness.broker.info.hookErrors > 0, "errors are counted");
      assert(harness.errors.some((line) => line.includes(`"hook":"failing","event":"${event}"`)), "errors are logged");
    });
  }
}

for (const event of eventsOf("observe").filter((event) => eventCases[event].withheld !== undefined)) {
  for (const [name, { fail, slow }] of Object.entries(failures)) {
    if (slow && event !== "onSessionEstablished" || name.includes("reason code")) continue; // what hangs is waited for
    Deno.test(`${event}: a durable hook that ${name} withholds what depends on it`, async () => {
      const test = eventCases[event], { hook, arm } = failing(event, fail, false, true);
      await using harness = await start(test, [hook], { errorsExpected: true, ...(slow ? HANG : {}) });
      await test.withheld!(harness, arm);
      assert(harness.broker.info.hookErrors > 0);
    });
  }

  Deno.test(`${event}: what depends on a durable hook waits for it`, async () => {
    const test = eventCases[event], done: (() => void)[] = [];
    const slow: Hook = { id: "slow", durable: true, [event]: () => new Promise<void>((resolve) => done.push(resolve)) };
    await using harness = await start(test, [slow]);
    let provoked = false;
    const running = test.provoke(harness).then(() => provoked = true);
    while (done.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    await new Promise((resolve) => setTimeout(resolve, 5));
    const early = provoked;
    while (!provoked) {
      for (const resolve of done.splice(0)) resolve();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await running;
    if (event !== "onQosComplete") assertEquals(early, false); // PUBACK of a client depends on nothing
  });
}

for (const event of eventsOf("load")) {
  for (const [name, { fail, slow }] of Object.entries(failures)) {
    Deno.test(`${event}: a hook that ${name} ends the start`, async () => {
      const { hook } = failing(event, fail, true);
      const started = start(eventCases[event], [hook], slow ? HANG : {});
      const error = await assertRejects(() => started, Error, `Cannot load from hook failing: ${event} failed`);
      assert(error.cause instanceof Error);
    });
  }

  Deno.test(`${event}: the first hook that answers wins`, async () => {
    const asked: string[] = [];
    const hookOf = (id: string, answer: unknown): Hook => ({ id, [event]: () => (asked.push(id), answer) });
    const none = event === "storedSysInfo" ? {} : [];
    await using _harness = await start(eventCases[event], [
      hookOf("a", undefined),
      hookOf("b", none),
      hookOf("c", none),
    ]);
    assertEquals(asked, ["a", "b"]);
  });
}
