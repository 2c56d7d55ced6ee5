/** CONNACK (3.2).
 * @module */

import { ReasonCode } from "./reason_codes.ts";
import { MqttError } from "./errors.ts";
import { checkReasonCode, type DecodeContext } from "./fields.ts";
import { FixedHeader } from "./fixed_header.ts";
import { closePacket, openPacket } from "./frame.ts";
import { decodeProperties } from "./decode_properties.ts";
import { encodeProperties } from "./encode_properties.ts";
import type { Reader } from "./reader.ts";
import { connackReasonCode, connackReturnCode } from "./return_codes.ts";
import { type ConnackPacket, PacketType, type ProtocolVersion } from "./types.ts";
import type { Writer } from "./writer.ts";

/**
 * Decodes a CONNACK; return codes of older versions become MQTT 5 reason codes.
 *
 * @param reader stands behind the fixed header
 * @param context version and limits
 * @returns the packet
 * @throws {MqttError} 0x81 for reserved flags and fields that do not fit, 0x82 for codes that are not in the table and for
 * Session Present in a refusal
 *
 * @example
 * ```ts
 * import { decodeConnack } from "./connack.ts";
 * import { Reader } from "./reader.ts";
 *
 * const packet = decodeConnack(new Reader(Uint8Array.of(0, 4), 0, 2), { version: 4 });
 * console.assert(packet.reasonCode === 0x86);
 * ```
 */
export function decodeConnack(reader: Reader, context: DecodeContext): ConnackPacket {
  const { version } = context;
  const flags = version === 3 ? reader.u8() & 0 : reader.u8(); // the byte is reserved in MQTT 3.1
  if (flags > 1) throw new MqttError(ReasonCode.MalformedPacket, `Cannot decode CONNACK: current flags are ${flags}`); // [MQTT-3.2.2-1]
  const sessionPresent = flags === 1;
  const reasonCode = readCode(reader.u8(), version);
  if (sessionPresent && reasonCode !== ReasonCode.Success) { // [MQTT-3.2.2-6]
    throw new MqttError(ReasonCode.ProtocolError, "Cannot decode CONNACK: Session Present in a refusal");
  }
  const properties = version === 5 ? decodeProperties(reader, PacketType.CONNACK, context) : undefined;
  return { type: PacketType.CONNACK, sessionPresent, reasonCode, properties };
}

function readCode(code: number, version: ProtocolVersion): number {
  if (version === 5) return checkReasonCode(PacketType.CONNACK, code, "server"); // [MQTT-3.2.2-8]
  const reasonCode = connackReasonCode(code);
  if (reasonCode === undefined) {
    throw new MqttError(ReasonCode.ProtocolError, `Cannot decode CONNACK: current return code is ${code}`);
  }
  return reasonCode;
}

/**
 * Appends a CONNACK. A refusal never has Session Present.
 *
 * @param writer where to append
 * @param packet what to write, with an MQTT 5 reason code
 * @param version of the receiver
 * @returns false when the version has no return code for the reason, and the connection is closed without a CONNACK
 * @throws {MqttError} 0x82 for codes that are not in the table, 0x81 for values that have no encoding
 *
 * @example
 * ```ts
 * import { encodeConnack } from "./connack.ts";
 * import { Writer } from "./writer.ts";
 *
 * const writer = new Writer();
 * console.assert(encodeConnack(writer, { type: 2, sessionPresent: false, reasonCode: 0x87 }, 4));
 * console.assert(writer.buffer[3] === 5);
 * ```
 */
export function encodeConnack(writer: Writer, packet: ConnackPacket, version: ProtocolVersion): boolean {
  const { reasonCode } = packet;
  const code = version === 5
    ? checkReasonCode(PacketType.CONNACK, reasonCode, "server")
    : connackReturnCode(reasonCode);
  if (code === undefined) return false; // [MQTT-3.2.2-6] of 3.1.1
  const start = openPacket(writer, FixedHeader.CONNACK);
  // [MQTT-3.2.2-6], [MQTT-3.2.2-4] of 3.1.1; MQTT 3.1 has no such flag
  writer.u8(packet.sessionPresent && reasonCode === ReasonCode.Success && version !== 3 ? 1 : 0);
  writer.u8(code);
  if (version === 5) encodeProperties(writer, packet.properties, PacketType.CONNACK);
  closePacket(writer, start);
  return true;
}
