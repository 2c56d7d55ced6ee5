/** Reads hashes of Redis: many small ones at once, large ones in pages.
 * @module */
import type { Buffer } from "node:buffer";
import type { Entry } from "./engine.ts";
import type { RedisConnection } from "./redis_api.ts";

const HASHES_AT_ONCE = 256;
const PAGE = "1000";

type Reply = [cursor: Buffer, itemsAndValues: Buffer[]];

/**
 * Reads groups.
 *
 * @param connection where
 * @param groups their names
 * @param key makes the key of a group
 * @returns pages of items; those of one group come together
 */
export async function* readGroups(
  connection: RedisConnection,
  groups: readonly string[],
  key: (group: string) => string,
): AsyncIterable<readonly Entry[]> {
  const read = (group: string, cursor: string) =>
    connection.sendCommand(["HSCAN", key(group), cursor, "COUNT", PAGE]) as Promise<Reply>;
  for (let from = 0; from < groups.length; from += HASHES_AT_ONCE) {
    const some = groups.slice(from, from + HASHES_AT_ONCE);
    const replies = await Promise.all(some.map((group) => read(group, "0")));
    for (let index = 0; index < some.length; index++) {
      const group = some[index];
      let [cursor, list] = replies[index];
      const more = cursor.toString() !== "0", seen = more ? new Set<string>() : undefined;
      yield entries(group, list, seen);
      while (cursor.toString() !== "0") {
        [cursor, list] = await read(group, cursor.toString());
        yield entries(group, list, seen);
      }
    }
  }
}

/** A large hash may show an item twice. */
function entries(group: string, list: readonly Buffer[], seen: Set<string> | undefined): Entry[] {
  const found: Entry[] = [];
  for (let index = 0; index < list.length; index += 2) {
    const item = list[index].toString();
    if (seen?.has(item)) continue;
    seen?.add(item);
    found.push({ group, item, value: list[index + 1] });
  }
  return found;
}
