/**
 * The codec of the broker by itself: bytes to packets and back, for MQTT 5, 3.1.1 and 3.1. It is synchronous and knows nothing of
 * sockets, sessions or brokers, so it serves clients, proxies and tests as well.
 *
 * ```ts
 * import { decodePacket, encodePacket, Framer, PacketType } from "@mochi/broker/packets";
 *
 * const bytes = encodePacket({ type: PacketType.PINGREQ }, 5);
 *
 * const framer = new Framer(); // cuts what arrives on a connection into packets
 * framer.push(bytes!);
 * while (framer.next()) {
 *   const packet = decodePacket(framer.header, framer.buffer, framer.start, framer.end, 5);
 *   console.assert(packet.type === PacketType.PINGREQ);
 * }
 * ```
 *
 * @module
 */
export { type DecodeOptions, decodePacket, type EncodeOptions, encodePacket, packetSize } from "./codec.ts";
export { Framer, type FramerOptions, PROTOCOL_MAXIMUM_PACKET_SIZE } from "./framer.ts";
export { Slab, SlabPool } from "./slab.ts";
export { ConnectError, type ConnectErrorContext, MqttError } from "./errors.ts";
export {
  isFailure,
  isReasonCodeAllowed,
  ReasonCode,
  reasonCodeName,
  type Sender,
  usableReasonCode,
} from "./reason_codes.ts";
export { connackReasonCode, connackReturnCode } from "./return_codes.ts";
export * from "./types.ts";
