/** Runs the runner on a small checkout of its own. */

import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { childEnvironment } from "../../tools/run_suite.ts";
import { readArguments } from "../../tools/test.ts";
import { SUITES } from "../../tools/suites.ts";
import { ROOT } from "../../tools/package.ts";

/** Copies the tools and writes the tests. */
async function makeCheckout(tests: Record<string, string>): Promise<URL> {
  const folder = await Deno.makeTempDir();
  await Deno.mkdir(`${folder}/tools`);
  for (const name of ["test.ts", "run_suite.ts", "suites.ts", "junit.ts", "registry.ts", "npm_import_map.json"]) {
    await Deno.copyFile(new URL(`tools/${name}`, ROOT), `${folder}/tools/${name}`);
  }
  await Deno.writeTextFile(`${folder}/deno.json`, "{}");
  for (const [path, text] of Object.entries(tests)) {
    await Deno.mkdir(`${folder}/tests/${path.split("/")[0]}`, { recursive: true });
    await Deno.writeTextFile(`${folder}/tests/${path}`, text);
  }
  return new URL(`file://${folder}/`);
}

async function run(tests: Record<string, string>, ...args: string[]) {
  const root = await makeCheckout(tests);
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "tools/test.ts", "--no-check", ...args],
    cwd: root,
    env: { MOCHI_REGISTRY_FLAGS: "", NO_COLOR: "1" },
  });
  const { code, stdout, stderr } = await command.output();
  const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  const totals = JSON.parse(await Deno.readTextFile(new URL("test-results/totals.json", root)).catch(() => "null"));
  return { code, output, totals, root };
}

const PASSES = `Deno.test("passes", () => {});\n`;
const FAILS = `Deno.test("fails", () => { throw new Error("the reason"); });\n`;

Deno.test("suites that pass: one line each and one total", async () => {
  const { code, output, totals } = await run({ "packets/a_test.ts": PASSES + FAILS.replace("throw", "//") + "});\n" });
  assertEquals(code, 0, output);
  assertEquals({ ...totals, seconds: 0 }, { passed: 2, failed: 0, skipped: 0, seconds: 0 });
  assertMatch(output, /total: 2 passed, 0 failed, 0 skipped \(\d+s\)\n$/);
});

Deno.test("a test that fails is named, with its reason, and what passed is not", async () => {
  const { code, output, totals } = await run({ "packets/a_test.ts": PASSES + FAILS, "topics/b_test.ts": PASSES });
  assertEquals(code, 1);
  assertEquals([totals.passed, totals.failed], [2, 1]);
  assertMatch(output, /^FAILED packets: 1 passed, 1 failed/m);
  assertMatch(output, /^ok {5}topics: 1 passed, 0 failed/m);
  assertMatch(output, /^ +failed: fails$/m);
  assertStringIncludes(output, "the reason");
  assert(!output.includes("passes ... ok"), output);
});

Deno.test("a failure outside of tests counts", async () => {
  const { code, output, totals } = await run({ "packets/a_test.ts": PASSES, "packets/b_test.ts": "throw 1;\n" });
  assertEquals([code, totals.failed], [1, 1], output);
});

Deno.test("a file that cannot be read as a module counts", async () => {
  const { code, output, totals } = await run({ "packets/a_test.ts": "((\n" });
  assertEquals([code, totals.passed, totals.failed], [1, 0, 1], output);
});

Deno.test("a test that leaves an operation or a resource behind fails", async () => {
  const operation = `Deno.test("leaks", () => void crypto.subtle.digest("SHA-512", new Uint8Array(2 ** 27)));\n`;
  const resource = `Deno.test("leaks", () => void Deno.listen({ hostname: "127.0.0.1", port: 0 }));\n`;
  for (const leak of [operation, resource]) {
    const { code, output, totals } = await run({ "broker/a_test.ts": leak });
    assertEquals([code, totals.failed], [1, 1], output);
    assertMatch(output, /leak/i);
  }
});

Deno.test("a suite has its own permissions only", async () => {
  const reads = `Deno.test("reads", () => { Deno.readTextFileSync("deno.json"); });\n`;
  const writes = `Deno.test("writes", () => { Deno.makeTempDirSync(); });\n`;
  const packets = await run({ "packets/a_test.ts": reads });
  assertEquals([packets.code, packets.totals.failed], [1, 1]);
  const others = await run({ "cli/a_test.ts": reads, "storage/a_test.ts": writes });
  assertEquals([others.code, others.totals.passed], [0, 2], others.output);
});

