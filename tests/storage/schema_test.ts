import { assertEquals, assertRejects } from "@std/assert";
import { MemoryEngine, MemoryStore } from "../../hooks/storage/memory_engine.ts";
import { prepareSchema, SCHEMA_VERSION } from "../../hooks/storage/schema.ts";
import { storageHook } from "../../hooks/storage/storage_hook.ts";
import { changes, contents } from "./engine_suite.ts";
import { hookContext } from "./world.ts";

const text = (value: string) => new TextEncoder().encode(value);

async function open(store: MemoryStore): Promise<MemoryEngine> {
  const engine = new MemoryEngine(store);
  await engine.open();
  return engine;
}

function versionOf(store: MemoryStore): string {
  return new TextDecoder().decode(store.groups.get("s")!.get("schema"));
}

Deno.test("a new store gets the present version, and keeps it", async () => {
  const store = new MemoryStore();
  for (let start = 0; start < 2; start++) {
    const hook = storageHook(new MemoryEngine(store));
    await hook.init!(undefined, hookContext());
    assertEquals(versionOf(store), String(SCHEMA_VERSION));
    await hook.stop!();
  }
});

for (const version of ["0", "2", "99", "x", ""]) {
  Deno.test(`a store of version "${version}" is refused, untouched and unlocked`, async () => {
    const store = new MemoryStore();
    store.groups.set("s", new Map([["schema", text(version)]]));
    for (let start = 0; start < 2; start++) {
      const hook = storageHook(new MemoryEngine(store));
      const error = await assertRejects(
        async () => await hook.init!(undefined, hookContext()),
        Error,
        "Cannot use memory",
      );
      assertEquals(error.message.includes("this broker knows version 1"), true);
    }
    assertEquals(versionOf(store), version);
  });
}

Deno.test("data without a version is refused", async () => {
  const store = new MemoryStore();
  store.groups.set("r", new Map([["=t", Uint8Array.of(0)]]));
  await assertRejects(
    async () => await prepareSchema(await open(store)),
    Error,
    "there is data in it without a version",
  );
});

Deno.test("counters alone are no version", async () => {
  const store = new MemoryStore();
  store.groups.set("s", new Map([["info", text("{}")]]));
  await assertRejects(async () => await prepareSchema(await open(store)), Error, "without a version");
});

Deno.test("older stores are brought forward step by step, also after an interruption", async () => {
  const store = new MemoryStore(), engine = await open(store), steps: string[] = [];
  store.groups.set("s", new Map([["schema", text("1")]]));
  let interrupted = true;
  const migrations = new Map([
    [1, async (target: MemoryEngine) => {
      steps.push("1 to 2");
      await target.commit(changes({ r: { "=a": text("two") } }));
    }],
    [2, async (target: MemoryEngine) => {
      steps.push("2 to 3");
      if (interrupted) throw new Error("power cut");
      await target.commit(changes({ r: { "=a": text("three") } }));
    }],
  ]);
  const target = { version: 3, migrations: migrations as never };
  await assertRejects(() => prepareSchema(engine, target), Error, "power cut");
  assertEquals(versionOf(store), "2");
  interrupted = false;
  await prepareSchema(engine, target);
  assertEquals(versionOf(store), "3");
  assertEquals(steps, ["1 to 2", "2 to 3", "2 to 3"]);
  assertEquals((await contents(engine, "r")).get("r/=a"), text("three"));
  await assertRejects(() => prepareSchema(engine, { version: 2, migrations: new Map() }), Error, "its version is 3");
  await engine.close();
});

Deno.test("the counters do not hide the version", async () => {
  const store = new MemoryStore();
  store.groups.set("s", new Map([["info", text("{}")], ["schema", text("1")]]));
  const engine = await open(store);
  await prepareSchema(engine);
  await engine.close();
  await engine.open();
  await engine.close();
});
