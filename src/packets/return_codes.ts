/** The return codes of CONNACK in MQTT 3.1 and 3.1.1 (3.2.2.3), and the reason codes that they stand for.
 * @module */

/** MQTT 5 code to 3.1.1 return code; the comment says why where it is not the same statement. */
const RETURN_CODES: ReadonlyMap<number, number> = new Map([
  [0x00, 0],
  [0x84, 1],
  [0x85, 2],
  [0x88, 3],
  [0x89, 3], // busy: the service is unavailable for now
  [0x97, 3], // quota: likewise
  [0x9C, 3], // another server: not available here
  [0x9D, 3],
  [0x9F, 3], // rate: try later
  [0x86, 4],
  [0x87, 5],
  [0x8A, 5], // banned: not authorized to connect
]);

/**
 * The CONNACK return code of MQTT 3.1 and 3.1.1 for an MQTT 5 reason code.
 *
 * @param reasonCode MQTT 5 CONNACK code
 * @returns 0 to 5, or `undefined` when none fits and the connection is closed without CONNACK
 *
 * @example
 * ```ts
 * import { connackReturnCode } from "@mochi/broker/packets";
 *
 * console.assert(connackReturnCode(0x86) === 4);
 * console.assert(connackReturnCode(0x81) === undefined); // [MQTT-3.2.2-6] of 3.1.1
 * ```
 */
export function connackReturnCode(reasonCode: number): number | undefined {
  return RETURN_CODES.get(reasonCode);
}

const REASON_OF_RETURN_CODE: readonly number[] = [0x00, 0x84, 0x85, 0x88, 0x86, 0x87];

/**
 * The MQTT 5 reason code for a CONNACK return code of MQTT 3.1 and 3.1.1.
 *
 * @param returnCode return code as received
 * @returns the reason code, or `undefined` for a reserved return code
 *
 * @example
 * ```ts
 * import { connackReasonCode } from "./return_codes.ts";
 *
 * console.assert(connackReasonCode(4) === 0x86);
 * ```
 */
export function connackReasonCode(returnCode: number): number | undefined {
  return REASON_OF_RETURN_CODE[returnCode];
}
