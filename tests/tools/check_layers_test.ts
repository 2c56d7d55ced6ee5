import { assertEquals } from "@std/assert";
import { findViolations, readImports } from "../../tools/check_layers.ts";

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
  ["src/broker/handlers/publish.ts", "../broker.ts"],
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
  ["src/hook/hook.ts", "../broker/broker.ts"],
  ["src/broker/broker.ts", "../cli/main.ts"],
  ["src/broker/broker.ts", "../../listeners/tcp.ts"],
  ["src/broker/broker.ts", "../../hooks/debug.ts"],
  ["src/broker/broker.ts", "../../mod.ts"],
  ["src/broker/broker.ts", "../helpers/programs.ts"],
  ["src/cli/main.ts", "../../tools/registry.ts"],
  ["src/broker/broker.ts", "@mochi/broker"],
  ["listeners/tcp.ts", "../src/broker/broker.ts"],
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

Deno.test("every form of import is seen", () => {
  const forms = [
    `import "./1.ts";`,
    `import a from "./2.ts";`,
    `import * as b from "./3.ts";`,
    `import type { C } from "./4.ts";`,
    `import {\n  d,\n  e,\n} from "./5.ts";`,
    `export * from "./6.ts";`,
    `export type { F } from "./7.ts";`,
    `export {\n  g,\n} from "./8.ts";`,
    `const h = await import("./9.ts");`,
    `type I = import("./10.ts").I;`,
  ];
  const expected = forms.map((_, index) => `./${index + 1}.ts`);
  assertEquals(readImports(forms.join("\n\n")).sort(), expected.sort());
});

Deno.test("comments and texts are no imports", () => {
  const text = [
    `/**`,
    ` * import { a } from "./a.ts";`,
    ` * await import("./b.ts");`,
    ` */`,
    `// import { c } from "./c.ts";`,
    `export const from = "./d.ts";`,
    `export function text(): string {\n  return "from";\n}`,
    `const glob = "src/**";`,
  ];
  assertEquals(readImports(text.join("\n")), []);
});

Deno.test("a file in src outside of the rooms is found", () => {
  assertEquals(check("src/version.ts", "export const a = 1;\n"), ["src/version.ts: belongs to no room"]);
});

Deno.test("files have at most 300 lines", () => {
  const lines = (count: number) => "// line\n".repeat(count);
  for (const path of ["src/broker/a.ts", "listeners/a.ts", "hooks/a.ts", "tools/a.ts", "mod.ts"]) {
    assertEquals(check(path, lines(300)), []);
    assertEquals(check(path, lines(301)), [`${path}: 301 lines, 300 are allowed`]);
  }
  assertEquals(check("tests/broker/a_test.ts", lines(301)), []);
  assertEquals(check("src/packets/properties.ts", lines(301)), [], "the one table");
});

Deno.test("names that say nothing are found", () => {
  for (const path of ["src/broker/utils.ts", "listeners/index.ts", "hooks/auth/helpers.ts"]) {
    assertEquals(check(path, "").length, 1, path);
  }
  for (const path of ["src/broker/fanOut.ts", "src/broker/FanOut.ts", "src/broker/fan-out.ts"]) {
    assertEquals(check(path, ""), [`${path}: file names are snake_case`]);
  }
});
