/** AUTH (3.15), MQTT 5 only.
 * @module */

import { ReasonCode } from "./reason_codes.ts";
import { MqttError } from "./errors.ts";
import { checkReasonCode, type DecodeContext } from "./fields.ts";
import { FixedHeader } from "./fixed_header.ts";
import { closePacket, openPacket } from "./frame.ts";
import { decodeProperties } from "./decode_properties.ts";
import { encodeProperties } from "./encode_properties.ts";
import type { Reader } from "./reader.ts";
import type { Sender } from "./reason_codes.ts";
import { type AuthPacket, PacketType, type ProtocolVersion } from "./types.ts";
import type { Writer } from "./writer.ts";

/**
 * Decodes an AUTH; a server may send an empty one for Success.
 *
 * @param reader stands behind the fixed header
 * @param context version, sender and limits
 * @returns the packet
 * @throws {MqttError} 0x81 for fields that do not fit, 0x82 for other versions, codes that the sender may not use and an
 * absent Authentication Method
 *
 * @example
 * ```ts
 * import { decodeAuth } from "./auth.ts";
 * import { Reader } from "./reader.ts";
 *
 * const packet = decodeAuth(new Reader(Uint8Array.of(0x18, 4, 0x15, 0, 1, 0x6d), 0, 6), { version: 5 });
 * console.assert(packet.properties?.authenticationMethod === "m");
 * ```
 */
export function decodeAuth(reader: Reader, context: DecodeContext): AuthPacket {
  const type = PacketType.AUTH;
  const { version, from = "client" } = context;
  if (version !== 5) {
    throw new MqttError(ReasonCode.ProtocolError, `Cannot accept AUTH: current protocol version is ${version}`);
  }
  const empty = reader.remaining === 0;
  const reasonCode = checkReasonCode(type, empty ? ReasonCode.Success : reader.u8(), from); // [MQTT-3.15.2-1]
  if (empty) return { type, reasonCode, properties: undefined };
  const properties = decodeProperties(reader, type, context);
  if (properties?.authenticationMethod === undefined) {
    throw new MqttError(ReasonCode.ProtocolError, "Cannot accept AUTH: it has no Authentication Method");
  }
  return { type, reasonCode, properties };
}

/**
 * Appends an AUTH; Success without properties is empty.
 *
 * @param writer where to append
 * @param packet what to write
 * @param version of the receiver
 * @param from the end that sends it
 * @returns false when the version has no such packet
 * @throws {MqttError} 0x82 for codes that the sender may not use, 0x81 for values that have no encoding
 *
 * @example
 * ```ts
 * import { encodeAuth } from "./auth.ts";
 * import { Writer } from "./writer.ts";
 *
 * const writer = new Writer();
 * encodeAuth(writer, { type: 15, reasonCode: 0x18, properties: { authenticationMethod: "m" } }, 5);
 * console.assert(writer.length === 8);
 * ```
 */
export function encodeAuth(
  writer: Writer,
  packet: AuthPacket,
  version: ProtocolVersion,
  from: Sender = "server",
): boolean {
  if (version !== 5) return false;
  const { reasonCode, properties } = packet;
  const start = openPacket(writer, FixedHeader.AUTH); // [MQTT-3.15.1-1]
  writer.u8(checkReasonCode(PacketType.AUTH, reasonCode, from)); // [MQTT-3.15.2-1]
  const at = writer.length;
  encodeProperties(writer, properties, PacketType.AUTH, from);
  if (writer.buffer[at] === 0 && reasonCode === ReasonCode.Success) writer.length = at - 1;
  closePacket(writer, start);
  return true;
}
