/** Ten thousand clients at once. */

import { assert, assertEquals } from "@std/assert";
import { registryFlags } from "../../tools/registry.ts";
import { Child } from "../helpers/child.ts";
import { JsClient } from "../helpers/mqtt_js.ts";
import { within } from "../helpers/within.ts";

const CLIENTS = 10_000;
const FILES = CLIENTS + 1_000;
/** An idle client with two subscriptions takes about half of it. */
const MOST_BYTES_EACH = 50_000;
const LIMIT = 30_000;

/** Starts a script that may open as many files as it needs, where the system allows that. */
async function startWithFiles(script: string, args: readonly string[]): Promise<Child> {
  const command = [Deno.execPath(), "run", "-A", "--no-check", ...await registryFlags(), script, ...args];
  return new Child("sh", ["-c", `ulimit -n ${FILES}; exec "$@"`, "sh", ...command]);
}

async function statistics(url: string): Promise<Record<string, number>> {
  return await (await fetch(url)).json();
}

Deno.test("10,000 clients connect over TCP, subscribe, and each receives a message", async () => {
  const began = performance.now();
  const listeners = ["--tcp", "127.0.0.1:0", "--info", "127.0.0.1:0"];
  await using broker = await startWithFiles("mod.ts", listeners);
  const [, host, port] = await broker.line(/listener=tcp .*address=([\d.]+):(\d+)/);
  const url = `http://${(await broker.line(/listener=sysinfo .*address=(\S+)/))[1]}`;
  const before = await statistics(url);

  await using clients = await startWithFiles("tests/e2e/many_clients.ts", [host, port, `${CLIENTS}`]);
  await within(clients.line(/subscribed/), "10,000 clients to subscribe", LIMIT);
  const connectSeconds = (performance.now() - began) / 1000;
  const after = await statistics(url);
  assertEquals(after.clients_connected, CLIENTS);
  assertEquals(after.subscriptions, 2 * CLIENTS);

  await using publisher = await JsClient.connect(`mqtt://${host}:${port}`);
  const published = performance.now();
  await publisher.mqtt.publishAsync("all", "one for each", { qos: 1 });
  await within(clients.line(/received/), "10,000 messages", LIMIT);
  const messageMilliseconds = Math.round(performance.now() - published);

  const bytes = after.memory_alloc - before.memory_alloc;
  console.log(
    `${CLIENTS} clients subscribed after ${connectSeconds.toFixed(1)} s; the broker's memory grew from ` +
      `${megabytes(before.memory_alloc)} to ${megabytes(after.memory_alloc)} MB, by ${
        (bytes / CLIENTS / 1000).toFixed(1)
      } kB for each; ` +
      `one message to all of them took ${messageMilliseconds} ms`,
  );
  assert(bytes / CLIENTS < MOST_BYTES_EACH);

  await publisher.mqtt.endAsync();
  await clients.endInput();
  assertEquals((await clients.end()).code, 0);
  await broker.stop();
});

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(0);
}
