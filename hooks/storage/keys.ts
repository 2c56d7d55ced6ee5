/** Names of groups and items. Client ids, topics and filters may hold any text of up to 65,535 bytes; names stay short.
 *
 * | group           | item                | what                                            |
 * | --------------- | ------------------- | ----------------------------------------------- |
 * | `c=id`, `c#...` | `c`                 | the session                                     |
 * |                 | `s=filter`, `s#...` | a subscription                                  |
 * |                 | `o<sequence>`       | a message to the client                         |
 * |                 | `i<packet id>`      | a QoS 2 message from the client, until PUBREL   |
 * | `r`             | `=topic`, `#...`    | a retained message                              |
 * | `m`             | `<number>`          | a message that several sessions refer to        |
 * | `s`             | `schema`, `info`    | version of the store, counters                  |
 *
 * `#...` is the SHA-256 of a longer text; its value holds the text itself.
 * @module
 */
import { createHash } from "node:crypto";
import { utf8Length } from "../../src/packets/utf8.ts";

/** Beginning of the groups of sessions. */
export const SESSIONS = "c";
/** Group of retained messages. */
export const RETAINED = "r";
/** Group of messages that are referred to. */
export const BODIES = "m";
/** Group of what concerns the store as a whole. */
export const SYSTEM = "s";

/** Texts up to this many bytes stand in a name as they are. */
const READABLE = 100;

/**
 * A short name for any text.
 *
 * @param kind first character
 * @param text any text
 * @returns `kind=text`, or `kind#hash` for long ones
 *
 * @example
 * ```ts
 * import { shortName } from "./keys.ts";
 *
 * console.assert(shortName("c", "sensor") === "c=sensor");
 * console.assert(shortName("c", "x".repeat(65_535)).length === 45);
 * ```
 */
export function shortName(kind: string, text: string): string {
  if (text.length <= READABLE && utf8Length(text) <= READABLE) return `${kind}=${text}`;
  return `${kind}#${createHash("sha256").update(text).digest("base64url")}`;
}

/**
 * The group of a session.
 *
 * @param clientId its ClientID
 * @returns name of the group
 */
export function sessionGroup(clientId: string): string {
  return shortName(SESSIONS, clientId);
}

/**
 * The item of a subscription.
 *
 * @param topicFilter the filter as sent
 * @returns name of the item
 */
export function subscriptionItem(topicFilter: string): string {
  return shortName("s", topicFilter);
}

/**
 * The item of a retained message.
 *
 * @param topic its topic
 * @returns name of the item
 */
export function retainedItem(topic: string): string {
  return shortName("", topic);
}
