/** MQTT 3.1.1 packets, right and wrong. */

import type { BadCase, GoodCase } from "./cases.ts";
import { hex } from "./bytes.ts";
import { type AckPacket, PacketType } from "../../src/packets/types.ts";

const MQTT4 = "00 04 'MQTT' 04";
const connect = {
  type: PacketType.CONNECT,
  protocolVersion: 4,
  cleanStart: true,
  keepAlive: 60,
  clientId: "a",
} as const;
const publish = {
  type: PacketType.PUBLISH,
  topic: "t",
  payload: hex("'x'"),
  qos: 0,
  retain: false,
  dup: false,
  packetId: 0,
} as const;
const request = { topicFilter: "p", qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;

function connack(returnCode: string, reasonCode: number): GoodCase {
  const packet = { type: PacketType.CONNACK, sessionPresent: false, reasonCode } as const;
  return { name: `CONNACK with return code ${returnCode}`, hex: `20 02 00 ${returnCode}`, packet };
}

function ack(name: string, first: string, type: AckPacket["type"]): GoodCase {
  return { name, hex: `${first} 02 FF FE`, packet: { type, packetId: 65534, reasonCode: 0 } };
}

export const GOOD_V311: GoodCase[] = [
  { name: "CONNECT", hex: `10 0D ${MQTT4} 02 00 3C 00 01 'a'`, packet: connect },
  {
    name: "[v311 NOTE-15] CONNECT of a bridge",
    hex: "10 0D 00 04 'MQTT' 84 02 00 3C 00 01 'a'",
    packet: { ...connect, bridge: true },
  },
  {
    name: "CONNECT without Client Identifier and Clean Session",
    hex: `10 0C ${MQTT4} 00 00 00 00 00`,
    packet: { ...connect, cleanStart: false, keepAlive: 0, clientId: "" },
  },
  {
    name: "[v311 MQTT-3.1.3-1] CONNECT with everything, in order",
    hex: `10 1C ${MQTT4} F6 00 3C 00 02 'id' 00 01 'w' 00 02 00 01 00 01 'u' 00 02 FF FE`,
    packet: {
      ...connect,
      clientId: "id",
      username: "u",
      password: hex("FF FE"),
      will: { topic: "w", payload: hex("00 01"), qos: 2, retain: true },
    },
  },
  {
    name: "[v311 MQTT-3.1.2-19] CONNECT with an empty user name",
    hex: `10 0F ${MQTT4} 82 00 3C 00 01 'a' 00 00`,
    packet: { ...connect, username: "" },
  },
  connack("00", 0x00),
  connack("01", 0x84),
  connack("02", 0x85),
  connack("03", 0x88),
  connack("04", 0x86),
  connack("05", 0x87),
  {
    name: "CONNACK with a session",
    hex: "20 02 01 00",
    packet: { type: PacketType.CONNACK, sessionPresent: true, reasonCode: 0 },
  },
  { name: "[v311 MQTT-2.3.1-5] PUBLISH at QoS 0", hex: "30 04 00 01 't' 'x'", packet: publish },
  { name: "PUBLISH without payload", hex: "31 03 00 01 't'", packet: { ...publish, payload: hex(""), retain: true } },
  { name: "PUBLISH at QoS 1", hex: "32 06 00 01 't' 12 34 'x'", packet: { ...publish, qos: 1, packetId: 0x1234 } },
  {
    name: "PUBLISH at QoS 2 with DUP",
    hex: "3C 06 00 01 't' 12 34 'x'",
    packet: { ...publish, qos: 2, packetId: 0x1234, dup: true },
  },
  {
    name: "[v311 MQTT-1.5.3-3] PUBLISH whose topic begins with U+FEFF",
    hex: "30 07 00 04 EF BB BF 'a' 'x'",
    packet: { ...publish, topic: "\ufeffa" },
  },
  ack("PUBACK", "40", PacketType.PUBACK),
  ack("PUBREC", "50", PacketType.PUBREC),
  ack("PUBREL", "62", PacketType.PUBREL),
  ack("PUBCOMP", "70", PacketType.PUBCOMP),
  {
    name: "SUBSCRIBE",
    hex: "82 0A 12 34 00 01 'p' 00 00 01 'q' 02",
    packet: {
      type: PacketType.SUBSCRIBE,
      packetId: 0x1234,
      subscriptions: [request, { ...request, topicFilter: "q", qos: 2 }],
    },
  },
  {
    name: "SUBACK",
    hex: "90 06 12 34 00 01 02 80",
    packet: { type: PacketType.SUBACK, packetId: 0x1234, reasonCodes: [0, 1, 2, 0x80] },
  },
  {
    name: "UNSUBSCRIBE",
    hex: "A2 08 12 34 00 01 'p' 00 01 'q'",
    packet: { type: PacketType.UNSUBSCRIBE, packetId: 0x1234, topicFilters: ["p", "q"] },
  },
  {
    name: "UNSUBACK",
    hex: "B0 02 12 34",
    packet: { type: PacketType.UNSUBACK, packetId: 0x1234, reasonCodes: [] },
  },
  { name: "PINGREQ", hex: "C0 00", packet: { type: PacketType.PINGREQ } },
  { name: "PINGRESP", hex: "D0 00", packet: { type: PacketType.PINGRESP } },
  { name: "DISCONNECT", hex: "E0 00", packet: { type: PacketType.DISCONNECT, reasonCode: 0 } },
];

export const BAD_V311: BadCase[] = [
  { name: "[v311 MQTT-2.2.2-2] CONNECT with flags", hex: `11 0D ${MQTT4} 02 00 3C 00 01 'a'`, error: 0x81 },
  { name: "[v311 MQTT-3.1.2-3] CONNECT with flag 0", hex: `10 0D ${MQTT4} 03 00 3C 00 01 'a'`, error: 0x81 },
  { name: "[v311 MQTT-3.1.2-9] CONNECT without will fields", hex: `10 0D ${MQTT4} 06 00 3C 00 01 'a'`, error: 0x81 },
  {
    name: "[v311 MQTT-3.1.2-11] will fields without flag",
    hex: `10 13 ${MQTT4} 02 00 3C 00 01 'a' 00 01 'w' 00 01 'x'`,
    error: 0x81,
  },
  { name: "[v311 MQTT-3.1.2-13] Will QoS without will", hex: `10 0D ${MQTT4} 0A 00 3C 00 01 'a'`, error: 0x81 },
  {
    name: "[v311 MQTT-3.1.2-14] Will QoS 3",
    hex: `10 13 ${MQTT4} 1E 00 3C 00 01 'a' 00 01 'w' 00 01 'x'`,
    error: 0x81,
  },
  { name: "[v311 MQTT-3.1.2-15] Will Retain without will", hex: `10 0D ${MQTT4} 22 00 3C 00 01 'a'`, error: 0x81 },
  {
    name: "[v311 MQTT-3.1.2-18] user name without flag",
    hex: `10 10 ${MQTT4} 02 00 3C 00 01 'a' 00 01 'u'`,
    error: 0x81,
  },
  { name: "[v311 MQTT-3.1.2-19] flag without user name", hex: `10 0D ${MQTT4} 82 00 3C 00 01 'a'`, error: 0x81 },
  {
    name: "[v311 MQTT-3.1.2-20] password without flag",
    hex: `10 13 ${MQTT4} 82 00 3C 00 01 'a' 00 01 'u' 00 01 'p'`,
    error: 0x81,
  },
  {
    name: "[v311 MQTT-3.1.2-21] flag without password",
    hex: `10 10 ${MQTT4} C2 00 3C 00 01 'a' 00 01 'u'`,
    error: 0x81,
  },
  {
    name: "[v311 MQTT-3.1.2-22] password without user name",
    hex: `10 10 ${MQTT4} 42 00 3C 00 01 'a' 00 01 'p'`,
    error: 0x81,
  },
  { name: "[v311 MQTT-3.1.3-3] CONNECT without Client Identifier", hex: `10 0A ${MQTT4} 02 00 3C`, error: 0x81 },
  { name: "[v311 MQTT-3.1.3-4] ill-formed Client Identifier", hex: `10 0D ${MQTT4} 02 00 3C 00 01 FF`, error: 0x81 },
  {
    name: "[v311 MQTT-3.1.3-10] ill-formed Will Topic",
    hex: `10 13 ${MQTT4} 06 00 3C 00 01 'a' 00 01 FF 00 01 'x'`,
    error: 0x81,
  },
  { name: "[v311 MQTT-3.1.3-11] ill-formed user name", hex: `10 10 ${MQTT4} 82 00 3C 00 01 'a' 00 01 FF`, error: 0x81 },
  { name: "CONNECT of level 9", hex: "10 0D 00 04 'MQTT' 09 02 00 3C 00 01 'a'", error: 0x84 },
  { name: "CONNECT of name MQTT with level 0x83", hex: "10 0D 00 04 'MQTT' 83 02 00 3C 00 01 'a'", error: 0x84 },
  { name: "CONNECT of name MQTT with level 3", hex: "10 0D 00 04 'MQTT' 03 02 00 3C 00 01 'a'", error: 0x84 },
  { name: "CONNACK with return code 6", hex: "20 02 00 06", error: 0x82 },
  { name: "CONNACK with reserved flags", hex: "20 02 02 00", error: 0x81 },
  { name: "CONNACK that refuses with a session", hex: "20 02 01 05", error: 0x82 },
  { name: "CONNACK with a byte left over", hex: "20 03 00 00 00", error: 0x81 },
  { name: "[v311 MQTT-3.3.1-4] PUBLISH at QoS 3", hex: "36 06 00 01 't' 00 01 'x'", error: 0x81 },
  { name: "[v311 MQTT-3.3.1-2] PUBLISH at QoS 0 with DUP", hex: "38 04 00 01 't' 'x'", error: 0x81 },
  { name: "[v311 MQTT-2.3.1-1] PUBLISH with identifier 0", hex: "32 06 00 01 't' 00 00 'x'", error: 0x82 },
  { name: "[v311 MQTT-3.3.2-1] topic beyond the end", hex: "30 03 00 02 't'", error: 0x81 },
  { name: "[v311 MQTT-1.5.3-1] surrogate in the topic", hex: "30 06 00 03 ED A0 80 'x'", error: 0x81 },
  { name: "[v311 MQTT-1.5.3-2] U+0000 in the topic", hex: "30 06 00 03 'a' 00 'b' 'x'", error: 0x81 },
  { name: "[v311 MQTT-2.2.2-2] PUBACK with flags", hex: "41 02 00 01", error: 0x81 },
  { name: "PUBACK with identifier 0", hex: "40 02 00 00", error: 0x82 },
  { name: "PUBACK with a code", hex: "40 03 00 01 00", error: 0x81 },
  { name: "[v311 MQTT-3.6.1-1] PUBREL without its flag", hex: "60 02 00 01", error: 0x81 },
  { name: "[v311 MQTT-3.8.1-1] SUBSCRIBE without its flag", hex: "80 06 00 01 00 01 'p' 00", error: 0x81 },
  { name: "SUBSCRIBE with DUP", hex: "8A 06 00 01 00 01 'p' 00", error: 0x81 },
  { name: "[v311 MQTT-2.3.1-1] SUBSCRIBE with identifier 0", hex: "82 06 00 00 00 01 'p' 00", error: 0x82 },
  { name: "[v311 MQTT-3.8.3-1] ill-formed filter", hex: "82 06 00 01 00 01 FF 00", error: 0x81 },
  { name: "[v311 MQTT-3.8.3-3] SUBSCRIBE without filter", hex: "82 02 00 01", error: 0x82 },
  { name: "[v311 MQTT-3.8.3-4] Requested QoS 3", hex: "82 06 00 01 00 01 'p' 03", error: 0x81 },
  { name: "[v311 MQTT-3.8.3-4] reserved bit 2", hex: "82 06 00 01 00 01 'p' 04", error: 0x81 },
  { name: "[v311 MQTT-3.8.3-4] reserved bit 7", hex: "82 06 00 01 00 01 'p' 80", error: 0x81 },
  { name: "[v311 MQTT-3.9.3-2] SUBACK with code 0x87", hex: "90 03 00 01 87", error: 0x82 },
  { name: "[v311 MQTT-3.9.3-2] SUBACK with code 3", hex: "90 03 00 01 03", error: 0x82 },
  { name: "SUBACK without code", hex: "90 02 00 01", error: 0x82 },
  { name: "[v311 MQTT-3.10.1-1] UNSUBSCRIBE without its flag", hex: "A0 05 00 01 00 01 'p'", error: 0x81 },
  { name: "[v311 MQTT-2.3.1-1] UNSUBSCRIBE with identifier 0", hex: "A2 05 00 00 00 01 'p'", error: 0x82 },
  { name: "[v311 MQTT-3.10.3-1] ill-formed filter to remove", hex: "A2 05 00 01 00 01 FF", error: 0x81 },
  { name: "[v311 MQTT-3.10.3-2] UNSUBSCRIBE without filter", hex: "A2 02 00 01", error: 0x82 },
  { name: "UNSUBACK with a code", hex: "B0 03 00 01 00", error: 0x81 },
  { name: "[v311 NOTE-5] PINGREQ with a body", hex: "C0 01 00", error: 0x81 },
  { name: "[v311 MQTT-2.2.2-2] PINGREQ with flags", hex: "C1 00", error: 0x81 },
  { name: "[v311 MQTT-3.14.1-1] DISCONNECT with flags", hex: "E1 00", error: 0x81 },
  { name: "DISCONNECT with a code", hex: "E0 01 00", error: 0x81 },
  { name: "[v311 NOTE-5] AUTH", hex: "F0 00", error: 0x82 },
  { name: "AUTH that would be right in MQTT 5", hex: "F0 06 18 04 15 00 01 'm'", error: 0x82 },
  { name: "AUTH of a server", hex: "F0 00", error: 0x82, from: "server" },
  { name: "packet type 0", hex: "00 00", error: 0x81 },
];
