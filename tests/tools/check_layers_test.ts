import { assert, assertEquals, assertMatch } from "@std/assert";
import { findViolations, WINGS } from "../../tools/check_layers.ts";

function check(path: string, text: string): string[] {
  return findViolations([{ path, text }]);
}

function checkImport(path: string, specifier: string): string[] {
  return check(path, `import { x } from "${specifier}";\n`);
}

const ALLOWED: [string, string][] = [
  ["src/packets/codec.ts", "./reader.ts"],
  ["src/topics/tree.ts", "../packets/errors.ts"],
  ["src/session/session.ts", "../topics/tree.ts"],
  ["src/hook/hook.ts", "../session/session.ts"],
  ["src/broker/broker.ts", "../hook/hook.ts"],
  ["src/time/scheduler.ts", "../topics/tree.ts"],
  ["src/broker/broker.ts", "./client_list.ts"],
  ["src/broker/client_list.ts", "./broker.ts"],
  ["src/broker/core/core.ts", "../../hook/hook.ts"],
  ["src/cli/main.ts", "../broker/broker.ts"],
  ["src/cli/main.ts", "../../listeners/tcp.ts"],
  ["src/cli/main.ts", "../../hooks/auth/ledger.ts"],
  ["src/cli/main.ts", "node:fs"],
  ["src/cli/main.ts", "@std/yaml"],
  ["listeners/tcp.ts", "../src/broker/core/listener.ts"],
  ["listeners/tls.ts", "./tcp.ts"],
  ["hooks/auth/ledger.ts", "../../src/hook/hook.ts"],
  ["hooks/storage/kv.ts", "./store.ts"],
  ["mod.ts", "./src/broker/broker.ts"],
  ["mod.ts", "./listeners/tcp.ts"],
  ["examples/tcp.ts", "../mod.ts"],
  ["examples/tcp/main.ts", "../../hooks/auth/allow_all.ts"],
  ["examples/tcp.ts", "@mochi/broker/listeners/tcp"],
  ["tests/broker/broker_test.ts", "../../src/broker/broker.ts"],
];

const FORBIDDEN: [string, string][] = [
  ["src/packets/codec.ts", "../topics/tree.ts"],
  ["src/topics/tree.ts", "../session/session.ts"],
  ["src/session/session.ts", "../hook/hook.ts"],
  ["src/topics/tree.ts", "../time/clock.ts"],
  ["src/time/scheduler.ts", "../session/session.ts"],
  ["src/hook/hook.ts", "../broker/broker.ts"],
  ["src/hook/hook.ts", "../broker/core/core.ts"],
  ["src/broker/broker.ts", "./handlers/publish.ts"],
  ["src/broker/broker.ts", "../cli/main.ts"],
  ["src/broker/broker.ts", "../../listeners/tcp.ts"],
  ["src/broker/broker.ts", "../../hooks/debug.ts"],
  ["src/broker/broker.ts", "../../mod.ts"],
  ["src/broker/broker.ts", "../helpers/programs.ts"],
  ["src/cli/main.ts", "../../tools/registry.ts"],
  ["src/broker/broker.ts", "@mochi/broker"],
  ["listeners/tcp.ts", "../src/broker/broker.ts"],
  ["listeners/tcp.ts", "../src/broker/core/core.ts"],
  ["listeners/tcp.ts", "../hooks/debug.ts"],
  ["listeners/tcp.ts", "../mod.ts"],
  ["hooks/storage/kv.ts", "../../src/broker/broker.ts"],
  ["hooks/storage/kv.ts", "../../src/cli/main.ts"],
  ["hooks/debug.ts", "../listeners/tcp.ts"],
  ["hooks/debug.ts", "@mochi/broker"],
  ["mod.ts", "./tools/registry.ts"],
  ["examples/tcp.ts", "../src/broker/broker.ts"],
  ["examples/tcp.ts", "../tests/helpers/programs.ts"],
  ["tools/ok.ts", "../src/broker/broker.ts"],
];

Deno.test("imports within the order of the rooms are allowed", () => {
  for (const [path, specifier] of ALLOWED) assertEquals(checkImport(path, specifier), []);
});

Deno.test("imports against the order of the rooms are found", () => {
  for (const [path, specifier] of FORBIDDEN) {
    assertEquals(checkImport(path, specifier).length, 1, `${path} imports ${specifier}`);
  }
});

Deno.test("a wing imports from itself and from those before it", () => {
  const wings = Object.keys(WINGS), file = (wing: string) => `${wing}a.ts`;
  assertEquals(wings.map((wing) => wing.split("/")[2]), [
    ...["core", "outbound", "routing", "sessions", "connection", "inbound", "lifecycle", ""],
  ]);
  for (const [at, wing] of wings.entries()) {
    for (const [other, target] of wings.entries()) {
      const specifier = file(target).replace("src/broker/", at === wings.length - 1 ? "./" : "../");
      const findings = at === other ? [] : checkImport(file(wing), specifier);
      assertEquals(findings, other <= at ? [] : [`${file(wing)}: may not import ${file(target)}`]);
      const type = check(file(wing), `import type { x } from "${specifier}";\n`);
      if (at !== other) assertEquals(type, findings, "types count like everything else");
    }
  }
});

Deno.test("every wing and every room is told of in one sentence", async () => {
  for (const sentence of Object.values(WINGS)) assertMatch(sentence, /^[A-Z][^.]*\.$/, sentence);
  const folders = [...Deno.readDirSync(new URL("../../src/broker/", import.meta.url))].filter((one) => one.isDirectory);
  assertEquals(folders.map(({ name }) => `src/broker/${name}/`).sort(), Object.keys(WINGS).slice(0, -1).sort());
  const args = ["run", "-A", new URL("../../tools/check_layers.ts", import.meta.url).pathname, "--list"];
  const { stdout, success } = await new Deno.Command(Deno.execPath(), { args, stderr: "null" }).output();
  const text = new TextDecoder().decode(stdout);
  assert(success);
  for (const [wing, sentence] of Object.entries(WINGS)) assert(text.includes(sentence) && text.includes(wing), wing);
});

Deno.test("a file in src outside of the rooms and wings is found", () => {
  for (const path of ["src/version.ts", "src/broker/handlers/publish.ts"]) {
    assertEquals(check(path, "export const a = 1;\n"), [`${path}: belongs to no room`]);
  }
});

Deno.test("files have at most 300 lines", () => {
  const lines = (count: number) => "// line\n".repeat(count);
  for (const path of ["src/broker/a.ts", "listeners/a.ts", "hooks/a.ts", "tools/a.ts", "mod.ts"]) {
    assertEquals(check(path, lines(300)), []);
    assertEquals(check(path, lines(301)), [`${path}: 301 lines, 300 are allowed`]);
  }
  assertEquals(check("tests/broker/a_test.ts", lines(301)), []);
});

Deno.test("names that say nothing are found", () => {
  for (const path of ["src/broker/utils.ts", "listeners/index.ts", "hooks/auth/helpers.ts"]) {
    assertEquals(check(path, "").length, 1, path);
  }
  for (const path of ["src/broker/fanOut.ts", "src/broker/FanOut.ts", "src/broker/fan-out.ts"]) {
    assertEquals(check(path, ""), [`${path}: file names are snake_case`]);
  }
});
