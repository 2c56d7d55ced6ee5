/** The return codes of CONNACK in MQTT 3.1 and 3.1.1 (3.2.2.3), and the reason codes that they stand for.
 * @module */
import { ReasonCode } from "./reason_codes.ts";

/** MQTT 5 code to 3.1.1 return code; the comment says why where it is not the same statement. */
const RETURN_CODES: ReadonlyMap<number, number> = new Map([
  [ReasonCode.Success, 0],
  [ReasonCode.UnsupportedProtocolVersion, 1],
  [ReasonCode.ClientIdentifierNotValid, 2],
  [ReasonCode.ServerUnavailable, 3],
  [ReasonCode.ServerBusy, 3], // the service is unavailable for now
  [ReasonCode.QuotaExceeded, 3], // likewise
  [ReasonCode.UseAnotherServer, 3], // not available here
  [ReasonCode.ServerMoved, 3],
  [ReasonCode.ConnectionRateExceeded, 3], // try later
  [ReasonCode.BadUserNameOrPassword, 4],
  [ReasonCode.NotAuthorized, 5],
  [ReasonCode.Banned, 5], // not authorized to connect
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

const REASON_OF_RETURN_CODE: readonly number[] = [
  ReasonCode.Success,
  ReasonCode.UnsupportedProtocolVersion,
  ReasonCode.ClientIdentifierNotValid,
  ReasonCode.ServerUnavailable,
  ReasonCode.BadUserNameOrPassword,
  ReasonCode.NotAuthorized,
];

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
