import { assertEquals } from "@std/assert";
import { parseArguments } from "../../src/cli/args.ts";
import { loadSettings } from "../../src/cli/load_settings.ts";
import { makePlan } from "../../src/cli/plan.ts";

const CONFIGURATION = {
  listeners: [{ type: "ws", address: "127.0.0.1:0", id: "a" }, { type: "tcp", address: "127.0.0.1:0", id: "b" }],
  hooks: { auth: { allow_all: true }, debug: {} },
};

Deno.test("everything that a configuration names is made, in its order", async () => {
  const read = () => Promise.resolve(JSON.stringify(CONFIGURATION));
  const settings = await loadSettings(parseArguments(["--config", "-"]), { readFile: read, readStdin: read });
  const { hooks, listeners } = await makePlan(settings);
  assertEquals(listeners.map(({ listener: { id } }) => id), ["a", "b"]);
  assertEquals(hooks.map(({ id }) => id), ["allow-all", "debug"]);
});
