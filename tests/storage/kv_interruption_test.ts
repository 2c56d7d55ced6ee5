import { assert, assertEquals, assertRejects } from "@std/assert";
import { type KvAtomic, type KvEntry, type KvStore, openKv } from "../../hooks/storage/kv_api.ts";
import { KvEngine } from "../../hooks/storage/kv_engine.ts";
import { noLock } from "../../hooks/storage/kv_lock.ts";
import { changes, contents, pattern, sameBytes } from "./engine_suite.ts";

/** A store whose atomics fail from the nth on: before they happen, or after (the answer was lost). */
class FailingKv implements KvStore {
  left = Infinity;
  happens = false;
  atomics = 0;
  readonly #kv: KvStore;

  constructor(kv: KvStore) {
    this.#kv = kv;
  }

  get(key: Parameters<KvStore["get"]>[0]): Promise<KvEntry> {
    return this.#kv.get(key);
  }

  list(...args: Parameters<KvStore["list"]>): AsyncIterable<KvEntry> {
    return this.#kv.list(...args);
  }

  atomic(): KvAtomic {
    const atomic = this.#kv.atomic(), commit = atomic.commit.bind(atomic);
    atomic.commit = async () => {
      this.atomics++;
      if (this.left-- > 0) return await commit();
      if (this.happens && this.left === -1) await commit();
      throw new Error("no space left on device");
    };
    return atomic;
  }

  close(): void {
    this.#kv.close();
  }
}

function engineOver(kv: KvStore): KvEngine {
  return new KvEngine({ name: "test", prefix: "test", lock: noLock, open: () => Promise.resolve(kv) });
}

/** What lies about beside the items themselves. */
async function remains(kv: KvStore): Promise<string[]> {
  const found: string[] = [];
  for (const kind of ["j", "p"]) {
    for await (const { key } of kv.list({ prefix: [`test:${kind}`] })) found.push(key.join(" "));
  }
  if ((await kv.get(["test:j"])).value !== null) found.push("journal");
  return found;
}

async function pieces(kv: KvStore): Promise<number> {
  let count = 0;
  for await (const _ of kv.list({ prefix: ["test:v"] })) count++;
  return count;
}

type State = Record<string, Uint8Array>;

async function assertState(engine: KvEngine, expected: State, what: string): Promise<void> {
  const found = await contents(engine);
  assertEquals([...found.keys()].sort(), Object.keys(expected).sort(), what);
  for (const [key, value] of found) assert(sameBytes(value, expected[key]), `${what}: ${key} differs`);
}

const large = (seed: number) => pattern(200_000, seed);
const many = (prefix: string, count: number, seed: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`${prefix}${index}`, pattern(300, seed + index)]));
const inGroup = (group: string, items: State) =>
  Object.fromEntries(Object.entries(items).map(([item, value]) => [`${group}/${item}`, value]));

/** Before, and a commit that changes it. */
const cases: {
  name: string;
  before: Record<string, State>;
  commit: Record<string, Record<string, Uint8Array | undefined>>;
  after: State;
}[] = [
  {
    name: "a small commit",
    before: { a: { x: pattern(10), y: pattern(20) } },
    commit: { a: { x: pattern(30), y: undefined, z: pattern(5) }, b: { x: pattern(1) } },
    after: { "a/x": pattern(30), "a/z": pattern(5), "b/x": pattern(1) },
  },
  {
    name: "large values",
    before: { a: { x: large(1), y: large(2), s: pattern(9) } },
    commit: { a: { x: large(3), y: undefined, z: large(4), s: large(5) } },
    after: { "a/x": large(3), "a/z": large(4), "a/s": large(5) },
  },
  {
    name: "a large value that becomes small",
    before: { a: { x: large(1) } },
    commit: { a: { x: pattern(3) } },
    after: { "a/x": pattern(3) },
  },
  {
    name: "more than one atomic",
    before: { a: many("o", 1_500, 1), b: { x: large(1) } },
    commit: { "-a": many("n", 1_400, 2), b: { x: undefined, y: large(2) }, c: { x: pattern(7) } },
    after: { ...inGroup("a", many("n", 1_400, 2)), "b/y": large(2), "c/x": pattern(7) },
  },
];

