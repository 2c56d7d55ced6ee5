/** Steps that several packets share.
 * @module */

import { ReasonCode } from "./reason_codes.ts";
import { MqttError } from "./errors.ts";
import type { Reader } from "./reader.ts";
import { isReasonCodeAllowed, type Sender } from "./reason_codes.ts";
import type { ProtocolVersion } from "./types.ts";

/** Options of every decoder. */
export interface DecodeOptions {
  /** The end that sent the packet, `"client"` when absent. */
  from?: Sender;
  /** Most User Properties in one set; no limit but the packet's size when absent. */
  maximumUserProperties?: number;
  /** Most Topic Filters in one SUBSCRIBE or UNSUBSCRIBE; no limit but the packet's size when absent. */
  maximumFilters?: number;
}

/** What the decoder of a packet works on. */
export interface DecodeContext extends DecodeOptions {
  /** Version of the connection. */
  readonly version: ProtocolVersion;
}

/**
 * Reads a Packet Identifier (2.2.1).
 *
 * @param reader stands before it
 * @returns 1 to 65,535
 * @throws {MqttError} 0x81 when it is cut short, 0x82 when it is 0
 *
 * @example
 * ```ts
 * import { readPacketId } from "./fields.ts";
 * import { Reader } from "./reader.ts";
 *
 * console.assert(readPacketId(new Reader(Uint8Array.of(0, 7), 0, 2)) === 7);
 * ```
 */
export function readPacketId(reader: Reader): number {
  const packetId = reader.u16();
  if (packetId === 0) {
    throw new MqttError(ReasonCode.ProtocolError, "Cannot accept Packet Identifier: current value is 0"); // [MQTT-2.2.1-3]
  }
  return packetId;
}

/**
 * Reads what stands in a SUBSCRIBE or UNSUBSCRIBE for each Topic Filter, up to the end of the packet.
 *
 * @param reader stands before the first filter
 * @param context version and limits
 * @param readOne reads one filter with what belongs to it
 * @returns all of them
 * @throws {MqttError} 0x97 when there are more than `maximumFilters`
 *
 * @example
 * ```ts
 * import { readFilters } from "./fields.ts";
 * import { Reader } from "./reader.ts";
 *
 * const reader = new Reader(Uint8Array.of(0, 1, 0x61, 0, 1, 0x62), 0, 6);
 * console.assert(readFilters(reader, { version: 5 }, () => reader.string()).length === 2);
 * ```
 */
export function readFilters<T>(reader: Reader, context: DecodeContext, readOne: () => T): T[] {
  const { maximumFilters = Infinity } = context, filters: T[] = [];
  while (reader.remaining > 0) {
    if (filters.length === maximumFilters) {
      const reason = `Cannot accept more than ${maximumFilters} topic filters in one packet`;
      throw new MqttError(ReasonCode.QuotaExceeded, reason);
    }
    filters.push(readOne());
  }
  return filters;
}

/**
 * Refuses a reason code that the packet may not carry.
 *
 * @param packetType one of `PacketType`
 * @param code reason code
 * @param from the end that sends it
 * @returns the code
 * @throws {MqttError} 0x82 when the standard does not list it
 *
 * @example
 * ```ts
 * import { checkReasonCode } from "./fields.ts";
 *
 * console.assert(checkReasonCode(4, 0x10, "server") === 0x10);
 * ```
 */
export function checkReasonCode(packetType: number, code: number, from: Sender): number {
  if (isReasonCodeAllowed(packetType, code, from)) return code;
  throw new MqttError(
    ReasonCode.ProtocolError,
    `Cannot use reason code 0x${code.toString(16)} in packet type ${packetType} of a ${from}`,
  );
}
