/** Steps that several packets share.
 * @module */

import { ReasonCode } from "./reason_codes.ts";
import { MqttError } from "./errors.ts";
import type { DecodePropertiesOptions } from "./decode_properties.ts";
import type { Reader } from "./reader.ts";
import { isReasonCodeAllowed, type Sender } from "./reason_codes.ts";
import type { ProtocolVersion } from "./types.ts";

/** Options of every decoder: the end that sent the packet (`"client"` when absent) and limits. */
export type DecodeOptions = DecodePropertiesOptions;

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
