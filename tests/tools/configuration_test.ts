import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { CHECKS } from "../../tools/ok.ts";
import { readConfiguration, ROOT } from "../../tools/package.ts";
import { readSources } from "../../tools/sources.ts";
import { permissionFlags, SUITES } from "../../tools/suites.ts";

const configuration = await readConfiguration();
const npmMap = JSON.parse(await Deno.readTextFile(new URL("tools/npm_import_map.json", ROOT)));

function command(task: string): string | undefined {
  const definition = configuration.tasks[task];
  return typeof definition === "object" ? definition.command : definition;
}

Deno.test("the npm import map replaces every import of deno.json", async (t) => {
  assertEquals(Object.keys(npmMap.imports).sort(), Object.keys(configuration.imports).sort());
  for (const [name, specifier] of Object.entries(configuration.imports)) {
    await t.step(name, async () => {
      if (!specifier.startsWith("jsr:")) return assertEquals(npmMap.imports[name], specifier);
      const file = new URL(npmMap.imports[name], new URL("tools/", ROOT));
      assert((await Deno.stat(file)).isFile);
    });
  }
});

Deno.test("packages of tests stand in the scope of their folder, in both maps", () => {
  const scopes = Object.entries(npmMap.scopes).map(([folder, imports]) => [folder.replace("../", "./"), imports]);
  assertEquals(Object.fromEntries(scopes), configuration.scopes);
});

Deno.test("what every task would download is not among the imports", () => {
  // `deno task` installs the npm packages of `imports` before any task, also before `start`
  assertEquals(Object.values(configuration.imports).filter((specifier) => !specifier.startsWith("jsr:@std/")), []);
});

Deno.test("every suite has a task, and every task of a suite a suite", () => {
  const tasks = Object.keys(configuration.tasks).filter((task) => task.startsWith("test:"));
  assertEquals(tasks.sort(), SUITES.map((suite) => `test:${suite.name}`).sort());
  for (const { name } of SUITES) assertEquals(command(`test:${name}`), `deno run -A tools/test.ts --only ${name}`);
});

Deno.test("every test file belongs to a suite", async () => {
  const tests = (await readSources(ROOT)).map(({ path }) => path).filter((path) => path.endsWith("_test.ts"));
  const strays = tests.filter((path) => !SUITES.some(({ name }) => path.startsWith(`tests/${name}/`)));
  assertEquals(strays, []);
});

Deno.test("the inner rooms are tested without any permission", () => {
  for (const name of ["packets", "topics", "session", "hook"]) {
    assertEquals(SUITES.find((suite) => suite.name === name)?.permissions, []);
  }
});

Deno.test("no suite has more of the network or of the disk than it names", () => {
  const flags = SUITES.flatMap((suite) => permissionFlags(suite, { temporary: "/own", deno: "/bin/deno" }));
  assertEquals(flags.filter((flag) => !flag.startsWith("--allow-")), []);
  for (const open of ["--allow-all", "--allow-net", "--allow-run", "--allow-read", "--allow-write"]) {
    assertEquals(flags.filter((flag) => flag === open), []);
  }
  const written = new Set(flags.filter((flag) => flag.startsWith("--allow-write")));
  assertEquals([...written], ["--allow-write=/own"]);
});

Deno.test("the version in the code is the version of the package", async () => {
  const source = await Deno.readTextFile(new URL("src/broker/core/version.ts", ROOT));
  assertStringIncludes(source, `"${configuration.version}"`);
});

Deno.test("every check is a task", () => {
  for (const check of CHECKS) assert(command(check) !== undefined, check);
});

Deno.test("every entry point exists", async () => {
  for (const file of Object.values(configuration.exports)) assert((await Deno.stat(new URL(file, ROOT))).isFile, file);
});
