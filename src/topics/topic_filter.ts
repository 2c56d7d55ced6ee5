/** Rules for Topic Filters: parsing with `$share`, matching against topics, and covering for access rules (4.7, 4.8.2).
 * @module */

import { ReasonCode } from "../packets/reason_codes.ts";
import { MqttError } from "../packets/errors.ts";
import { exceedsEncodedLimit, levelEnd } from "./topic_name.ts";

const NUL = 0;
const HASH = 0x23;
const DOLLAR = 0x24;
const PLUS = 0x2b;
const SLASH = 0x2f;
const SHARE_PREFIX = "$share/";

/** A Topic Filter that has passed the rules, taken apart into its share and its inner filter. */
export interface ParsedFilter {
  /** The filter as the client sent it, `$share/name/` included. */
  readonly full: string;
  /** The filter that topics are compared with: `full` without `$share/name/`. */
  readonly filter: string;
  /** The name of the share, `undefined` for a subscription of its own. */
  readonly shareName: string | undefined;
  /** Whether the inner filter holds `+` or `#`. */
  readonly hasWildcard: boolean;
}

/** How much an inner filter may have; the capabilities of a broker are such limits. */
export interface FilterLimits {
  /** Levels. */
  readonly maximumTopicLevels: number;
  /** Levels that are `+`. */
  readonly maximumSingleLevelWildcards: number;
}

/** For filters of which only the form is judged. */
export const NO_FILTER_LIMITS: FilterLimits = { maximumTopicLevels: Infinity, maximumSingleLevelWildcards: Infinity };

/** What is wrong with a filter. */
export interface FilterFault {
  /** 0x81 for one that is malformed, 0x8F for one that is well formed and above a limit. */
  readonly reasonCode: number;
  /** The same in words. */
  readonly reason: string;
}

const TOO_LONG = malformed("it exceeds 65,535 bytes");
const EMPTY = malformed("it is empty");
const HAS_NUL = malformed("it contains U+0000");
const SHARE_EMPTY = malformed("its share name is empty");
const SHARE_WILDCARD = malformed("its share name contains a wildcard");
const SHARE_ALONE = malformed("no filter follows its share name");
const HASH_MISPLACED = malformed("# is allowed only as its last level");
const PLUS_MISPLACED = malformed("+ is allowed only as a whole level");
const TOO_DEEP = { reasonCode: ReasonCode.TopicFilterInvalid, reason: "it has more levels than are allowed" };
const TOO_WILD = { reasonCode: ReasonCode.TopicFilterInvalid, reason: "more of its levels are + than are allowed" };

/**
 * Parses a Topic Filter as it stands in SUBSCRIBE or UNSUBSCRIBE. This is the only place that knows the syntax of shared
 * filters. A fault is returned, as a packet may have a thousand of them.
 *
 * @param full the filter as sent
 * @param limits how much it may have
 * @returns the filter with its parts, or what is wrong with it
 *
 * @example
 * ```ts
 * import { NO_FILTER_LIMITS, readTopicFilter } from "./topic_filter.ts";
 *
 * const read = readTopicFilter("jobs/#/1", NO_FILTER_LIMITS);
 * console.assert("reasonCode" in read && read.reasonCode === 0x81);
 * ```
 */
export function readTopicFilter(full: string, limits: FilterLimits): ParsedFilter | FilterFault {
  // [MQTT-4.7.3-3]
  if (exceedsEncodedLimit(full)) return TOO_LONG;
  if (!full.startsWith(SHARE_PREFIX)) {
    const hasWildcard = scanFilter(full, limits);
    return typeof hasWildcard === "boolean" ? { full, filter: full, shareName: undefined, hasWildcard } : hasWildcard;
  }
  const shareName = readShareName(full);
  if (typeof shareName !== "string") return shareName;
  const filter = full.slice(SHARE_PREFIX.length + shareName.length + 1), hasWildcard = scanFilter(filter, limits);
  return typeof hasWildcard === "boolean" ? { full, filter, shareName, hasWildcard } : hasWildcard;
}

/**
 * Parses a Topic Filter of an access rule, a store or a program.
 *
 * @param full the filter as sent
 * @param limits how much it may have, nothing but its form counts when absent
 * @returns the filter with its parts
 * @throws {MqttError} 0x81 when it is malformed: it is empty, a wildcard stands at a wrong place, the `$share` syntax is
 * wrong, it holds U+0000 or does not fit its length field; 0x8F when it is well formed and above a limit
 *
 * @example
 * ```ts
 * import { parseTopicFilter } from "./topic_filter.ts";
 *
 * const parsed = parseTopicFilter("$share/workers/jobs/#");
 * console.assert(parsed.shareName === "workers");
 * console.assert(parsed.filter === "jobs/#");
 * ```
 */
export function parseTopicFilter(full: string, limits: FilterLimits = NO_FILTER_LIMITS): ParsedFilter {
  const read = readTopicFilter(full, limits);
  if ("reasonCode" in read) throw new MqttError(read.reasonCode, `Cannot use topic filter: ${read.reason}`);
  return read;
}

/**
 * Tells whether a topic is matched by a filter. Both are taken as valid.
 *
 * @param topic a Topic Name
 * @param filter an inner filter, without `$share/name/`
 * @returns true when a subscription to the filter receives the topic
 *
 * @example
 * ```ts
 * import { topicMatchesFilter } from "./topic_filter.ts";
 *
 * console.assert(topicMatchesFilter("sport/tennis", "sport/#"));
 * console.assert(!topicMatchesFilter("$SYS/uptime", "#"));
 * ```
 */
