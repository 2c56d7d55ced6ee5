import { assertEquals, assertStringIncludes } from "@std/assert";
import { announce } from "../../src/cli/announce.ts";
import { parseArguments } from "../../src/cli/args.ts";
import { loadSettings } from "../../src/cli/load_settings.ts";
import type { ListenerSettings, Settings } from "../../src/cli/settings.ts";
import type { Logger } from "../../src/hook/logger.ts";

const DEFAULT: Settings = {
  listeners: [{ type: "tcp", id: "tcp", address: "127.0.0.1:0", place: "--tcp" }],
  auth: { kind: "allow_all", asked: false },
  store: { kind: "memory" },
  debug: undefined,
  options: {},
  logging: {},
  warmUp: false,
};

const listening = { id: "tcp", protocol: "tcp", address: "127.0.0.1:41234", listen() {}, close() {} };

function linesOf(settings: Partial<Settings>): string[] {
  const lines: string[] = [];
  const write = (level: string) => (message: string, fields = {}) =>
    void lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  const logger: Logger = { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
  announce({ ...DEFAULT, ...settings }, [listening], logger);
  return lines;
}

const listeners = (...addresses: [ListenerSettings["type"], string][]): ListenerSettings[] =>
  addresses.map(([type, address], index) => ({ type, address, id: `${index}`, place: `listeners[${index}]` }));

Deno.test("the defaults: where, who, how long", () => {
  const [where, who, kept, ...more] = linesOf({});
  assertEquals(where, `info listening {"listener":"tcp","protocol":"tcp","address":"127.0.0.1:41234"}`);
  assertStringIncludes(who, "info every client may connect, from this machine only");
  assertStringIncludes(who, "hooks.auth.ledger");
  assertStringIncludes(kept, "info sessions and messages are kept in memory");
  assertStringIncludes(kept, "--store kv:PATH");
  assertEquals(more, []);
});

const LOUD: [type: ListenerSettings["type"], address: string, loud: boolean][] = [
  ["tcp", ":1883", true],
  ["tcp", "0.0.0.0:1883", true],
  ["ws", "[::]:1882", true],
  ["tls", "192.0.2.1:8883", true],
  ["wss", "example.org:8884", true],
  ["tcp", "127.0.0.1:1883", false],
  ["tcp", "127.9.9.9:1883", false],
  ["tcp", "localhost:1883", false],
  ["ws", "[::1]:1883", false],
  ["unix", "/run/mqtt.sock", false],
  ["healthcheck", ":8081", false],
];

for (const [type, address, loud] of LOUD) {
  Deno.test(`everyone may connect to ${type} ${address}: ${loud ? "a loud warning" : "no warning"}`, () => {
    const lines = linesOf({ listeners: listeners(["tcp", "127.0.0.1:1"], [type, address]) });
    const warnings = lines.filter((line) => line.startsWith("warn"));
    assertEquals(warnings.length, loud ? 1 : 0);
    if (loud) assertStringIncludes(warnings[0], `ANYONE`);
    if (loud) assertStringIncludes(warnings[0], JSON.stringify({ open: [address] }));
  });
}

Deno.test("everyone because the configuration says so: one line, and the warning stays", () => {
  const auth = { kind: "allow_all", asked: true } as const;
  assertEquals(linesOf({ auth })[1], "info every client may connect, as the configuration says {}");
  assertStringIncludes(linesOf({ auth, listeners: listeners(["tcp", ":1883"]) })[1], "warn ANYONE");
});

Deno.test("rules and a store: nothing to warn of", () => {
  const auth = { kind: "ledger", rules: { auth: [{ allow: true }] } } as const;
  const lines = linesOf({ auth, listeners: listeners(["tcp", ":1883"]), store: { kind: "kv", path: "x" } });
  assertEquals(lines.map((line) => line.split(" ")[0]), ["info", "info"]); // where, and limits
});

Deno.test("beyond loopback limits are told, those of a configuration as it says", () => {
  const beyond = listeners(["tcp", "127.0.0.1:1"], ["sysinfo", ":8080"]), capabilities = { maximumTopicLevels: 7 };
  const told = linesOf({ listeners: beyond, options: { capabilities } }).find((line) => line.includes("limits"));
  assertStringIncludes(told!, "info limits in force");
  assertStringIncludes(told!, `"maximum_topic_levels":7,`);
  assertEquals(linesOf({}).filter((line) => line.includes("limits")), []);
});

Deno.test("what a hint says to start with can be started with", async () => {
  const [, who] = linesOf({}), hint = /start with (--config .*?) \{/.exec(who)![1].split(" ");
  const listeners = await loadSettings(parseArguments(hint.map((word) => word === "FILE" ? "c.json" : word)), {
    readFile: () => Promise.resolve(`{ "hooks": { "auth": { "ledger": { "auth": [{ "allow": true }] } } } }`),
    readStdin: () => Promise.reject(new Error("nobody asks for it")),
  });
  assertEquals(listeners.listeners[0].tls, { certFile: "c.json", keyFile: "c.json" });
});

Deno.test("rules that are hardly meant are warned of", () => {
  const auth = { kind: "ledger", rules: { auth: [{ allow: true }, { username: "a" }, { allow: false }, {}] } } as const;
  const lines = linesOf({ auth }).filter((line) => line.startsWith("warn"));
  assertEquals(lines.map((line) => /auth\[\d\] of the ledger has no allow/.exec(line)?.[0]), [
    "auth[1] of the ledger has no allow",
    "auth[3] of the ledger has no allow",
  ]);
});

Deno.test("listeners without MQTT are noticed", () => {
  const lines = linesOf({ listeners: listeners(["sysinfo", "127.0.0.1:8080"]) });
  assertStringIncludes(lines[1], "warn no listener takes MQTT clients");
});

for (const auth of [DEFAULT.auth, { kind: "ledger", rules: {} } as const]) {
  Deno.test(`statistics beyond loopback are warned of, whoever may connect: ${auth.kind}`, () => {
    const warned = (address: string) =>
      linesOf({ auth, listeners: listeners(["tcp", "127.0.0.1:1"], ["sysinfo", address]) })
        .filter((line) => line.startsWith("warn"));
    const [line, ...more] = warned(":8080");
    assertStringIncludes(line, "may read the statistics");
    assertStringIncludes(line, "listen on 127.0.0.1");
    assertStringIncludes(line, '{"open":[":8080"]}');
    assertEquals([...more, ...warned("127.0.0.1:8080"), ...warned("[::1]:8080")], []);
  });
}
