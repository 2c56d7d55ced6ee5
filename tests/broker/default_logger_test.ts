/** What a broker without a logger of its own says, and where. */
import { assertEquals, assertMatch } from "@std/assert";
import { allowAll } from "../../hooks/auth/allow_all.ts";
import { Broker } from "../../src/broker/broker.ts";
import type { BrokerOptions } from "../../src/broker/core/options.ts";
import type { Hook } from "../../src/hook/hook.ts";
import { silentLogger } from "../../src/hook/logger.ts";

/** What is written to the console meanwhile, by stream. */
async function written(work: () => Promise<void>): Promise<{ err: string[]; out: string[] }> {
  const { error, log, info, warn, debug } = console, err: string[] = [], out: string[] = [];
  console.error = console.warn = (line: string) => void err.push(line);
  console.log = console.info = console.debug = (line: string) => void out.push(line);
  try {
    await work();
  } finally {
    Object.assign(console, { error, log, info, warn, debug });
  }
  return { err, out };
}

function thrownByHook(): never {
  throw new Error("no disk\n2026 INFO all is well");
}

const failing: Hook[] = [
  { id: "sync", onPublished: thrownByHook },
  { id: "async", onPublished: () => Promise.resolve().then(thrownByHook) },
];

async function publish(hook: Hook, options: BrokerOptions): Promise<void> {
  const broker = new Broker({ sysTopicResendInterval: 0, ...options });
  await broker.addHook(allowAll());
  await broker.addHook(hook);
  await broker.serve();
  await broker.publish("t", "x");
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(broker.info.hookErrors, 1);
  await broker.close();
}

for (const hook of failing) {
  Deno.test(`without a logger the error of a hook is written to standard error, with its stack: ${hook.id}`, async () => {
    const { err, out } = await written(() => publish(hook, {}));
    assertEquals([err.length, out], [1, []]);
    const [line, ...stack] = err[0].split("\n");
    assertMatch(
      line,
      /^\d{4}-\d\d-\d\dT[\d:.]+Z ERROR a hook failed hook=\w+ event=onPublished error="Error: no disk\\n/,
    );
    assertMatch(stack[0], /^ {4}at .*thrownByHook .*\(.*default_logger_test\.ts:\d+:\d+\)$/);
    assertEquals(stack.filter((line) => !line.startsWith("    at ")), []);
  });

  Deno.test(`a logger of one's own gets the stack, and the console nothing: ${hook.id}`, async () => {
    const errors: unknown[] = [];
    const logger = { ...silentLogger, error: (_: string, fields = {}) => void errors.push(fields) };
    assertEquals(await written(() => publish(hook, { logger })), { err: [], out: [] });
    assertEquals(errors.length, 1);
    assertMatch((errors[0] as { error: string }).error, /^Error: no disk[^]*at .*thrownByHook/);
  });
}

Deno.test("without a logger what goes well is not worth a line, a handler that fails is", async () => {
  const quiet = await written(async () => {
    await using broker = new Broker();
    await broker.addHook(allowAll());
    await broker.serve();
  });
  assertEquals(quiet, { err: [], out: [] });
  const { err } = await written(async () => {
    await using broker = new Broker();
    broker.subscribe("t", thrownByHook);
    await broker.publish("t", "");
  });
  assertEquals(err.length, 1);
  assertMatch(err[0], /ERROR an inline subscription handler failed error="Error: no disk[^]*\n {4}at .*thrownByHook/);
});

Deno.test("a broker in which nobody can do anything says so", async () => {
  const { err } = await written(async () => {
    await using broker = new Broker();
    await broker.serve();
  });
  assertEquals(err.map((line) => /no client may .* no hook answers \w+/.exec(line)?.[0]), [
    "no client may connect: no hook answers onConnectAuthenticate",
    "no client may publish or subscribe: no hook answers onAclCheck",
  ]);
  const { err: nothing } = await written(async () => {
    await using broker = new Broker();
    await broker.addHook(allowAll());
    await broker.serve();
  });
  assertEquals(nothing, []);
});
