/** The first byte of each packet (2.1), and the identifiers of the properties that are read and written by hand.
 * @module */
import { type AckPacket, PacketType, type QoS } from "./types.ts";

/** Packet type with its reserved flags [MQTT-2.1.3-1]; that of PUBLISH without {@linkcode PublishFlag}. */
export const FixedHeader = {
  CONNECT: 0x10,
  CONNACK: 0x20,
  PUBLISH: 0x30,
  PUBACK: 0x40,
  PUBREC: 0x50,
  /** [MQTT-3.6.1-1] */
  PUBREL: 0x62,
  PUBCOMP: 0x70,
  /** [MQTT-3.8.1-1] */
  SUBSCRIBE: 0x82,
  SUBACK: 0x90,
  /** [MQTT-3.10.1-1] */
  UNSUBSCRIBE: 0xa2,
  UNSUBACK: 0xb0,
  DISCONNECT: 0xe0,
  /** [MQTT-3.15.1-1] */
  AUTH: 0xf0,
} as const;

/** Flags of PUBLISH (3.3.1). */
export const PublishFlag = {
  RETAIN: 0x01,
  /** Both bits of the QoS. */
  QOS: 0x06,
  DUP: 0x08,
} as const;

/** Identifiers of properties (2.2.2.2) that are looked for in a PUBLISH, or written into it, without a table. */
export const PropertyId = {
  PayloadFormatIndicator: 0x01,
  MessageExpiryInterval: 0x02,
  SubscriptionIdentifier: 0x0b,
  TopicAlias: 0x23,
} as const;

/** The first byte of an acknowledgement. */
export function ackHeader(type: AckPacket["type"]): number {
  return type === PacketType.PUBREL ? FixedHeader.PUBREL : type << 4;
}

/** The first byte of a PUBLISH. */
export function publishHeader(qos: QoS, retain: boolean, dup: boolean): number {
  return FixedHeader.PUBLISH | (dup ? PublishFlag.DUP : 0) | qos << 1 | (retain ? PublishFlag.RETAIN : 0);
}
