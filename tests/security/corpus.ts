/** Packets of a well-behaved client, to be damaged. */

import { encodePacket } from "../../src/packets/codec.ts";
import { type Packet, PacketType, type ProtocolVersion } from "../../src/packets/types.ts";

const payload = new TextEncoder().encode("payload");
const userProperties: [string, string][] = [["name", "value"]];
const filter = { topicFilter: "a/+", qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
const publish = { type: PacketType.PUBLISH, topic: "a/b", payload, retain: false, dup: false } as const;

/** CONNECT with everything in it. */
export function connect(protocolVersion: ProtocolVersion): Packet {
  const will = {
    topic: "will",
    payload,
    qos: 1,
    retain: true,
    properties: { willDelayInterval: 1, userProperties },
  } as const;
  return {
    ...{
      type: PacketType.CONNECT,
      protocolVersion,
      cleanStart: true,
      keepAlive: 60,
      clientId: "client",
      username: "u",
    },
    ...{ password: payload, will, properties: { sessionExpiryInterval: 1, receiveMaximum: 9, userProperties } },
  };
}

const packets: readonly Packet[] = [
  { ...publish, qos: 0, packetId: 0, properties: { topicAlias: 1, messageExpiryInterval: 9, userProperties } },
  { ...publish, qos: 1, packetId: 7, properties: { responseTopic: "r", correlationData: payload, contentType: "c" } },
  { ...publish, qos: 2, packetId: 8, retain: true, properties: { payloadFormatIndicator: 1 } },
  { type: PacketType.PUBACK, packetId: 1, reasonCode: 0x10, properties: { reasonString: "r", userProperties } },
  { type: PacketType.PUBREC, packetId: 1, reasonCode: 0 },
  { type: PacketType.PUBREL, packetId: 1, reasonCode: 0x92, properties: { reasonString: "r" } },
  { type: PacketType.PUBCOMP, packetId: 1, reasonCode: 0 },
  {
    ...{ type: PacketType.SUBSCRIBE, packetId: 2, subscriptions: [filter, { ...filter, topicFilter: "$share/g/a" }] },
    properties: { subscriptionIdentifiers: [7], userProperties },
  },
  { type: PacketType.UNSUBSCRIBE, packetId: 3, topicFilters: ["a/+", "b"], properties: { userProperties } },
  { type: PacketType.PINGREQ },
  { type: PacketType.DISCONNECT, reasonCode: 4, properties: { sessionExpiryInterval: 5, reasonString: "r" } },
  { type: PacketType.AUTH, reasonCode: 0x18, properties: { authenticationMethod: "m", authenticationData: payload } },
];

/** Every packet of a client in a version, CONNECT first. */
export function corpus(version: ProtocolVersion): Uint8Array[] {
  const encoded = [connect(version), ...packets].map((packet) => encodePacket(packet, version, { from: "client" }));
  return encoded.filter((bytes) => bytes !== undefined);
}