export function topicMatchesFilter(topic: string, filter: string): boolean {
  // [MQTT-4.7.2-1]
  if (topic.charCodeAt(0) === DOLLAR && startsWithWildcard(filter)) return false;
  let at = 0;
  for (let index = 0; index < filter.length; index++) {
    const unit = filter.charCodeAt(index);
    if (unit === HASH) return true;
    if (unit === PLUS) at = levelEnd(topic, at);
    else if (at === topic.length) return isParentWildcard(filter, index);
    else if (topic.charCodeAt(at) === unit) at++; // [MQTT-4.7.3-4] no normalisation
    else return false;
  }
  return at === topic.length;
}

/**
 * Tells whether one filter grants all that another asks for: every topic that `requested` matches is matched by
 * `granting` too. Access rules are checked with it, because a rule for `a/+` must not open `a/#`.
 *
 * Both are taken as valid. The one case where a yes would be right and the answer is no: `/+/#` for `/#`.
 *
 * @param granting the inner filter of the rule
 * @param requested the inner filter (or the topic) that somebody asks for
 * @returns true when nothing that `requested` matches lies outside `granting`
 *
 * @example
 * ```ts
 * import { filterCovers } from "./topic_filter.ts";
 *
 * console.assert(filterCovers("a/#", "a/+/c"));
 * console.assert(!filterCovers("a/+", "a/#"));
 * console.assert(!filterCovers("#", "$SYS/#"));
 * ```
 */
export function filterCovers(granting: string, requested: string): boolean {
  // [MQTT-4.7.2-1]
  if (requested.charCodeAt(0) === DOLLAR && startsWithWildcard(granting)) return false;
  // A topic has at least one level, so both of these match every topic without a leading dollar sign.
  if (requested === "#" && granting === "+/#") return true;
  let grantingAt = 0;
  let requestedAt = 0;
  while (granting.charCodeAt(grantingAt) !== HASH) {
    if (requested.charCodeAt(requestedAt) === HASH) return false;
    const grantingEnd = levelEnd(granting, grantingAt);
    const requestedEnd = levelEnd(requested, requestedAt);
    if (granting.charCodeAt(grantingAt) !== PLUS) {
      const length = grantingEnd - grantingAt;
      if (length !== requestedEnd - requestedAt) return false;
      if (!sameUnits(granting, grantingAt, requested, requestedAt, length)) return false;
    }
    if (requestedEnd === requested.length) {
      return grantingEnd === granting.length || isParentWildcard(granting, grantingEnd);
    }
    if (grantingEnd === granting.length) return false;
    grantingAt = grantingEnd + 1;
    requestedAt = requestedEnd + 1;
  }
  return true;
}

function malformed(reason: string): FilterFault {
  return { reasonCode: ReasonCode.MalformedPacket, reason };
}

function readShareName(full: string): string | FilterFault {
  const end = full.indexOf("/", SHARE_PREFIX.length);
  const shareName = full.slice(SHARE_PREFIX.length, end === -1 ? full.length : end);
  // [MQTT-4.8.2-1]
  if (shareName.length === 0) return SHARE_EMPTY;
  // [MQTT-4.8.2-2]
  if (shareName.includes("+") || shareName.includes("#")) return SHARE_WILDCARD;
  if (shareName.includes("\0")) return HAS_NUL;
  return end === -1 ? SHARE_ALONE : shareName;
}

/** Checks an inner filter and tells whether it has wildcards. */
function scanFilter(filter: string, limits: FilterLimits): boolean | FilterFault {
  // [MQTT-4.7.3-1]
  if (filter.length === 0) return EMPTY;
  let levels = 1, singles = 0, hasWildcard = false;
  for (let index = 0; index < filter.length; index++) {
    const unit = filter.charCodeAt(index);
    if (unit > SLASH) continue;
    if (unit === SLASH) levels++;
    else if (unit === PLUS || unit === HASH) {
      if (!isWholeLevel(filter, index)) return unit === HASH ? HASH_MISPLACED : PLUS_MISPLACED;
      if (unit === PLUS) singles++;
      hasWildcard = true;
    } // [MQTT-4.7.3-2]
    else if (unit === NUL) return HAS_NUL;
  }
  if (levels > limits.maximumTopicLevels) return TOO_DEEP;
  return singles > limits.maximumSingleLevelWildcards ? TOO_WILD : hasWildcard;
}

/** Whether a wildcard has its level for itself, and the last one if it is `#`. */
function isWholeLevel(filter: string, index: number): boolean {
  const opens = index === 0 || filter.charCodeAt(index - 1) === SLASH, last = index === filter.length - 1;
  // [MQTT-4.7.1-1] [MQTT-4.7.1-2]
  return opens && (last || filter.charCodeAt(index) === PLUS && filter.charCodeAt(index + 1) === SLASH);
}

function startsWithWildcard(filter: string): boolean {
  const first = filter.charCodeAt(0);
  return first === PLUS || first === HASH;
}

/** Whether only `/#` is left: the multi-level wildcard matches its parent level too (4.7.1.2). */
function isParentWildcard(filter: string, index: number): boolean {
  return filter.charCodeAt(index) === SLASH && filter.charCodeAt(index + 1) === HASH;
}

function sameUnits(left: string, leftAt: number, right: string, rightAt: number, length: number): boolean {
  for (let index = 0; index < length; index++) {
    if (left.charCodeAt(leftAt + index) !== right.charCodeAt(rightAt + index)) return false;
  }
  return true;
}
