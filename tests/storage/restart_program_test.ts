/** The program with every store: what is kept by which, and what it says when it cannot. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import configuration from "../../deno.json" with { type: "json" };
import { ANY_PORT, BrokerProcess } from "../cli/broker_process.ts";
import { testWith } from "../helpers/programs.ts";
import { within } from "../helpers/within.ts";
import { CrashClient, textOf } from "./crash_client.ts";
import { RedisServer } from "./redis_server.ts";

/** How a program is started: its command line, and what it reads as configuration. */
type Start = () => Promise<BrokerProcess>;

function withArguments(...args: string[]): Start {
  return () => BrokerProcess.start(["--tcp", ANY_PORT, ...args]);
}

function withConfiguration(storage: unknown, ...args: string[]): Start {
  const configuration = {
    listeners: [{ type: "tcp", address: ANY_PORT }],
    hooks: { auth: { allow_all: true }, storage },
  };
  return () => BrokerProcess.start(["--config", "-", ...args], JSON.stringify(configuration));
}

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Leaves messages for a session that is away, kills the program, starts it again. @returns what the session gets */
async function afterRestart(start: Start): Promise<string[]> {
  const got: string[] = [];
  const away = new CrashClient("away", { onMessage: (message) => got.push(textOf(message)) });
  const publisher = new CrashClient("publisher");
  {
    await using first = await start();
    const address = await first.address("tcp");
    await away.connect(address);
    await away.subscribe("t", 2);
    await away.cut();
    await publisher.connect(address);
    await Promise.all([publisher.publish("t", "one", { qos: 1 }), publisher.publish("t", "two", { qos: 1 })]);
    first.signal("SIGKILL");
    await first.end();
    await publisher.cut();
  }
  await using second = await start();
  const again = new CrashClient("away", { onMessage: (message) => got.push(textOf(message)) });
  await again.connect(await second.address("tcp"));
  await again.ping();
  await again.cut();
  return got;
}

const KEPT = ["one", "two"];

Deno.test("--store kv:PATH keeps messages", () =>
  inFolder(async (folder) => {
    assertEquals(await afterRestart(withArguments("--store", `kv:${folder}/a/broker.kv`)), KEPT);
  }));

Deno.test("--data FOLDER keeps messages, as the task start does", () =>
  inFolder(async (folder) => {
    assertEquals(await afterRestart(withArguments("--data", `${folder}/data`)), KEPT);
    assert((await Deno.stat(`${folder}/data/broker.kv`)).isFile);
    assertMatch(configuration.tasks.start.command, / mod\.ts --data data$/);
  }));

Deno.test("hooks.storage.kv in the configuration keeps messages, --store wins over it", () =>
  inFolder(async (folder) => {
    const storage = { kv: { path: `${folder}/broker.kv` } };
    assertEquals(await afterRestart(withConfiguration(storage, "--store", "memory:")), []);
    assertEquals(await afterRestart(withConfiguration(storage)), KEPT);
  }));

Deno.test("--store memory: and no store at all forget messages, and only the program says so", async () => {
  assertEquals(await afterRestart(withArguments("--store", "memory:")), []);
  assertEquals(await afterRestart(withConfiguration({ memory: true })), []);
  await using broker = await withArguments()();
  await broker.line(
    /INFO {2}sessions and messages are kept in memory and lost at the end; to keep them add --store kv:PATH/,
  );
});

testWith(["redis-server"], "--store redis://... and hooks.storage.redis keep messages", async () => {
  await using server = await RedisServer.start();
  const url = `${server.url}/1?lease=200`;
  assertEquals(await afterRestart(withArguments("--store", `${url}&prefix=one`)), KEPT);
  assertEquals(await afterRestart(withConfiguration({ redis: { url, prefix: "two" } })), KEPT);
});

testWith(["redis-server"], "the program waits out Redis: 503 while it is away, no exit, and it goes on", async () => {
  await using server = await RedisServer.start();
  const storage = { redis: { url: server.url } };
  const listeners = [{ type: "tcp", address: ANY_PORT }, { type: "healthcheck", id: "health", address: ANY_PORT }];
  const text = JSON.stringify({ listeners, hooks: { auth: { allow_all: true }, storage } });
  await using broker = await BrokerProcess.start(["--config", "-"], text);
  const address = await broker.address("tcp"), health = await broker.address("health");
  const status = async () => {
    const response = await fetch(`http://${health}/`);
    await response.body?.cancel();
    return response.status;
  };
  const away = new CrashClient("away"), publisher = new CrashClient("publisher");
  await away.connect(address);
  await away.subscribe("t", 1);
  await away.cut();
  await publisher.connect(address);
  assertEquals(await status(), 200);
  await server.end("SIGKILL");
  let confirmed = false;
  const message = publisher.publish("t", "x", { qos: 1 }).then(() => confirmed = true);
  await broker.line(/ERROR the store does not take changes/);
  assertEquals([confirmed, await status()], [false, 503]);
  await server.begin();
  await within(message, "the confirmation");
  assertEquals(await status(), 200);
  await publisher.cut();
});

Deno.test("without --unstable-kv the program ends with 1 and says what to add", () =>
  inFolder(async (folder) => {
    const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      // the configuration of the checkout turns KV on, that of a user does not
      args: [
        ...["run", "-A", "--no-check", "--no-config", "--no-lock", `--import-map=${path("tools/npm_import_map.json")}`],
        ...[path("mod.ts"), "--tcp", ANY_PORT, "--store", `kv:${folder}/broker.kv`],
      ],
      env: { NO_COLOR: "1" },
    }).output();
    assertEquals(code, 1);
    const expected = 'run deno with --unstable-kv, or add "unstable": ["kv"] to deno.json';
    assertStringIncludes(
      new TextDecoder().decode(stderr),
      `could not start: Cannot open Deno KV: it is not enabled; ${expected}`,
    );
  }));

testWith(["redis-server"], "a Redis that is not there ends the program with 1", async () => {
  const server = await RedisServer.start();
  await server[Symbol.asyncDispose]();
  const { code, err } = await BrokerProcess.run(["--tcp", ANY_PORT, "--store", server.url]);
  assertEquals(code, 1);
  assertMatch(err, /ERROR could not start: .*redis/i);
});
