/** What a client does wrong, by the thousand. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { registryFlags } from "../../tools/registry.ts";
import { startProgram } from "../helpers/broker_program.ts";
import { Child } from "../helpers/child.ts";
import { assertServed, startGoodClient } from "../helpers/good_client.ts";
import { connectTo, writeAll } from "../helpers/byte_link.ts";
import { within } from "../helpers/within.ts";

const MANY = 1_000;
/** A byte order mark, a tag character and what turns the direction of text, then more than a ClientID may have. */
const HOSTILE_ID = `\u200b\u200f\ufeff\u{e0041}\u202e\n2026 INFO all is well${"x".repeat(60_000)}`;

function text(value: string): Uint8Array {
  const bytes = new TextEncoder().encode(value);
  return Uint8Array.of(bytes.length >> 8, bytes.length & 0xff, ...bytes);
}

/** CONNECT of a bridge whose ClientID is refused. */
function hostileConnect(): Uint8Array {
  const body = Uint8Array.of(...text("MQTT"), 0x84, 2, 0, 60, ...text(HOSTILE_ID)), { length } = body;
  return Uint8Array.of(0x10, length & 0x7f | 0x80, length >> 7 & 0x7f | 0x80, length >> 14, ...body);
}

/** Sends it on a connection of its own and waits for the end of that. */
async function offend(port: number, connect: Uint8Array): Promise<void> {
  const stream = await connectTo(`127.0.0.1:${port}`);
  await writeAll(stream, connect);
  const scrap = new Uint8Array(100);
  while (await stream.read(scrap) !== null);
  stream.close();
}

async function offendOften(port: number): Promise<void> {
  const connect = hostileConnect(),
    one = async () => {
      for (let count = 0; count < MANY / 10; count++) await offend(port, connect);
    };
  await Promise.all(Array.from({ length: 10 }, one));
}

Deno.test("the log stays small, and its lines short and harmless, whatever clients send", async () => {
  await using broker = await startProgram();
  await using good = await startGoodClient(broker);
  const before = broker.output().length;
  for (let round = 0; round < 3; round++) await within(offendOften(broker.port("tcp")), "the answers");
  const seen = await good.report();
  await broker.terminate();
  const lines = broker.output().slice(before).split("\n").filter((line) => line.includes("a bridge was refused"));
  assert(lines.length >= 5 && lines.length <= 20, `${lines.length} lines`);
  assert(broker.output().length - before < 50_000, `${broker.output().length - before} characters`);
  assertMatch(
    lines[0],
    /client="\\u200b\\u200f\\ufeff\\udb40\\udc41\\u202e\\n2026 INFO all is wellx+\.\.\. \(60\d\d\d characters\)"/,
  );
  assertServed(seen);
});

/** Runs the program, tells its process id and its lines up to the first listener, and reads nothing more. */
const UNREAD = `exec 3>&1
{ sh -c 'echo "pid $$"; exec "$@"' sh "$@" 2>&1; echo "exit $?" >&3; } | {
  while IFS= read -r line; do
    echo "$line" >&3
    case "$line" in pid*) pid=\${line#pid };; *listening*) break;; esac
  done
  while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
}`;

async function kill(pid: string, signal: string): Promise<void> {
  await new Deno.Command("sh", { args: ["-c", `kill -${signal} ${pid}`], stderr: "null" }).output();
}

Deno.test("a log that nobody reads holds nobody up, and does not keep the program from its end", async () => {
  const options = ["--log-level", "debug", "--tcp", "127.0.0.1:0"];
  const flags = ["run", "-A", "--unstable-kv", "--no-check", ...await registryFlags()];
  await using program = new Child("sh", ["-c", UNREAD, "sh", Deno.execPath(), ...flags, "mod.ts", ...options]);
  const [, pid] = await within(program.line(/pid (\d+)/), "the process");
  const [, port] = await within(program.line(/listening listener=tcp .*:(\d+)\n/), "the port");
  await using _end = { [Symbol.asyncDispose]: () => kill(pid, "KILL") };
  await using good = await startGoodClient({ pid: Number(pid), port: () => Number(port) });
  for (let round = 0; round < 3; round++) await within(offendOften(Number(port)), "the answers");
  assertServed(await good.report());
  const started = performance.now();
  await kill(pid, "TERM");
  assertEquals((await within(program.line(/exit (\d+)/), "its end"))[1], "0");
  assert(performance.now() - started < 5_000);
});
