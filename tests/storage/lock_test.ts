import { assert, assertEquals, assertRejects } from "@std/assert";
import { fileURLToPath } from "node:url";
import { StoreLostError } from "../../hooks/storage/engine.ts";
import { type KvStore, openKv } from "../../hooks/storage/kv_api.ts";
import { KvEngine } from "../../hooks/storage/kv_engine.ts";
import { LeaseLock } from "../../hooks/storage/kv_lock.ts";
import { kvEngine } from "../../hooks/storage/kv_open.ts";
import { changes, contents, pattern } from "./engine_suite.ts";

const holder = fileURLToPath(new URL("./lock_holder.ts", import.meta.url));

/** Another process that opens the store, says so, and keeps it. */
async function holdElsewhere(path: string): Promise<Deno.ChildProcess> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--unstable-kv", holder, path],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.getReader(), { value } = await reader.read();
  await reader.cancel();
  assertEquals(new TextDecoder().decode(value).trim(), "open");
  return child;
}

Deno.test("kv: a process that was killed leaves no lock behind", async () => {
  const folder = await Deno.makeTempDir(), path = `${folder}/broker.kv`;
  const child = await holdElsewhere(path);
  const error = await assertRejects(() => kvEngine({ path }).open(), Error);
  assert(
    error.message.includes(`Cannot open store ${path}: another broker (process ${child.pid}) uses it`),
    error.message,
  );
  child.kill("SIGKILL");
  await child.status;
  const engine = kvEngine({ path });
  await engine.open();
  assertEquals([...(await contents(engine)).keys()], ["a/x"]);
  await engine.close();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("kv: a store that cannot be opened is named, and not locked", async () => {
  const folder = await Deno.makeTempDir(), path = `${folder}/broker.kv`;
  await Deno.writeTextFile(path, "this is not a database, and long enough to be seen as none".repeat(100));
  for (const wrong of [path, `${path}/below/a/file`, folder]) {
    await assertRejects(() => kvEngine({ path: wrong }).open(), Error, `Cannot open store ${wrong}: `);
  }
  await Deno.remove(path);
  const engine = kvEngine({ path });
  await engine.open();
  await engine.close();
  await Deno.remove(folder, { recursive: true });
});

for (const replaced of [false, true]) {
  Deno.test(`kv: nothing is taken once the file was ${replaced ? "replaced" : "deleted"}`, async () => {
    const folder = await Deno.makeTempDir(),
      path = `${folder}/broker.kv`,
      other = kvEngine({ path: `${folder}/other` });
    const engine = kvEngine({ path });
    await engine.open();
    await engine.commit(changes({ a: { x: pattern(1) } }));
    await other.open();
    await other.close();
    if (replaced) await Deno.rename(`${folder}/other`, path);
    else await Deno.remove(path);
    await assertRejects(
      () => engine.commit(changes({ a: { y: pattern(1) } })),
      StoreLostError,
      "was deleted or replaced",
    );
    await engine.close();
    await Deno.remove(folder, { recursive: true });
  });
}

Deno.test("kv: without the flag the error says what to add", async () => {
  const open = (Deno as { openKv?: unknown }).openKv;
  try {
    delete (Deno as { openKv?: unknown }).openKv;
    for (const path of [":memory:", undefined]) {
      const error = await assertRejects(() => kvEngine({ path }).open(), Error);
      assert(error.message.includes("--unstable-kv") && error.message.includes('"unstable": ["kv"]'), error.message);
    }
  } finally {
    Object.assign(Deno, { openKv: open });
  }
});

Deno.test("kv: stores in memory are apart", async () => {
  const first = kvEngine({ path: ":memory:" }), second = kvEngine({ path: ":memory:" });
  await first.open();
  await second.open();
  await first.commit(changes({ a: { x: pattern(3) } }));
  assertEquals((await contents(second)).size, 0);
  await first.close();
  await second.close();
});

/** A store like a host's: several connections, told apart by who closes them. */
function leased(kv: KvStore, milliseconds: number): KvEngine {
  const connection: KvStore = {
    get: (key) => kv.get(key),
    list: (selector, options) => kv.list(selector, options),
    atomic: () => kv.atomic(),
    close: () => {},
  };
  const lock = new LeaseLock(["test:lease"], milliseconds);
  return new KvEngine({ name: "test", prefix: "test", lock, open: () => Promise.resolve(connection) });
}

Deno.test("kv: a lease keeps others out, and is renewed", async () => {
  const kv = await openKv(":memory:"), first = leased(kv, 150);
  await first.open();
  for (let round = 0; round < 4; round++) {
    await assertRejects(() => leased(kv, 150).open(), Error, "another broker uses it");
    await first.commit(changes({ a: { [`x${round}`]: pattern(1) } }));
    await new Promise((resolve) => setTimeout(resolve, 70));
  }
  await first.close();
  const second = leased(kv, 150);
  await second.open();
  assertEquals((await contents(second)).size, 4);
  await second.close();
  kv.close();
});

Deno.test("kv: commits and renewals do not disturb each other", async () => {
  const kv = await openKv(":memory:"), engine = leased(kv, 15);
  await engine.open();
  for (let round = 0; round < 300; round++) await engine.commit(changes({ a: { [`x${round}`]: pattern(1) } }));
  assertEquals((await contents(engine)).size, 300);
  await engine.close();
  kv.close();
});

Deno.test("kv: who lost its lease writes nothing any more", async () => {
  const kv = await openKv(":memory:"), stalled = leased(kv, 60_000);
  await stalled.open();
  await kv.atomic().set(["test:lease"], { token: "x", until: 0 }).commit(); // as if the time had passed without a renewal
  const next = leased(kv, 60_000);
  await next.open();
  await next.commit(changes({ a: { x: pattern(1) } }));
  await assertRejects(() => stalled.commit(changes({ a: { y: pattern(1) } })), StoreLostError, "another broker");
  assertEquals([...(await contents(next)).keys()], ["a/x"]);
  await stalled.close();
  await next.commit(changes({ a: { z: pattern(1) } })); // its lease is not taken away by that
  await next.close();
  kv.close();
});
