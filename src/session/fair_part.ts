/** What all clients share is not first come, first served: the last part of each total is for those who hold little of it.
 * @module */

/** Bytes of one total that are little: a will, a session, a few subscriptions or messages. */
export const LITTLE = 8_192;
/** Part of a total that anybody may fill. */
export const OPEN_TO_ANYBODY = 7 / 8;
/** Part that a client with little may fill: what is left is for addresses with little. Names are free, addresses are not. */
const SMALL_CLIENT = 15 / 16;

/** Bytes of one total, with what is asked for. */
export interface Holding {
  /** What the client would hold. */
  readonly client: number;
  /** What all clients of its address would hold; 0 where that is not counted. */
  readonly address: number;
}

/**
 * Finds how far somebody may fill a total, and what goes with it: numbers of the same things.
 *
 * @param holding what somebody would hold of it
 * @returns a part, 7/8 to 1
 *
 * @example
 * ```ts
 * import { openPart } from "./fair_part.ts";
 *
 * console.assert(openPart({ client: 1_000_000, address: 1_000_000 }) === 7 / 8);
 * console.assert(openPart({ client: 600, address: 1_000_000 }) === 15 / 16);
 * console.assert(openPart({ client: 600, address: 600 }) === 1);
 * ```
 */
export function openPart({ client, address }: Holding): number {
  if (client > LITTLE) return OPEN_TO_ANYBODY;
  return address > LITTLE ? SMALL_CLIENT : 1;
}
