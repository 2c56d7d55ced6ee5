/** A collection that costs nothing while it is empty and one reference while it holds one item. Most nodes, filters and
 * share groups hold exactly one, and an empty `Map` alone takes about 200 bytes.
 * @module */

/** Nothing, one item, or a `Map` of two and more in the order of arrival. An item may not be a `Map` itself. */
export type OneOrMap<K, V extends object> = V | Map<K, V> | undefined;

/**
 * Finds an item by its key.
 *
 * @param held the collection
 * @param key the key to find
 * @param keyOf tells the key of an item
 * @returns the item, or `undefined`
 */
export function getOne<K, V extends object>(held: OneOrMap<K, V>, key: K, keyOf: (item: V) => K): V | undefined {
  if (held === undefined) return undefined;
  if (held instanceof Map) return held.get(key);
  return keyOf(held) === key ? held : undefined;
}

/**
 * Adds an item, or puts it in the place of the one with the same key.
 *
 * @param held the collection
 * @param item the item to add
 * @param keyOf tells the key of an item
 * @returns the collection to keep from now on
 */
export function putOne<K, V extends object>(held: OneOrMap<K, V>, item: V, keyOf: (item: V) => K): OneOrMap<K, V> {
  if (held === undefined) return item;
  const key = keyOf(item);
  if (held instanceof Map) return held.set(key, item);
  const heldKey = keyOf(held);
  return heldKey === key ? item : new Map<K, V>().set(heldKey, held).set(key, item);
}

/**
 * Removes the item with a key, if it is there.
 *
 * @param held the collection
 * @param key the key to remove
 * @param keyOf tells the key of an item
 * @returns the collection to keep from now on
 */
export function dropOne<K, V extends object>(held: OneOrMap<K, V>, key: K, keyOf: (item: V) => K): OneOrMap<K, V> {
  if (held === undefined) return undefined;
  if (!(held instanceof Map)) return keyOf(held) === key ? undefined : held;
  held.delete(key);
  return held.size > 1 ? held : held.values().next().value;
}

/**
 * Tells how many items there are.
 *
 * @param held the collection
 * @returns the number of items
 */
export function countOf<K, V extends object>(held: OneOrMap<K, V>): number {
  if (held === undefined) return 0;
  return held instanceof Map ? held.size : 1;
}

/**
 * Appends all items to an array in the order of their arrival.
 *
 * @param held the collection
 * @param target the array that receives the items
 */
export function appendAll<K, V extends object>(held: OneOrMap<K, V>, target: V[]): void {
  if (held === undefined) return;
  if (!(held instanceof Map)) target.push(held);
  else for (const item of held.values()) target.push(item);
}

/**
 * Walks the items in the order of their arrival. The collection may change meanwhile: items that stay are met once.
 *
 * @param held the collection
 * @returns an iterator over the items
 */
export function itemsOf<K, V extends object>(held: OneOrMap<K, V>): IterableIterator<V> {
  if (held instanceof Map) return held.values();
  return (held === undefined ? [] : [held]).values();
}
