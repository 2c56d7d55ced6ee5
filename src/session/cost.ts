/** What things take in memory, in bytes, as limits count them. `tests/bench/memory_bench.ts` measures each of them, and prints what is
 * counted beside it.
 * @module */
import type { Properties } from "../packets/types.ts";

/** An Application Message with nothing in it. */
export const MESSAGE = 384;
/** A buffer for bytes that are too many to share one. */
export const BUFFER = 192;
/** One delivery of a message: the record, and its place in the queue of a session. */
export const DELIVERY = 128;
/** A retained message with nothing in it, without the nodes that lead to it. */
export const RETAINED = 544;
/** The deadline of a retained message. */
export const DEADLINE = 256;
/** A level that topics or filters share. */
export const NODE = 128;
/** A subscription with a filter of its own, without the nodes that lead to it. */
export const SUBSCRIPTION = 512;
/** What a subscription takes more that founds a share group. */
export const SHARE = 160;
/** A session that sleeps. */
export const SESSION = 1_024;
/** An address that clients come from, with what they hold. */
export const ADDRESS = 192;
/** A client whose messages are retained. */
export const OWNER = 96;
/** A will. */
export const WILL = 512;
/** A Topic Alias. */
export const ALIAS = 128;
/** An acknowledgement that waits for a store or a subscriber. */
export const WAITING = 512;
const PROPERTIES = 64, PAIR = 112;

/** A text: characters take two bytes where one of them is beyond Latin-1, and bytes of it are often kept beside it. */
export function costOfText(text: string | undefined): number {
  return text === undefined ? 0 : 2 * text.length;
}

/** Properties as they are kept: their texts and bytes, and something for each User Property. */
export function costOfProperties(properties: Readonly<Properties> | undefined): number {
  if (properties === undefined) return 0;
  const { contentType, responseTopic, correlationData, userProperties = [] } = properties;
  let cost = PROPERTIES + costOfText(contentType) + costOfText(responseTopic) + (correlationData?.length ?? 0);
  for (const [name, value] of userProperties) cost += PAIR + costOfText(name) + costOfText(value);
  return cost;
}
