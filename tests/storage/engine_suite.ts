/** What every engine has to do, run for each of them.
 * @module */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Program, testWith } from "../helpers/programs.ts";
import type { Changes, GroupChanges, StorageEngine } from "../../hooks/storage/engine.ts";

/** Makes engines: all of one place are over the same data. */
export interface Place extends AsyncDisposable {
  engine(): StorageEngine;
}

/** `{ group: { item: value, other: undefined } }` as changes; `"-group"` drops it before. */
export function changes(groups: Record<string, Record<string, Uint8Array | undefined>>): Changes {
  const all = new Map<string, GroupChanges>();
  for (const [name, items] of Object.entries(groups)) {
    const dropped = name.startsWith("-");
    all.set(dropped ? name.slice(1) : name, { dropped, items: new Map(Object.entries(items)) });
  }
  return all;
}

/** Everything that an engine holds, as `group/item`. */
export async function contents(engine: StorageEngine, prefix = ""): Promise<Map<string, Uint8Array>> {
  const all = new Map<string, Uint8Array>();
  for await (const page of engine.scan(prefix)) {
    for (const { group, item, value } of page) {
      assert(!all.has(`${group}/${item}`), `${group}/${item} comes twice`);
      all.set(`${group}/${item}`, new Uint8Array(value));
    }
  }
  return all;
}

/** Bytes that differ from their neighbours and from those of another seed. */
export function pattern(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) bytes[index] = index * 31 + (index >> 8) * 7 + seed;
  return bytes;
}

const one = Uint8Array.of(1), two = Uint8Array.of(2);

async function open(place: Place): Promise<StorageEngine> {
  const engine = place.engine();
  await engine.open();
  return engine;
}

async function reopened(place: Place, engine: StorageEngine): Promise<StorageEngine> {
  await engine.close();
  return await open(place);
}

