/** A cache of matches, and what is put into it. */
import { FilterLeaf } from "../../src/topics/filter_leaf.ts";
import { LevelTrie } from "../../src/topics/level_trie.ts";
import { type FoundMatch, MatchCache } from "../../src/topics/match_cache.ts";
import type { MatchResult } from "../../src/topics/match_result.ts";

/** What there may be of a result that matters to the cache. */
interface Made {
  readonly subscribers?: number;
  readonly bytes?: number;
  readonly isLong?: boolean;
}

/** A cache that begins. */
export function cacheOf(topics: number, bytes = 1_000_000): MatchCache<string> {
  return new MatchCache<string>({ topics, bytes, sizeOf: () => 0 });
}

/** A result with nobody in it, or with so many. */
export function found(
  { subscribers = 0, bytes = 0, isLong = false }: Made = {},
): Omit<FoundMatch<string>, "generation"> {
  const result = { subscribers: Array.from({ length: subscribers }), shares: [] } as unknown as MatchResult<string>;
  return { result, bytes, isLong };
}

/** Puts a result into a cache. */
export function remember(cache: MatchCache<string>, topic: string, made?: Made): MatchResult<string> {
  const match = { ...found(made), generation: cache.generation };
  cache.set(topic, match);
  return match.result;
}

/** Somebody has changed a subscription. */
export function changeOf(filter: string): Parameters<MatchCache<string>["change"]>[0] {
  const make = (path: string) => new FilterLeaf<string>(path), hasWildcard = /[+#]/.test(filter);
  const holder = hasWildcard ? new LevelTrie<FilterLeaf<string>>().getOrAdd(filter, make) : make(filter);
  return { holder, subscriber: "somebody" };
}