Deno.test("a suite inherits the environment, but not what the linker is told: Deno starts no program then", () => {
  const inherited = { LD_LIBRARY_PATH: "/lib", DYLD_INSERT_LIBRARIES: "x", PATH: "/bin", OLD_LD_PATH: "/old" };
  const { PATH, OLD_LD_PATH, ...rest } = childEnvironment(inherited);
  assertEquals([PATH, OLD_LD_PATH], ["/bin", "/old"]);
  assertEquals(Object.keys(rest).filter((name) => name.includes("LD")), []);
  assertEquals(childEnvironment({ DENO_TLS_CA_STORE: "system" }).DENO_TLS_CA_STORE, "system");
});

Deno.test("a suite that wants to be alone comes last", async () => {
  assert(SUITES.find(({ name }) => name === "e2e")?.alone);
  const { output, totals } = await run({ "e2e/a_test.ts": PASSES, "tools/a_test.ts": PASSES });
  assertEquals(totals.passed, 2);
  assertMatch(output, /ok {5}tools:[^]*ok {5}e2e:/);
});

Deno.test("the folder of a suite is removed", async () => {
  const writes = `Deno.test("writes", () => {
    Deno.writeTextFileSync(Deno.env.get("TMPDIR") + "/file", "");
    throw new Error("in " + Deno.env.get("TMPDIR") + ".");
  });\n`;
  const { output } = await run({ "storage/a_test.ts": writes });
  const folder = /in (\S+mochi_storage_\w+)\./.exec(output)?.[1];
  assert(folder !== undefined, output);
  assertEquals(await Deno.stat(folder).catch(() => "gone"), "gone");
});

Deno.test("skipped tests are named", async () => {
  const skipped = `Deno.test({ name: "needs it (paho not installed)", ignore: true, fn() {} });\n`;
  const { code, output, totals } = await run({ "packets/a_test.ts": skipped + PASSES, "topics/b_test.ts": PASSES });
  assertEquals([code, totals.skipped], [0, 1]);
  assertMatch(output, /^ +skipped: needs it \(paho not installed\)$/m);
});

Deno.test("types are checked once, and count", async () => {
  const root = await makeCheckout({ "packets/a_test.ts": `const a: number = "text";\nvoid a;\n${PASSES}` });
  const command = { args: ["run", "-A", "tools/test.ts"], cwd: root, env: { MOCHI_REGISTRY_FLAGS: "", NO_COLOR: "1" } };
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), command).output();
  const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assertEquals(code, 1);
  assertStringIncludes(output, "TS2322");
  assertMatch(output, /total: 1 passed, 1 failed/);
});

Deno.test("what follows goes to deno test", async () => {
  const { code, totals } = await run(
    { "packets/a_test.ts": PASSES + FAILS },
    "--only",
    "packets",
    "--filter",
    "passes",
  );
  assertEquals([code, totals.passed, totals.failed], [0, 1, 0]);
});

Deno.test("files replace the folder", async () => {
  const tests = { "packets/a_test.ts": PASSES, "packets/b_test.ts": FAILS };
  const { code, totals } = await run(tests, "--only=packets", "tests/packets/a_test.ts");
  assertEquals([code, totals.passed], [0, 1]);
});

Deno.test("a suite that hangs is stopped, and the test that hangs is named", async () => {
  const hangs = `Deno.test("hangs", async () => { await new Promise((r) => setTimeout(r, 60_000)); });\n`;
  const root = await makeCheckout({ "packets/a_test.ts": hangs });
  const script = `import { runSuite } from "./tools/run_suite.ts";
    const options = { registry: [], passOn: [], direct: false };
    const outcome = await runSuite({ name: "packets", permissions: [], limitSeconds: 1 }, options);
    console.log(JSON.stringify(outcome));`;
  await Deno.mkdir(new URL("test-results", root));
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", script], cwd: root }).output();
  const outcome = JSON.parse(new TextDecoder().decode(stdout));
  assertEquals(outcome.failed.length, 1);
  assertMatch(outcome.output, /tests were pending:[^]*hangs/);
  assertStringIncludes(outcome.output, "not done after 1 seconds");
});

Deno.test("a suite that does not exist is an error", async () => {
  assertThrows(() => readArguments(["--only", "brokers"]), Error, 'Cannot run suite "brokers"');
  assertEquals((await run({}, "--only", "brokers")).code, 2);
});

Deno.test("without a name all suites run", () => {
  assertEquals(readArguments([]).suites, SUITES);
  assertEquals(readArguments(["--", "--only", "hook,broker"]).suites.map((suite) => suite.name), ["hook", "broker"]);
});
