/** MQTT 5 packets that are right, by hand from the standard. */

import type { GoodCase } from "./cases.ts";
import { hex } from "./bytes.ts";
import { type AckPacket, PacketType } from "../../src/packets/types.ts";

const MQTT5 = "00 04 'MQTT' 05";
const connect = {
  type: PacketType.CONNECT,
  protocolVersion: 5,
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

const CONNECT: GoodCase[] = [
  { name: "CONNECT", hex: `10 0E ${MQTT5} 02 00 3C 00 00 01 'a'`, packet: connect },
  {
    name: "CONNECT without Client Identifier and Clean Start",
    hex: `10 0D ${MQTT5} 00 FF FF 00 00 00`,
    packet: { ...connect, cleanStart: false, keepAlive: 65535, clientId: "" },
  },
  {
    name: "[v5 MQTT-3.1.3-1] CONNECT with everything, in order",
    hex: `10 6B ${MQTT5} F6 00 3C 2E 11 00 00 00 3C 15 00 05 'SCRAM' 16 00 02 00 FF 17 00 19 01 21 00 0A 22 00 05
      26 00 01 'k' 00 01 'v' 26 00 01 'k' 00 00 27 00 00 10 00 00 02 'id'
      1F 01 01 02 00 00 00 0A 03 00 01 'c' 08 00 01 'r' 09 00 01 FF 18 FF FF FF FF 26 00 01 'a' 00 01 'b'
      00 01 'w' 00 02 00 01 00 01 'u' 00 02 FF FE`,
    packet: {
      ...connect,
      clientId: "id",
      username: "u",
      password: hex("FF FE"),
      properties: {
        sessionExpiryInterval: 60,
        authenticationMethod: "SCRAM",
        authenticationData: hex("00 FF"),
        requestProblemInformation: 0,
        requestResponseInformation: 1,
        receiveMaximum: 10,
        topicAliasMaximum: 5,
        userProperties: [["k", "v"], ["k", ""]],
        maximumPacketSize: 4096,
      },
      will: {
        topic: "w",
        payload: hex("00 01"),
        qos: 2,
        retain: true,
        properties: {
          payloadFormatIndicator: 1,
          messageExpiryInterval: 10,
          contentType: "c",
          responseTopic: "r",
          correlationData: hex("FF"),
          willDelayInterval: 0xffffffff,
          userProperties: [["a", "b"]],
        },
      },
    },
  },
  {
    name: "CONNECT with a will at QoS 1, empty topic and payload",
    hex: `10 13 ${MQTT5} 0E 00 3C 00 00 01 'a' 00 00 00 00 00`,
    packet: { ...connect, will: { topic: "", payload: hex(""), qos: 1, retain: false } },
  },
  {
    name: "[v5 MQTT-3.1.2-19] CONNECT with a password only",
    hex: `10 11 ${MQTT5} 42 00 3C 00 00 01 'a' 00 01 'p'`,
    packet: { ...connect, password: hex("'p'") },
  },
  {
    name: "[v5 MQTT-3.1.2-17] CONNECT with an empty user name",
    hex: `10 10 ${MQTT5} 82 00 3C 00 00 01 'a' 00 00`,
    packet: { ...connect, username: "" },
  },
];

const connack = { type: PacketType.CONNACK, sessionPresent: false, reasonCode: 0 } as const;
const CONNACK: GoodCase[] = [
  { name: "[v5 MQTT-2.2.2-1] CONNACK", hex: "20 03 00 00 00", packet: connack },
  { name: "CONNACK with a session", hex: "20 03 01 00 00", packet: { ...connack, sessionPresent: true } },
  { name: "CONNACK that refuses", hex: "20 03 00 87 00", packet: { ...connack, reasonCode: 0x87 } },
  {
    name: "CONNACK with every property",
    hex: `20 3F 00 00 3C 11 00 00 00 3C 12 00 01 'x' 13 00 3C 15 00 01 'm' 16 00 01 00 1A 00 01 'r' 1C 00 01 's'
      1F 00 01 'z' 21 00 14 22 00 0A 24 01 25 00 26 00 01 'a' 00 01 'b' 27 00 01 00 00 28 01 29 01 2A 00`,
    packet: {
      ...connack,
      properties: {
        sessionExpiryInterval: 60,
        assignedClientIdentifier: "x",
        serverKeepAlive: 60,
        authenticationMethod: "m",
        authenticationData: hex("00"),
        responseInformation: "r",
        serverReference: "s",
        reasonString: "z",
        receiveMaximum: 20,
        topicAliasMaximum: 10,
        maximumQoS: 1,
        retainAvailable: 0,
        userProperties: [["a", "b"]],
        maximumPacketSize: 65536,
        wildcardSubscriptionAvailable: 1,
        subscriptionIdentifierAvailable: 1,
        sharedSubscriptionAvailable: 0,
      },
    },
  },
];

const PUBLISH: GoodCase[] = [
  { name: "[v5 MQTT-2.2.1-2] PUBLISH at QoS 0", hex: "30 05 00 01 't' 00 'x'", packet: publish },
  { name: "PUBLISH without payload", hex: "30 04 00 01 't' 00", packet: { ...publish, payload: hex("") } },
  { name: "PUBLISH with RETAIN", hex: "31 05 00 01 't' 00 'x'", packet: { ...publish, retain: true } },
  {
    name: "PUBLISH at QoS 1",
    hex: "32 07 00 01 't' 12 34 00 'x'",
    packet: { ...publish, qos: 1, packetId: 0x1234 },
  },
  {
    name: "PUBLISH at QoS 2 with DUP and RETAIN",
    hex: "3D 07 00 01 't' FF FF 00 'x'",
    packet: { ...publish, qos: 2, packetId: 65535, dup: true, retain: true },
  },
  {
    name: "PUBLISH with a Topic Alias in place of a topic",
    hex: "30 07 00 00 03 23 00 05 'x'",
    packet: { ...publish, topic: "", properties: { topicAlias: 5 } },
  },
  {
    name: "[v5 MQTT-1.5.4-3] PUBLISH whose topic begins with U+FEFF",
    hex: "30 08 00 04 EF BB BF 'a' 00 'x'",
    packet: { ...publish, topic: "\ufeffa" },
  },
  {
    name: "PUBLISH of 131 bytes",
    hex: `30 82 01 00 01 't' 00 ${"'x'".repeat(126)}`,
    packet: { ...publish, payload: hex("'x'".repeat(126)) },
  },
  {
    name: "PUBLISH of 200 bytes of properties",
    hex: `30 CF 01 00 01 't' C9 01 26 00 01 'k' 00 C3 ${"'v'".repeat(195)} 'x'`,
    packet: { ...publish, properties: { userProperties: [["k", "v".repeat(195)]] } },
  },
  {
    name: "PUBLISH with every property",
    from: "server",
    hex: `32 30 00 01 't' 00 07 29 01 01 02 00 00 00 0A 03 00 01 'c' 08 00 01 'r' 09 00 01 00 0B 01 0B FF FF FF 7F
      23 00 01 26 00 01 'a' 00 01 'b' 26 00 00 00 00 'x'`,
    packet: {
      ...publish,
      qos: 1,
      packetId: 7,
      properties: {
        payloadFormatIndicator: 1,
        messageExpiryInterval: 10,
        contentType: "c",
        responseTopic: "r",
        correlationData: hex("00"),
        subscriptionIdentifiers: [1, 268435455],
        topicAlias: 1,
        userProperties: [["a", "b"], ["", ""]],
      },
    },
  },
];

function ackCases(name: string, first: string, type: AckPacket["type"], code: string): GoodCase[] {
  const reasonCode = parseInt(code, 16);
  const properties = { reasonString: "n", userProperties: [["a", "b"] as const] };
  const written = "0B 1F 00 01 'n' 26 00 01 'a' 00 01 'b'";
  return [
    { name, hex: `${first} 02 00 01`, packet: { type, packetId: 1, reasonCode: 0 } },
    { name: `${name} with a code`, hex: `${first} 03 00 01 ${code}`, packet: { type, packetId: 1, reasonCode } },
    {
      name: `${name} with properties`,
      hex: `${first} 0F 00 01 ${code} ${written}`,
      packet: { type, packetId: 1, reasonCode, properties },
    },
    {
      name: `${name} with properties and code 0`,
      hex: `${first} 0F 00 01 00 ${written}`,
      packet: { type, packetId: 1, reasonCode: 0, properties },
    },
    {
      name: `[v5 NOTE-24] ${name} with a needless code 0`,
      hex: `${first} 03 00 01 00`,
      packet: { type, packetId: 1, reasonCode: 0 },
      decodeOnly: true,
    },
    {
      name: `[v5 NOTE-24] ${name} with a needless Property Length`,
      hex: `${first} 04 00 01 ${code} 00`,
      packet: { type, packetId: 1, reasonCode },
      decodeOnly: true,
    },
  ];
}

const request = { topicFilter: "p", qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
const SUBSCRIPTIONS: GoodCase[] = [
  {
    name: "SUBSCRIBE",
    hex: "82 07 12 34 00 00 01 'p' 00",
    packet: { type: PacketType.SUBSCRIBE, packetId: 0x1234, subscriptions: [request] },
  },
  {
    name: "SUBSCRIBE with every property and option",
    hex: "82 17 12 34 0A 0B 80 01 26 00 01 'a' 00 01 'b' 00 01 'p' 2E 00 03 'a/#' 11",
    packet: {
      type: PacketType.SUBSCRIBE,
      packetId: 0x1234,
      subscriptions: [
        { topicFilter: "p", qos: 2, noLocal: true, retainAsPublished: true, retainHandling: 2 },
        { topicFilter: "a/#", qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 1 },
      ],
      properties: { subscriptionIdentifiers: [128], userProperties: [["a", "b"]] },
    },
  },
  {
    name: "SUBACK",
    hex: "90 04 12 34 00 00",
    packet: { type: PacketType.SUBACK, packetId: 0x1234, reasonCodes: [0] },
  },
  {
    name: "SUBACK with every code",
    hex: "90 0F 00 01 00 00 01 02 80 83 87 8F 91 97 9E A1 A2",
    packet: {
      type: PacketType.SUBACK,
      packetId: 1,
      reasonCodes: [0, 1, 2, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2],
    },
  },
  {
    name: "SUBACK with properties",
    hex: "90 0F 00 01 0B 1F 00 01 'n' 26 00 01 'a' 00 01 'b' 87",
    packet: {
      type: PacketType.SUBACK,
      packetId: 1,
      reasonCodes: [0x87],
      properties: { reasonString: "n", userProperties: [["a", "b"]] },
    },
  },
  {
    name: "UNSUBSCRIBE",
    hex: "A2 06 12 34 00 00 01 'p'",
    packet: { type: PacketType.UNSUBSCRIBE, packetId: 0x1234, topicFilters: ["p"] },
  },
  {
    name: "UNSUBSCRIBE with a property and two filters",
    hex: "A2 12 12 34 07 26 00 01 'a' 00 01 'b' 00 01 'p' 00 03 'a/#'",
    packet: {
      type: PacketType.UNSUBSCRIBE,
      packetId: 0x1234,
      topicFilters: ["p", "a/#"],
      properties: { userProperties: [["a", "b"]] },
    },
  },
  {
    name: "UNSUBACK",
    hex: "B0 06 12 34 00 00 11 87",
    packet: { type: PacketType.UNSUBACK, packetId: 0x1234, reasonCodes: [0, 0x11, 0x87] },
  },
  {
    name: "UNSUBACK with properties",
    hex: "B0 0F 00 01 0B 1F 00 01 'n' 26 00 01 'a' 00 01 'b' 00",
    packet: {
      type: PacketType.UNSUBACK,
      packetId: 1,
      reasonCodes: [0],
      properties: { reasonString: "n", userProperties: [["a", "b"]] },
    },
  },
];

const disconnect = { type: PacketType.DISCONNECT, reasonCode: 0 } as const;
const auth = { type: PacketType.AUTH, reasonCode: 0x18, properties: { authenticationMethod: "m" } } as const;
const REST: GoodCase[] = [
  { name: "PINGREQ", hex: "C0 00", packet: { type: PacketType.PINGREQ } },
  { name: "PINGRESP", hex: "D0 00", packet: { type: PacketType.PINGRESP } },
  { name: "DISCONNECT", hex: "E0 00", packet: disconnect },
  { name: "DISCONNECT with will", hex: "E0 01 04", packet: { ...disconnect, reasonCode: 4 } },
  { name: "[v5 NOTE-24] DISCONNECT with a needless code", hex: "E0 01 00", packet: disconnect, decodeOnly: true },
  { name: "[v5 NOTE-24] DISCONNECT with needless fields", hex: "E0 02 00 00", packet: disconnect, decodeOnly: true },
  {
    name: "DISCONNECT of a client with every property",
    hex: "E0 12 04 10 11 00 00 00 3C 1F 00 01 'z' 26 00 01 'a' 00 01 'b'",
    packet: {
      ...disconnect,
      reasonCode: 4,
      properties: { sessionExpiryInterval: 60, reasonString: "z", userProperties: [["a", "b"]] },
    },
  },
  {
    name: "DISCONNECT of a server",
    hex: "E0 01 8E",
    packet: { ...disconnect, reasonCode: 0x8e },
    from: "server",
  },
  {
    name: "DISCONNECT of a server with every property",
    hex: "E0 11 9C 0F 1C 00 01 's' 1F 00 01 'z' 26 00 01 'a' 00 01 'b'",
    packet: {
      ...disconnect,
      reasonCode: 0x9c,
      properties: { serverReference: "s", reasonString: "z", userProperties: [["a", "b"]] },
    },
    from: "server",
  },
  { name: "AUTH", hex: "F0 06 18 04 15 00 01 'm'", packet: auth },
  { name: "AUTH that begins anew", hex: "F0 06 19 04 15 00 01 'm'", packet: { ...auth, reasonCode: 0x19 } },
  { name: "AUTH of a server", hex: "F0 06 00 04 15 00 01 'm'", packet: { ...auth, reasonCode: 0 }, from: "server" },
  { name: "AUTH that is empty", hex: "F0 00", packet: { type: PacketType.AUTH, reasonCode: 0 }, from: "server" },
  {
    name: "AUTH with every property",
    hex: "F0 16 18 14 15 00 01 'm' 16 00 02 00 FF 1F 00 01 'z' 26 00 01 'a' 00 01 'b'",
    packet: {
      ...auth,
      properties: {
        authenticationMethod: "m",
        authenticationData: hex("00 FF"),
        reasonString: "z",
        userProperties: [["a", "b"]],
      },
    },
  },
];

export const GOOD_V5: GoodCase[] = [
  ...CONNECT,
  ...CONNACK,
  ...PUBLISH,
  ...ackCases("PUBACK", "40", PacketType.PUBACK, "10"),
  ...ackCases("PUBREC", "50", PacketType.PUBREC, "97"),
  ...ackCases("PUBREL", "62", PacketType.PUBREL, "92"),
  ...ackCases("PUBCOMP", "70", PacketType.PUBCOMP, "92"),
  ...SUBSCRIPTIONS,
  ...REST,
];
