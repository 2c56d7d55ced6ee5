import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { loadSettings } from "../../src/cli/load_settings.ts";
import { parseArguments } from "../../src/cli/args.ts";
import { checkStorePlace, mayWrite } from "../../src/cli/store_place.ts";
import { UsageError } from "../../src/cli/usage_error.ts";
import { ANY_PORT, BrokerProcess } from "./broker_process.ts";

const place = (path: string) => checkStorePlace({ kind: "kv", path });

Deno.test("a file of Deno KV that can be made or used is right, and nothing is made", async () => {
  const folder = await Deno.makeTempDir(), there = `${folder}/there`;
  await Deno.writeTextFile(there, "x");
  for (const path of [`${folder}/new`, `${folder}/not/there/yet`, there, ":memory:"]) await place(path);
  assertEquals(Array.from(Deno.readDirSync(folder), ({ name }) => name), ["there"]);
  assertEquals(await Deno.readTextFile(there), "x");
  await checkStorePlace({ kind: "memory" });
  await checkStorePlace({ kind: "redis", url: "redis://h" });
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a path of Deno KV that cannot be is named with the reason", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/file`, "x");
  const wrong: [path: string, reason: string][] = [
    [folder, "it is a folder, expected a file"],
    [`${folder}/file/broker.kv`, `${folder}/file is no folder`],
    [`${folder}/file/a/b/broker.kv`, `${folder}/file is no folder`],
  ];
  for (const [path, reason] of wrong) {
    const expected = `--data, --store or hooks.storage.kv: cannot use ${path}: ${reason}`;
    assertEquals((await assertRejects(() => place(path), UsageError)).message.slice(0, expected.length), expected);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("who may write into a folder", () => {
  const rows: [mode: number | null, uid: number, owner: number, may: boolean][] = [
    [0o700, 5, 5, true],
    [0o500, 5, 5, false],
    [0o077, 5, 5, false],
    [0o600, 5, 5, false],
    [0o755, 5, 6, false],
    [0o757, 5, 6, true],
    [0o775, 5, 6, true], // its group may be one of the process'
    [0o766, 5, 6, false],
    [0o000, 0, 6, true],
    [null, 5, 6, true],
  ];
  for (const [mode, uid, owner, may] of rows) assertEquals(mayWrite({ mode, uid: owner }, uid), may, `${mode} ${uid}`);
});

Deno.test("--check tells of a store that cannot be together with everything else", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/file`, "");
  for (const store of [["--data", `${folder}/file`], ["--store", `kv:${folder}/file/x`]]) {
    const { code, err } = await BrokerProcess.run(["--check", "--tls", ANY_PORT, ...store]);
    assertEquals(code, 2);
    assertMatch(
      err,
      /^--tls: has no certificate.*\n--tls: has no private key.*\n--data, --store or .* is no folder.*\n$/,
    );
  }
  const right = await BrokerProcess.run(["--check", "--tcp", ANY_PORT, "--data", `${folder}/data`]);
  assertEquals([right.code, right.err], [0, ""]);
  assertEquals(Array.from(Deno.readDirSync(folder), ({ name }) => name), ["file"]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a store of Deno KV in memory is no file beside the configuration", async () => {
  const text = JSON.stringify({ hooks: { auth: { allow_all: true }, storage: { kv: { path: ":memory:" } } } });
  const read = () => Promise.resolve(text);
  const { store } = await loadSettings(parseArguments(["--config", "conf/c.json"]), {
    readFile: read,
    readStdin: read,
  });
  assertEquals(store, { kind: "kv", path: ":memory:" });
});
