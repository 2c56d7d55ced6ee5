/** MQTT 3.1 packets, right and wrong; what is the same as in MQTT 3.1.1 is not repeated. */

import type { BadCase, GoodCase } from "./cases.ts";
import { hex } from "./bytes.ts";
import { type Packet, PacketType } from "../../src/packets/types.ts";

const MQTT3 = "00 06 'MQIsdp' 03";
const connect = {
  type: PacketType.CONNECT,
  protocolVersion: 3,
  cleanStart: true,
  keepAlive: 60,
  clientId: "a",
} as const;
const request = { topicFilter: "p", qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
const subscribe: Packet = { type: PacketType.SUBSCRIBE, packetId: 1, subscriptions: [request] };

export const GOOD_V31: GoodCase[] = [
  { name: "CONNECT", hex: `10 0F ${MQTT3} 02 00 3C 00 01 'a'`, packet: connect },
  {
    name: "[v311 NOTE-15] CONNECT of a bridge",
    hex: "10 0F 00 06 'MQIsdp' 83 02 00 3C 00 01 'a'",
    packet: { ...connect, bridge: true },
  },
  {
    name: "CONNECT with everything",
    hex: `10 1E ${MQTT3} F6 00 3C 00 02 'id' 00 01 'w' 00 02 00 01 00 01 'u' 00 02 FF FE`,
    packet: {
      ...connect,
      clientId: "id",
      username: "u",
      password: hex("FF FE"),
      will: { topic: "w", payload: hex("00 01"), qos: 2, retain: true },
    },
  },
  {
    name: "[v311 NOTE-13] CONNECT with flags for credentials, but without them",
    hex: `10 0F ${MQTT3} C2 00 3C 00 01 'a'`,
    packet: connect,
    decodeOnly: true,
  },
  {
    name: "[v311 NOTE-13] CONNECT with a flag for the password, but without it",
    hex: `10 12 ${MQTT3} C2 00 3C 00 01 'a' 00 01 'u'`,
    packet: { ...connect, username: "u" },
    decodeOnly: true,
  },
  {
    name: "[v311 NOTE-14] CONNECT with the unused bit",
    hex: `10 0F ${MQTT3} 03 00 3C 00 01 'a'`,
    packet: connect,
    decodeOnly: true,
  },
  {
    name: "[v311 NOTE-14] CONNECT with will bits without will",
    hex: `10 0F ${MQTT3} 2A 00 3C 00 01 'a'`,
    packet: connect,
    decodeOnly: true,
  },
  {
    name: "CONNACK",
    hex: "20 02 00 00",
    packet: { type: PacketType.CONNACK, sessionPresent: false, reasonCode: 0 },
  },
  {
    name: "CONNACK with something in the reserved byte",
    hex: "20 02 FF 05",
    packet: { type: PacketType.CONNACK, sessionPresent: false, reasonCode: 0x87 },
    decodeOnly: true,
  },
  {
    name: "PUBLISH at QoS 1",
    hex: "32 06 00 01 't' 12 34 'x'",
    packet: {
      type: PacketType.PUBLISH,
      topic: "t",
      payload: hex("'x'"),
      qos: 1,
      retain: false,
      dup: false,
      packetId: 0x1234,
    },
  },
  { name: "PUBREL", hex: "62 02 00 01", packet: { type: PacketType.PUBREL, packetId: 1, reasonCode: 0 } },
  {
    name: "[v311 NOTE-11] PUBREL with DUP",
    hex: "6A 02 00 01",
    packet: { type: PacketType.PUBREL, packetId: 1, reasonCode: 0 },
    decodeOnly: true,
  },
  { name: "SUBSCRIBE", hex: "82 06 00 01 00 01 'p' 00", packet: subscribe },
  {
    name: "[v311 NOTE-11] SUBSCRIBE with DUP",
    hex: "8A 06 00 01 00 01 'p' 00",
    packet: subscribe,
    decodeOnly: true,
  },
  {
    name: "SUBACK",
    hex: "90 05 00 01 00 01 02",
    packet: { type: PacketType.SUBACK, packetId: 1, reasonCodes: [0, 1, 2] },
  },
  {
    name: "[v311 NOTE-11] UNSUBSCRIBE with DUP",
    hex: "AA 05 00 01 00 01 'p'",
    packet: { type: PacketType.UNSUBSCRIBE, packetId: 1, topicFilters: ["p"] },
    decodeOnly: true,
  },
  {
    name: "UNSUBACK",
    hex: "B0 02 00 01",
    packet: { type: PacketType.UNSUBACK, packetId: 1, reasonCodes: [] },
  },
  { name: "PINGREQ", hex: "C0 00", packet: { type: PacketType.PINGREQ } },
  { name: "DISCONNECT", hex: "E0 00", packet: { type: PacketType.DISCONNECT, reasonCode: 0 } },
];

export const BAD_V31: BadCase[] = [
  { name: "CONNECT of name MQIsdp with level 4", hex: "10 0F 00 06 'MQIsdp' 04 02 00 3C 00 01 'a'", error: 0x84 },
  { name: "CONNECT of name MQIsdp with level 0x84", hex: "10 0F 00 06 'MQIsdp' 84 02 00 3C 00 01 'a'", error: 0x84 },
  { name: "CONNECT with flags", hex: `11 0F ${MQTT3} 02 00 3C 00 01 'a'`, error: 0x81 },
  {
    name: "[v311 NOTE-13] password without user name",
    hex: `10 12 ${MQTT3} 42 00 3C 00 01 'a' 00 01 'p'`,
    error: 0x81,
  },
  { name: "Will QoS 3", hex: `10 15 ${MQTT3} 1E 00 3C 00 01 'a' 00 01 'w' 00 01 'x'`, error: 0x81 },
  { name: "CONNECT without will fields", hex: `10 0F ${MQTT3} 06 00 3C 00 01 'a'`, error: 0x81 },
  { name: "CONNECT with half a user name", hex: `10 10 ${MQTT3} 82 00 3C 00 01 'a' 00`, error: 0x81 },
  { name: "CONNECT with a byte left over", hex: `10 10 ${MQTT3} 02 00 3C 00 01 'a' 00`, error: 0x81 },
  { name: "SUBACK with code 0x80", hex: "90 03 00 01 80", error: 0x82 },
  { name: "Requested QoS 3", hex: "82 06 00 01 00 01 'p' 03", error: 0x81 },
  { name: "PUBACK with flags", hex: "48 02 00 01", error: 0x81 },
  { name: "AUTH", hex: "F0 00", error: 0x82 },
];
