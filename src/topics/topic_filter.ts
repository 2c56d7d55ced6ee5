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

/**
 * Parses a Topic Filter as it stands in SUBSCRIBE, UNSUBSCRIBE or an access rule. This is the only place that knows the
 * syntax of shared filters.
 *
 * @param full the filter as sent
 * @param maximumLevels how many levels the inner filter may have
 * @returns the filter with its parts
 * @throws {MqttError} 0x81 when it is malformed: it is empty, a wildcard stands at a wrong place, the `$share` syntax is
 * wrong, it holds U+0000 or does not fit its length field; 0x8F when it is well formed and has too many levels
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
export function parseTopicFilter(full: string, maximumLevels = 128): ParsedFilter {
  // [MQTT-4.7.3-3]
  if (exceedsEncodedLimit(full)) throw malformed("it exceeds 65,535 bytes");
  if (!full.startsWith(SHARE_PREFIX)) {
    return { full, filter: full, shareName: undefined, hasWildcard: scanFilter(full, maximumLevels) };
  }
  const shareName = parseShareName(full);
  const filter = full.slice(SHARE_PREFIX.length + shareName.length + 1);
  return { full, filter, shareName, hasWildcard: scanFilter(filter, maximumLevels) };
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

function malformed(reason: string): MqttError {
  return new MqttError(ReasonCode.MalformedPacket, `Cannot use topic filter: ${reason}`);
}

function parseShareName(full: string): string {
  const end = full.indexOf("/", SHARE_PREFIX.length);
  const shareName = full.slice(SHARE_PREFIX.length, end === -1 ? full.length : end);
  // [MQTT-4.8.2-1]
  if (shareName.length === 0) throw malformed("its share name is empty");
  // [MQTT-4.8.2-2]
  if (shareName.includes("+") || shareName.includes("#")) throw malformed("its share name contains a wildcard");
  if (shareName.includes("\0")) throw malformed("it contains U+0000");
  if (end === -1) throw malformed("no filter follows its share name");
  return shareName;
}

/** Checks an inner filter and tells whether it has wildcards. */
function scanFilter(filter: string, maximumLevels: number): boolean {
  // [MQTT-4.7.3-1]
  if (filter.length === 0) throw malformed("it is empty");
  let levels = 1;
  let hasWildcard = false;
  for (let index = 0; index < filter.length; index++) {
    const unit = filter.charCodeAt(index);
    if (unit > SLASH) continue;
    if (unit === SLASH) levels++;
    else if (unit === PLUS || unit === HASH) {
      checkWildcard(filter, index);
      hasWildcard = true;
    } // [MQTT-4.7.3-2]
    else if (unit === NUL) throw malformed("it contains U+0000");
  }
  if (levels > maximumLevels) {
    throw new MqttError(
      ReasonCode.TopicFilterInvalid,
      `Cannot use topic filter: it has ${levels} levels, ${maximumLevels} are allowed`,
    );
  }
  return hasWildcard;
}

function checkWildcard(filter: string, index: number): void {
  const opens = index === 0 || filter.charCodeAt(index - 1) === SLASH;
  const last = index === filter.length - 1;
  if (filter.charCodeAt(index) === HASH) {
    // [MQTT-4.7.1-1]
    if (!opens || !last) throw malformed("# is allowed only as its last level");
    return;
  }
  // [MQTT-4.7.1-2]
  if (!opens || !(last || filter.charCodeAt(index + 1) === SLASH)) {
    throw malformed("+ is allowed only as a whole level");
  }
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
