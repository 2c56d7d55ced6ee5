/** Large stores of Deno KV are read in a thread of its own, and in this one where there cannot be another. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { kvEngine } from "../../hooks/storage/kv_open.ts";
import { readApart } from "../../hooks/storage/kv_reader.ts";
import type { Changes, StorageEngine } from "../../hooks/storage/engine.ts";

const GROUPS = 40, ITEMS = 600;

/** Bytes that tell which item they belong to; some are too large for one value of Deno KV. */
function valueOf(group: number, item: number): Uint8Array {
  const large = group % 10 === 9 && item === 17;
  return new Uint8Array(large ? 150_000 : item % 90).fill(group * 7 + item);
}

function nameOf(group: number): string {
  return `c=${"ä".repeat(group % 3)}${String(group).padStart(3, "0")}`;
}

async function fill(engine: StorageEngine): Promise<void> {
  for (let group = 0; group < GROUPS; group++) {
    const items = new Map<string, Uint8Array | undefined>();
    for (let item = 0; item < ITEMS; item++) items.set(`o${item}ü`, valueOf(group, item));
    const changes: Changes = new Map([[nameOf(group), { dropped: false, items }]]);
    await engine.commit(changes);
  }
}

/** Reads everything; the items of a group have to come together. */
async function check(engine: StorageEngine): Promise<void> {
  const seen = new Map<string, number>();
  let last = "";
  for await (const page of engine.scan("c")) {
    for (const { group, item, value } of page) {
      if (group !== last) assert(!seen.has(group), "a group is divided");
      last = group;
      seen.set(group, (seen.get(group) ?? 0) + 1);
      assertEquals(value, valueOf(Number(group.slice(-3)), parseInt(item.slice(1))), `${group} ${item}`);
    }
  }
  assertEquals(seen.size, GROUPS);
  for (const [group, items] of seen) assertEquals(items, ITEMS, group);
}

Deno.test("a large store is read completely, with a thread and where there is none", async () => {
  const folder = await Deno.makeTempDir(), { Worker } = globalThis;
  let threads = 0;
  try {
    const engine = kvEngine({ path: `${folder}/broker.kv` });
    await engine.open();
    await fill(engine);
    globalThis.Worker = class extends Worker {
      constructor(...args: ConstructorParameters<typeof Worker>) {
        super(...args);
        threads++;
      }
    };
    await check(engine);
    assertEquals(threads, 1);
    let read = 0;
    for await (const page of engine.scan("c")) if ((read += page.length) > 15_000) break; // the thread ends with its reader
    assertEquals(threads, 2);
    globalThis.Worker = class {
      constructor() {
        threads++;
        throw new Error("no threads here");
      }
    } as unknown as typeof Worker;
    await check(engine);
    assertEquals(threads, 3);
    await engine.close();
  } finally {
    globalThis.Worker = Worker;
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a thread that cannot read says why", async () => {
  const folder = await Deno.makeTempDir();
  const pages = readApart({ path: folder, start: ["a"], end: ["b"] })[Symbol.asyncIterator]();
  await assertRejects(() => pages.next(), Error, `Cannot read ${folder} in a thread: `);
  await Deno.remove(folder);
});
