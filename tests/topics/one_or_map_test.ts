import { assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { appendAll, countOf, dropOne, getOne, itemsOf, type OneOrMap, putOne } from "../../src/topics/one_or_map.ts";

interface Item {
  readonly key: string;
}

const keyOf = (item: Item) => item.key;
const [a, b, c] = ["a", "b", "c"].map((key): Item => ({ key }));

function all(held: OneOrMap<string, Item>): Item[] {
  const target: Item[] = [];
  appendAll(held, target);
  assertEquals([...itemsOf(held)], target);
  assertEquals(countOf(held), target.length);
  return target;
}

Deno.test("nothing, one item and several items are kept in the smallest form", () => {
  let held: OneOrMap<string, Item> = undefined;
  assertEquals([all(held), getOne<string, Item>(held, "a", keyOf)], [[], undefined]);
  held = putOne<string, Item>(held, a, keyOf);
  assertStrictEquals(held, a);
  const renewed = { key: "a" };
  held = putOne(held, renewed, keyOf);
  assertStrictEquals(held, renewed);
  assertEquals([getOne(held, "a", keyOf), getOne(held, "b", keyOf)], [renewed, undefined]);
  held = putOne(putOne(held, b, keyOf), c, keyOf);
  assertInstanceOf(held, Map);
  assertEquals(all(putOne(held, a, keyOf)), [a, b, c]);
  held = dropOne(dropOne(held, "a", keyOf), "x", keyOf);
  assertEquals(all(held), [b, c]);
  held = dropOne(held, "c", keyOf);
  assertStrictEquals(held, b);
  assertStrictEquals(dropOne(held, "x", keyOf), b);
  assertEquals(dropOne(held, "b", keyOf), undefined);
  assertEquals(dropOne<string, Item>(undefined, "b", keyOf), undefined);
});
