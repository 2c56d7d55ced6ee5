/** SUBACK (3.9).
 * @module */

import { isFailure, ReasonCode } from "./reason_codes.ts";
import { MqttError } from "./errors.ts";
import { checkReasonCode, type DecodeContext, readPacketId } from "./fields.ts";
import { FixedHeader } from "./fixed_header.ts";
import { closePacket, openPacket } from "./frame.ts";
import { decodeProperties } from "./decode_properties.ts";
import { encodeProperties } from "./encode_properties.ts";
import type { Reader } from "./reader.ts";
import { PacketType, type ProtocolVersion, type SubackPacket } from "./types.ts";
import type { Writer } from "./writer.ts";

/**
 * Decodes a SUBACK.
 *
 * @param reader stands behind the fixed header
 * @param context version and limits
 * @returns the packet
 * @throws {MqttError} 0x81 for fields that do not fit, 0x82 for identifier 0, no codes, and codes that are not in the table
 *
 * @example
 * ```ts
 * import { Reader } from "./reader.ts";
 * import { decodeSuback } from "./suback.ts";
 *
 * const packet = decodeSuback(new Reader(Uint8Array.of(0, 1, 2, 0x80), 0, 4), { version: 4 });
 * console.assert(packet.reasonCodes.length === 2);
 * ```
 */
export function decodeSuback(reader: Reader, context: DecodeContext): SubackPacket {
  const { version } = context;
  const packetId = readPacketId(reader);
  const properties = version === 5 ? decodeProperties(reader, PacketType.SUBACK, context) : undefined;
  if (reader.remaining === 0) {
    throw new MqttError(ReasonCode.ProtocolError, "Cannot accept SUBACK: it has no reason code");
  }
  const reasonCodes: number[] = [];
  while (reader.remaining > 0) reasonCodes.push(checkCode(reader.u8(), version));
  return { type: PacketType.SUBACK, packetId, reasonCodes, properties };
}

function checkCode(code: number, version: ProtocolVersion): number {
  if (version === 5) return checkReasonCode(PacketType.SUBACK, code, "server"); // [MQTT-3.9.3-2]
  if (code <= 2 || (code === ReasonCode.UnspecifiedError && version === 4)) return code; // MQTT 3.1 has no failure code
  throw new MqttError(ReasonCode.ProtocolError, `Cannot accept return code in SUBACK: current value is ${code}`);
}

/**
 * Appends a SUBACK. MQTT 3.1.1 gets 0x80 for every failure; MQTT 3.1, which cannot be told, gets QoS 0.
 *
 * @param writer where to append
 * @param packet what to write, with MQTT 5 reason codes
 * @param version of the receiver
 * @throws {MqttError} 0x82 for codes that are not in the table, 0x81 for values that have no encoding
 *
 * @example
 * ```ts
 * import { encodeSuback } from "./suback.ts";
 * import { Writer } from "./writer.ts";
 *
 * const writer = new Writer();
 * encodeSuback(writer, { type: 9, packetId: 1, reasonCodes: [0x87] }, 4);
 * console.assert(writer.buffer[4] === 0x80);
 * ```
 */
export function encodeSuback(writer: Writer, packet: SubackPacket, version: ProtocolVersion): void {
  const start = openPacket(writer, FixedHeader.SUBACK);
  writer.u16(packet.packetId);
  if (version === 5) encodeProperties(writer, packet.properties, PacketType.SUBACK);
  for (const code of packet.reasonCodes) { // [MQTT-3.9.3-1]
    checkReasonCode(PacketType.SUBACK, code, "server"); // [MQTT-3.9.3-2]
    writer.u8(
      version === 5 || !isFailure(code) ? code : version === 4 ? ReasonCode.UnspecifiedError : ReasonCode.GrantedQoS0,
    );
  }
  closePacket(writer, start);
}