/** Registers the tests. */
export function testEngine(name: string, makePlace: () => Promise<Place>, ...programs: Program[]): void {
  const test = (title: string, run: (place: Place) => Promise<void>) =>
    testWith(programs, `${name}: ${title}`, async () => {
      await using place = await makePlace();
      await run(place);
    });

  test("keeps what was committed", async (place) => {
    let engine = await open(place);
    await engine.commit(changes({ a: { x: one, y: two }, b: { x: two } }));
    assertEquals(await contents(engine), new Map([["a/x", one], ["a/y", two], ["b/x", two]]));
    engine = await reopened(place, engine);
    assertEquals(await contents(engine), new Map([["a/x", one], ["a/y", two], ["b/x", two]]));
    await engine.close();
  });

  test("replaces and removes items", async (place) => {
    let engine = await open(place);
    await engine.commit(changes({ a: { x: one, y: one, z: one } }));
    await engine.commit(changes({ a: { x: two, y: undefined, never: undefined }, gone: { never: undefined } }));
    assertEquals(await contents(engine), new Map([["a/x", two], ["a/z", one]]));
    engine = await reopened(place, engine);
    assertEquals(await contents(engine), new Map([["a/x", two], ["a/z", one]]));
    await engine.close();
  });

  test("drops a group, and puts into it in the same commit", async (place) => {
    let engine = await open(place);
    await engine.commit(changes({ a: { x: one, y: one }, ab: { x: one }, b: { x: one } }));
    await engine.commit(changes({ "-a": { y: two, z: two, x: undefined }, "-b": {}, "-never": {} }));
    assertEquals(await contents(engine), new Map([["a/y", two], ["a/z", two], ["ab/x", one]]));
    await engine.commit(changes({ b: { n: two } }));
    engine = await reopened(place, engine);
    assertEquals(await contents(engine), new Map([["a/y", two], ["a/z", two], ["ab/x", one], ["b/n", two]]));
    await engine.close();
  });

  test("reads the groups with a prefix, each in one piece", async (place) => {
    const engine = await open(place);
    const groups: Record<string, Record<string, Uint8Array>> = {};
    for (let group = 0; group < 70; group++) {
      groups[`c${group}`] = {};
      for (let item = 0; item < 50; item++) groups[`c${group}`][`o${item}`] = one;
    }
    await engine.commit(changes({ ...groups, b: { x: one }, d: { x: one } }));
    assertEquals((await contents(engine, "c")).size, 3_500);
    assertEquals((await contents(engine, "")).size, 3_502);
    assertEquals((await contents(engine, "x")).size, 0);
    const order: string[] = [];
    for await (const page of engine.scan("c")) {
      for (const { group } of page) if (order.at(-1) !== group) order.push(group);
    }
    assertEquals(order.length, 70);
    await engine.close();
  });

  test("takes any text as a name", async (place) => {
    const names = [
      "",
      "__proto__",
      "a:b",
      "a/b",
      "{x}",
      "*",
      "ä\u{1f4a1}",
      "\u0000",
      "\uffff",
      "\u{10ffff}",
      " ",
      "x".repeat(90),
    ];
    const expected = new Map<string, Uint8Array>();
    const all = new Map<string, GroupChanges>();
    names.forEach((group, first) => {
      const items = new Map(names.map((item, second) => [`i${item}`, Uint8Array.of(first, second)]));
      all.set(`g${group}`, { dropped: false, items });
      for (const [item, value] of items) expected.set(`g${group}/${item}`, value);
    });
    let engine = await open(place);
    await engine.commit(all);
    engine = await reopened(place, engine);
    assertEquals(await contents(engine), expected);
    await engine.close();
  });

  for (const size of [0, 1, 65_535, 65_536, 65_537, 1_048_576, 10_485_760]) {
    test(`keeps a value of ${size} bytes`, async (place) => {
      let engine = await open(place);
      await engine.commit(changes({ a: { small: one, large: pattern(size, 1), other: pattern(size, 2) } }));
      engine = await reopened(place, engine);
      assertSame(await contents(engine), { "a/small": one, "a/large": pattern(size, 1), "a/other": pattern(size, 2) });
      await engine.commit(changes({ a: { large: pattern(size, 3), other: two } }));
      assertSame(await contents(engine), { "a/small": one, "a/large": pattern(size, 3), "a/other": two });
      await engine.commit(changes({ "-a": { small: two } }));
      engine = await reopened(place, engine);
      assertSame(await contents(engine), { "a/small": two });
      await engine.close();
    });
  }

  test("commits more than one atomic takes", async (place) => {
    let engine = await open(place);
    const expected: Record<string, Uint8Array> = {}, items: Record<string, Uint8Array> = {};
    for (let index = 0; index < 5_000; index++) {
      items[`o${index}`] = pattern(index % 2_000, index);
      expected[`a/o${index}`] = items[`o${index}`];
    }
    await engine.commit(changes({ a: items }));
    engine = await reopened(place, engine);
    assertSame(await contents(engine), expected);
    await engine.commit(changes({ "-a": { o1: two } }));
    engine = await reopened(place, engine);
    assertSame(await contents(engine), { "a/o1": two });
    await engine.close();
  });

  test("commits many long names", async (place) => {
    let engine = await open(place);
    const groups: Record<string, Record<string, Uint8Array>> = {};
    for (let index = 0; index < 1_500; index++) groups[`${"g".repeat(100)}${index}`] = { ["ä".repeat(50)]: one };
    await engine.commit(changes(groups));
    engine = await reopened(place, engine);
    assertEquals((await contents(engine)).size, 1_500);
    await engine.close();
  });

  test("does not look at the bytes after the commit, and gives away its own", async (place) => {
    const engine = await open(place), shared = pattern(100), before = shared.slice(10, 20);
    await engine.commit(changes({ a: { x: shared.subarray(10, 20) } }));
    shared.fill(0);
    for await (const page of engine.scan("")) {
      assertEquals(new Uint8Array(page[0].value), before);
      page[0].value.fill(9);
    }
    assertEquals(await contents(engine), new Map([["a/x", before]]));
    await engine.close();
  });

  test("refuses a second broker until the first has gone", async (place) => {
    const engine = await open(place);
    await engine.commit(changes({ a: { x: one } }));
    await assertRejects(() => place.engine().open(), Error, "another broker");
    await engine.commit(changes({ a: { y: one } })); // the first one goes on
    const next = await reopened(place, engine);
    assertEquals((await contents(next)).size, 2);
    await next.close();
  });

  test("says that it works", async (place) => {
    const engine = await open(place);
    assert(engine.healthy());
    await engine.commit(new Map());
    await engine.close();
  });
}

function assertSame(found: Map<string, Uint8Array>, expected: Record<string, Uint8Array>): void {
  assertEquals([...found.keys()].sort(), Object.keys(expected).sort());
  for (const [key, value] of found) assert(sameBytes(value, expected[key]), `${key} differs`);
}

/** Much faster than assertEquals for 10 MiB. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
