import { assertEquals } from "@std/assert";
import { findRemote, type ModuleGraph } from "../../tools/check_remote.ts";

type Module = ModuleGraph["modules"][number];

function module(name: string, imports: { target: string; isDynamic?: boolean; isType?: boolean }[]): Module {
  const dependencies = imports.map(({ target, isDynamic, isType }) => ({
    specifier: target,
    [isType ? "type" : "code"]: { specifier: target },
    isDynamic,
  }));
  return { specifier: name, dependencies };
}

function find(...modules: Module[]): string[] {
  return findRemote({ roots: ["file:///mod.ts"], modules });
}

Deno.test("files and modules of the runtime are not remote", () => {
  const findings = find(
    module("file:///mod.ts", [{ target: "file:///a.ts" }, { target: "node:tls" }]),
    module("file:///a.ts", [{ target: "file:///mod.ts" }]),
  );
  assertEquals(findings, []);
});

Deno.test("a static import of a package is found, however deep", () => {
  for (const target of ["npm:ioredis@^5", "jsr:@std/yaml@^1", "https://example.com/a.ts"]) {
    const findings = find(
      module("file:///mod.ts", [{ target: "file:///a.ts" }]),
      module("file:///a.ts", [{ target: "file:///b.ts" }]),
      module("file:///b.ts", [{ target }]),
    );
    assertEquals(findings, [`file:///b.ts: imports ${target} statically`]);
  }
});

Deno.test("a type of a package counts, too", () => {
  assertEquals(find(module("file:///mod.ts", [{ target: "npm:ioredis@^5", isType: true }])).length, 1);
});

Deno.test("a dynamic import does not count, nor what is behind it", () => {
  const findings = find(
    module("file:///mod.ts", [{ target: "file:///yaml.ts", isDynamic: true }]),
    module("file:///yaml.ts", [{ target: "jsr:@std/yaml@^1" }]),
  );
  assertEquals(findings, []);
});

Deno.test("a module that is missing is found", () => {
  const graph = { roots: ["file:///mod.ts"], modules: [{ specifier: "file:///mod.ts", error: "Module not found" }] };
  assertEquals(findRemote(graph), ["file:///mod.ts: Module not found"]);
});
