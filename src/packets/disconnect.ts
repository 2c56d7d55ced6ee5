/** DISCONNECT (3.14).
 * @module */

import { checkReasonCode, type DecodeContext } from "./fields.ts";
import { FixedHeader } from "./fixed_header.ts";
import { closePacket, openPacket } from "./frame.ts";
import { decodeProperties } from "./decode_properties.ts";
import { encodeProperties } from "./encode_properties.ts";
import type { Reader } from "./reader.ts";
import { ReasonCode, type Sender } from "./reason_codes.ts";
import { type DisconnectPacket, PacketType, type ProtocolVersion } from "./types.ts";
import type { Writer } from "./writer.ts";

/**
 * Decodes a DISCONNECT; MQTT 5 lets it be empty or end after the code.
 *
 * @param reader stands behind the fixed header
 * @param context version, sender and limits
 * @returns the packet
 * @throws {MqttError} 0x81 for fields that do not fit, 0x82 for codes that the sender may not use, and what the
 * properties say
 *
 * @example
 * ```ts
 * import { decodeDisconnect } from "./disconnect.ts";
 * import { Reader } from "./reader.ts";
 *
 * const packet = decodeDisconnect(new Reader(Uint8Array.of(4), 0, 1), { version: 5 });
 * console.assert(packet.reasonCode === 4);
 * ```
 */
export function decodeDisconnect(reader: Reader, context: DecodeContext): DisconnectPacket {
  const type = PacketType.DISCONNECT;
  if (context.version !== 5 || reader.remaining === 0) {
    return { type, reasonCode: ReasonCode.NormalDisconnection, properties: undefined };
  }
  const reasonCode = checkReasonCode(type, reader.u8(), context.from ?? "client"); // [MQTT-3.14.2-1]
  const properties = reader.remaining === 0 ? undefined : decodeProperties(reader, type, context);
  return { type, reasonCode, properties };
}

/**
 * Appends a DISCONNECT in its shortest form.
 *
 * @param writer where to append
 * @param packet what to write
 * @param version of the receiver
 * @param from the end that sends it
 * @returns false when the version has no such packet: a server cannot send it in MQTT 3.1 and 3.1.1
 * @throws {MqttError} 0x82 for codes that the sender may not use, 0x81 for values that have no encoding
 *
 * @example
 * ```ts
 * import { encodeDisconnect } from "./disconnect.ts";
 * import { Writer } from "./writer.ts";
 *
 * const writer = new Writer();
 * console.assert(encodeDisconnect(writer, { type: 14, reasonCode: 0x8e }, 5) && writer.length === 3);
 * console.assert(!encodeDisconnect(writer, { type: 14, reasonCode: 0x8e }, 4));
 * ```
 */
export function encodeDisconnect(
  writer: Writer,
  packet: DisconnectPacket,
  version: ProtocolVersion,
  from: Sender = "server",
): boolean {
  if (version !== 5 && from === "server") return false;
  const start = openPacket(writer, FixedHeader.DISCONNECT);
  if (version === 5) writeReason(writer, packet, from);
  closePacket(writer, start);
  return true;
}

function writeReason(writer: Writer, packet: DisconnectPacket, from: Sender): void {
  const { reasonCode, properties } = packet;
  writer.u8(checkReasonCode(PacketType.DISCONNECT, reasonCode, from)); // [MQTT-3.14.2-1]
  const at = writer.length;
  encodeProperties(writer, properties, PacketType.DISCONNECT, from); // [MQTT-3.14.2-2]
  if (writer.buffer[at] === 0) writer.length = reasonCode === ReasonCode.NormalDisconnection ? at - 1 : at;
}
