/** Messages of one client routed as a run, against the same number whose topics alternate, so that each goes alone.
 *
 *     deno bench -A $(deno run -qA tools/registry.ts) tests/bench/publish_run_bench.ts
 */
import { allowAll, Broker, MemoryListener, type Socket } from "../../mod.ts";

const MESSAGES = 50_000;
const encoder = new TextEncoder();

function publish(topic: string): number[] {
  return [0x30, 2 + topic.length + 64, 0, topic.length, ...encoder.encode(topic), ...new Array(64).fill(120)];
}

function connect(id: string): Uint8Array {
  return Uint8Array.of(0x10, 12 + id.length, 0, 4, 77, 81, 84, 84, 4, 2, 0, 0, 0, id.length, ...encoder.encode(id));
}

async function writeAll(socket: Socket, bytes: Uint8Array): Promise<void> {
  while (bytes.length > 0) bytes = bytes.subarray(await socket.write(bytes));
}

async function readAll(socket: Socket, bytes: number): Promise<void> {
  const buffer = new Uint8Array(65_536);
  while (bytes > 0) bytes -= await socket.read(buffer) ?? bytes;
}

/** One broker with a subscriber and a publisher, for as many rounds as it takes. */
async function rounds(topics: readonly string[]): Promise<() => Promise<void>> {
  const broker = new Broker({ sysTopicResendInterval: 0 });
  const listener = new MemoryListener({ id: "memory", capacity: 1_048_576 });
  await broker.addHook(allowAll());
  await broker.addListener(listener);
  await broker.serve();
  const subscriber = listener.connect(), publisher = listener.connect();
  await writeAll(subscriber, connect("s"));
  await writeAll(subscriber, Uint8Array.of(0x82, 6, 0, 1, 0, 1, 35, 0));
  await readAll(subscriber, 4 + 5);
  await writeAll(publisher, connect("p"));
  await readAll(publisher, 4);
  const one = topics.flatMap(publish), bytes = new Uint8Array(MESSAGES / topics.length * one.length);
  for (let at = 0; at < bytes.length; at += one.length) bytes.set(one, at);
  return async () => void await Promise.all([writeAll(publisher, bytes), readAll(subscriber, bytes.length)]);
}

const run = await rounds(["load/1"]), alternating = await rounds(["load/1", "load/2"]);

Deno.bench(`${MESSAGES} messages, one topic`, { group: "run", baseline: true }, run);
Deno.bench(`${MESSAGES} messages, two topics in turn`, { group: "run" }, alternating);
