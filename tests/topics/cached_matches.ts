/** A cache of matches, and what is put into it. */
import type { Change } from "../../src/topics/change_log.ts";
import { FilterLeaf } from "../../src/topics/filter_leaf.ts";
import { LevelTrie } from "../../src/topics/level_trie.ts";
import { type FoundMatch, MatchCache } from "../../src/topics/match_cache.ts";
import type { MatchResult } from "../../src/topics/match_result.ts";
import { parseTopicFilter } from "../../src/topics/topic_filter.ts";

/** What there may be of a result that matters to the cache. */
interface Made {
  readonly subscribers?: number;
  readonly bytes?: number;
  readonly isLong?: boolean;
}

/** A cache that begins. */
export function cacheOf(topics: number, bytes = 1_000_000, sizeOf: () => number = () => 0): MatchCache<string> {
  return new MatchCache<string>({ topics, bytes, sizeOf });
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
export function changeOf(filter: string, subscriber = "somebody"): Change<string> {
  const parsed = parseTopicFilter(filter), make = (path: string) => new FilterLeaf<string>(path);
  const leaf = parsed.hasWildcard
    ? new LevelTrie<FilterLeaf<string>>().getOrAdd(parsed.filter, make)
    : make(parsed.filter);
  return { holder: parsed.shareName === undefined ? leaf : leaf.addGroup(parsed), subscriber };
}
