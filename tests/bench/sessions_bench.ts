/** Memory of sessions without a connection. `deno run -A tests/bench/sessions_bench.ts [NUMBER]` prints bytes per
 * session, 1,000,000 of them unless told otherwise; `deno bench` measures how long restoring them takes. */

import { Broker } from "../../src/broker/broker.ts";
import type { Hook } from "../../src/hook/hook.ts";
import type { StoredClient, StoredInflightMessage, StoredSubscription } from "../../src/hook/records.ts";

function idOf(index: number): string {
  return new TextDecoder().decode(new TextEncoder().encode(`device-${index}`)); // one piece, as from the network
}

function* clients(count: number): Generator<StoredClient> {
  const rest = { username: undefined, protocolVersion: 5, properties: undefined, will: undefined } as const;
  for (let index = 0; index < count; index++) {
    yield { ...rest, clientId: idOf(index), sessionExpiryInterval: 0xffff_ffff, disconnectedAt: Date.now() };
  }
}

function* subscriptions(count: number): Generator<StoredSubscription> {
  const rest = { qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0, identifier: 0 } as const;
  for (let index = 0; index < count; index++) {
    yield { ...rest, clientId: idOf(index), topicFilter: `devices/${idOf(index)}/commands` };
  }
}

function* queued(count: number): Generator<StoredInflightMessage> {
  const rest = { direction: "out", sequence: 1, packetId: 0, state: "queued", qos: 1, retain: false } as const;
  for (let index = 0; index < count; index++) {
    const message = {
      topic: `devices/${idOf(index)}/commands`,
      payload: new Uint8Array(64),
      qos: 1,
      receivedAt: Date.now(),
    };
    yield { ...rest, clientId: idOf(index), identifiers: undefined, share: undefined, message: message as never };
  }
}

/** A store with `count` sessions, and as much of them as `steps` says. */
function store(count: number, steps: number): Hook {
  const hook: Hook = { id: "store", storedClients: () => clients(count) };
  if (steps > 1) hook.storedSubscriptions = () => subscriptions(count);
  if (steps > 2) hook.storedInflightMessages = () => queued(count);
  return hook;
}

async function started(count: number, steps: number): Promise<Broker> {
  const broker = new Broker({ sysTopicResendInterval: 0 });
  await broker.addHook(store(count, steps));
  await broker.serve();
  return broker;
}

function memory(): number {
  (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

const STEPS = ["idle", "with a subscription", "and a queued message of 64 bytes"];

/** Restores sessions in this process, which nothing else has used, and prints what they take. */
async function measure(count: number, steps: number): Promise<void> {
  const before = memory(), begun = performance.now();
  const broker = await started(count, steps);
  const seconds = (performance.now() - begun) / 1_000, bytes = (memory() - before) / count;
  console.log(
    `${broker.clients.size} sessions ${STEPS[steps - 1]}: ${bytes.toFixed(0)} bytes each, restored in ` +
      `${seconds.toFixed(1)} s`,
  );
  await broker.close();
}

async function print(count: number): Promise<void> {
  for (const step of STEPS.keys()) {
    const flags = ["-A", "--no-check", "--v8-flags=--expose-gc,--max-old-space-size=8192"];
    const args = ["run", ...flags, import.meta.url, String(count), String(step + 1)];
    await new Deno.Command(Deno.execPath(), { args, stdout: "inherit", stderr: "inherit" }).spawn().status;
  }
}

Deno.bench("restore 10,000 sessions with subscriptions", async () => {
  await (await started(10_000, 2)).close();
});

if (import.meta.main) {
  const [count = "1000000", steps] = Deno.args;
  await (steps === undefined ? print(Number(count)) : measure(Number(count), Number(steps)));
}