const marker = pattern(1);

for (const { name, before, commit: without, after: afterWithout } of cases) {
  const commit = { ...without, z: { new: marker } }, after = { ...afterWithout, "z/new": marker };
  const old = Object.assign({}, ...Object.entries(before).map(([group, items]) => inGroup(group, items))) as State;
  for (const happens of [false, true]) {
    Deno.test(`kv: ${name}, interrupted at every atomic${happens ? " whose answer is lost" : ""}`, async () => {
      let reached = 0, sawOld = 0, sawNew = 0;
      for (let fails = 0; fails <= reached; fails++) {
        const kv = new FailingKv(await openKv(":memory:")), first = engineOver(kv);
        await first.open();
        await first.commit(changes(before));
        assertEquals(await remains(kv), []);
        kv.atomics = 0;
        kv.left = fails;
        kv.happens = happens;
        const done = await first.commit(changes(commit)).then(() => true, () => false);
        reached = done && kv.left >= 0 ? -1 : fails + 1;

        kv.left = Infinity; // the process ends here; another one opens the store
        const second = engineOver(kv);
        await second.open();
        const isNew = (await contents(second)).has("z/new");
        if (done) assert(isNew, "a commit that succeeded is there");
        await assertState(second, isNew ? after : old, `after ${fails} atomics`);
        if (isNew) sawNew++;
        else sawOld++;
        assertEquals(await remains(kv), [], `after ${fails} atomics`);
        const expected = Object.values(isNew ? after : old).reduce(
          (sum, { length }) => sum + (length > 65_536 ? Math.ceil(length / 65_536) : 0),
          0,
        );
        assertEquals(await pieces(kv), expected, `pieces after ${fails} atomics`);
        kv.close();
      }
      assert(sawOld > 0 || happens, "some attempt did not get there");
      assert(sawNew > 0, "some attempt got there");
    });

    Deno.test(`kv: ${name}, tried again after every failure${happens ? " whose answer is lost" : ""}`, async () => {
      let goesOn = true;
      for (let fails = 0; goesOn; fails++) {
        const kv = new FailingKv(await openKv(":memory:")), engine = engineOver(kv);
        await engine.open();
        await engine.commit(changes(before));
        kv.left = fails;
        kv.happens = happens;
        await engine.commit(changes(commit)).catch(() => {});
        goesOn = kv.left < 0;
        kv.left = Infinity;
        await engine.commit(changes(commit));
        await assertState(engine, after, `after ${fails} atomics`);
        await engine.commit(changes({ last: { x: pattern(1) } }));
        assertEquals(await remains(kv), []);
        kv.close();
      }
    });
  }
}

Deno.test("kv: pieces that are missing are told", async () => {
  const kv = await openKv(":memory:"), engine = engineOver(kv);
  await engine.open();
  await engine.commit(changes({ a: { x: large(1) } }));
  for await (const { key } of kv.list({ prefix: ["test:v"] })) {
    await kv.atomic().delete(key).commit();
    break;
  }
  await assertRejects(() => contents(engine), Error, "3 of 4 pieces");
  kv.close();
});

Deno.test("kv: stores with different prefixes share a file", async () => {
  const kv = await openKv(":memory:"), first = engineOver(kv);
  const second = new KvEngine({ name: "test", prefix: "tes", lock: noLock, open: () => Promise.resolve(kv) });
  for (const engine of [first, second]) await engine.open();
  await first.commit(changes({ a: { x: pattern(1) } }));
  await second.commit(changes({ a: { y: large(1) }, b: {} }));
  await assertState(first, { "a/x": pattern(1) }, "first");
  await assertState(second, { "a/y": large(1) }, "second");
  kv.close();
});
