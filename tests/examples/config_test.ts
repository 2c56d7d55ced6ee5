/** Configurations among the examples: they are right, complete, and tell the defaults. */

import { assertEquals } from "@std/assert";
import { loadConfig, loadValue } from "../../src/cli/config_file.ts";
import { snakeCase } from "../../src/cli/snake_case.ts";
import { resolveOptions } from "../../src/broker/core/resolve_options.ts";
import { debugEvents } from "../../mod.ts";
import { Child } from "../helpers/child.ts";
import { JsClient } from "../helpers/mqtt_js.ts";

const YAML = "examples/config/config.yaml";
const JSON_FILE = "examples/config/config.json";
const WHERE = `every option stands in ${YAML} and ${JSON_FILE}`;

type Section = Record<string, unknown>;

const value = await loadValue(YAML) as { listeners: Section[]; hooks: Section; options: Section; logging: Section };

Deno.test("config: YAML and JSON say the same", async () => {
  assertEquals(await loadValue(JSON_FILE), value);
});

Deno.test("config: every option is there, with its default", () => {
  const { capabilities, compatibilities, ...rest } = resolveOptions();
  const { capabilities: told, compatibilities: toldSwitches, ...toldRest } = value.options as Record<string, Section>;
  assertEquals(told, keysOf(capabilities), WHERE);
  assertEquals(toldSwitches, keysOf(compatibilities), WHERE);
  const { logger: _, clock: __, dispatch: ___, ...options } = keysOf(rest);
  assertEquals(toldRest, options, WHERE);
});

function keysOf(options: object): Section {
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [snakeCase(name), value]));
}

Deno.test("config: every type of listener is there", () => {
  const types = value.listeners.map(({ type }) => type);
  assertEquals(types, ["tcp", "tls", "ws", "wss", "unix", "sysinfo", "healthcheck"]);
});

Deno.test("config: the debug hook has its defaults", () => {
  const events = debugEvents.filter((event) => event !== "pings");
  assertEquals(value.hooks.debug, { enable: false, events, payload_bytes: 0, level: "debug" });
});

for (const file of [YAML, JSON_FILE, "examples/paho/config.yaml"]) {
  Deno.test(`config: ${file} is right`, async () => {
    assertEquals((await loadConfig(file)).problems, []);
    await using check = await Child.deno("mod.ts", ["--check", "--config", file]);
    assertEquals(await check.end(), { code: 0, signal: null, out: "the configuration is right\n", err: "" });
  });
}

Deno.test("config: the program runs with it", async () => {
  await using broker = await Child.deno("mod.ts", ["--config", YAML, "--tcp", "127.0.0.1:0"]);
  const [, address] = await broker.line(/address=(\S+)/);
  await using client = await JsClient.connect(`mqtt://${address}`, { username: "peach", password: "password1" });
  await client.mqtt.subscribeAsync("peach/#");
  await client.mqtt.publishAsync("peach/hello", "hi");
  assertEquals((await client.next()).payload, "hi");
  await broker.stop();
});
