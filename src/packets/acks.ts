/** PUBACK, PUBREC, PUBREL and PUBCOMP (3.4 to 3.7).
 * @module */

import { ReasonCode } from "./reason_codes.ts";
import { MqttError } from "./errors.ts";
import { checkReasonCode, type DecodeContext, readPacketId } from "./fields.ts";
import { ackHeader } from "./fixed_header.ts";
import { closePacket, openPacket } from "./frame.ts";
import { decodeProperties } from "./decode_properties.ts";
import { encodeProperties } from "./encode_properties.ts";
import { encodeAck } from "./encode_publish.ts";
import type { Reader } from "./reader.ts";
import type { Sender } from "./reason_codes.ts";
import type { AckPacket, ProtocolVersion } from "./types.ts";
import type { Writer } from "./writer.ts";

/**
 * Decodes one of the four; MQTT 5 lets it end after the identifier or after the code.
 *
 * @param reader stands behind the fixed header
 * @param type which of the four
 * @param context version, sender and limits
 * @returns the packet
 * @throws {MqttError} 0x81 for fields that do not fit, 0x82 for identifier 0 and for codes that are not in its table
 *
 * @example
 * ```ts
 * import { decodeAck } from "./acks.ts";
 * import { Reader } from "./reader.ts";
 *
 * const ack = decodeAck(new Reader(Uint8Array.of(0, 1, 0x10), 0, 3), 4, { version: 5 });
 * console.assert(ack.reasonCode === 0x10);
 * ```
 */
export function decodeAck(reader: Reader, type: AckPacket["type"], context: DecodeContext): AckPacket {
  const packetId = readPacketId(reader);
  if (context.version !== 5 || reader.remaining === 0) return successful(type, packetId);
  // [MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-3.6.2-1] [MQTT-3.7.2-1]
  const reasonCode = checkReasonCode(type, reader.u8(), context.from ?? "client");
  const properties = reader.remaining === 0 ? undefined : decodeProperties(reader, type, context);
  return { type, packetId, reasonCode, properties };
}

/**
 * One of the four in the form that nearly all of them have: nothing but a Packet Identifier.
 *
 * @param packetId what the two bytes say
 * @param type which of the four
 * @returns the packet
 * @throws {MqttError} 0x82 for identifier 0
 *
 * @example
 * ```ts
 * import { decodeShortAck } from "./acks.ts";
 *
 * console.assert(decodeShortAck(1, 4).packetId === 1);
 * ```
 */
export function decodeShortAck(packetId: number, type: AckPacket["type"]): AckPacket {
  if (packetId === 0) {
    throw new MqttError(ReasonCode.ProtocolError, "Cannot accept Packet Identifier: current value is 0"); // [MQTT-2.2.1-3]
  }
  return successful(type, packetId);
}

function successful(type: AckPacket["type"], packetId: number): AckPacket {
  return { type, packetId, reasonCode: ReasonCode.Success, properties: undefined };
}

/**
 * Appends one of the four in its shortest form.
 *
 * @param writer where to append
 * @param packet what to write
 * @param version of the receiver; older ones get the identifier only
 * @param from the end that sends it
 * @throws {MqttError} 0x82 for codes that are not in its table, 0x81 for values that have no encoding
 *
 * @example
 * ```ts
 * import { encodeAckPacket } from "./acks.ts";
 * import { Writer } from "./writer.ts";
 *
 * const writer = new Writer();
 * encodeAckPacket(writer, { type: 4, packetId: 1, reasonCode: 0x87 }, 5);
 * console.assert(writer.length === 5);
 * ```
 */
export function encodeAckPacket(
  writer: Writer,
  packet: AckPacket,
  version: ProtocolVersion,
  from: Sender = "server",
): void {
  const { type, packetId, reasonCode, properties } = packet;
  if (version !== 5) return encodeAck(writer, type, packetId);
  checkReasonCode(type, reasonCode, from);
  const start = openPacket(writer, ackHeader(type));
  writer.u16(packetId);
  writer.u8(reasonCode);
  const at = writer.length;
  encodeProperties(writer, properties, type, from);
  if (writer.buffer[at] === 0) writer.length = reasonCode === ReasonCode.Success ? at - 1 : at; // the shortened forms
  closePacket(writer, start);
}
