/** Packets in the words of a log line. Passwords and authentication data stay out.
 * @module */
import { type Packet, PacketType, type Will } from "../src/packets/types.ts";

const NAMES: readonly string[] = ["", ...Object.keys(PacketType)];

/**
 * Names a packet as the standard does.
 *
 * @param packet the packet
 */
export function packetName(packet: Packet): string {
  return NAMES[packet.type];
}

/**
 * Tells what is in a packet.
 *
 * @param packet the packet
 * @param payloadBytes how many bytes of a payload to show
 */
export function describePacket(packet: Packet, payloadBytes: number): Record<string, unknown> {
  switch (packet.type) {
    case PacketType.CONNECT: {
      const { protocolVersion, cleanStart, keepAlive, will, properties } = packet;
      const method = properties?.authenticationMethod;
      return { protocolVersion, cleanStart, keepAlive, method, ...describeWill(will, payloadBytes) };
    }
    case PacketType.CONNACK:
      return { sessionPresent: packet.sessionPresent, reasonCode: packet.reasonCode };
    case PacketType.PUBLISH: {
      const { topic, qos, retain, dup, packetId, payload, properties } = packet;
      const alias = properties?.topicAlias;
      const preview = previewPayload(payload, payloadBytes);
      return { topic, alias, qos, retain, dup, packetId, bytes: payload.length, payload: preview };
    }
    case PacketType.SUBSCRIBE: {
      const filters = packet.subscriptions.map(({ topicFilter, qos }) => `${topicFilter} (QoS ${qos})`);
      return { packetId: packet.packetId, filters, identifier: packet.properties?.subscriptionIdentifiers?.[0] };
    }
    case PacketType.UNSUBSCRIBE:
      return { packetId: packet.packetId, filters: packet.topicFilters };
    case PacketType.SUBACK:
    case PacketType.UNSUBACK:
      return { packetId: packet.packetId, reasonCodes: packet.reasonCodes };
    case PacketType.PINGREQ:
    case PacketType.PINGRESP:
      return {};
    case PacketType.DISCONNECT:
      return { reasonCode: packet.reasonCode, reason: packet.properties?.reasonString };
    case PacketType.AUTH:
      return { reasonCode: packet.reasonCode, method: packet.properties?.authenticationMethod };
    default:
      return { packetId: packet.packetId, reasonCode: packet.reasonCode, reason: packet.properties?.reasonString };
  }
}

/**
 * Shows the beginning of a payload: as text where it is text, otherwise in hex.
 *
 * @param payload the bytes
 * @param limit how many of them to show; 0 for none
 * @returns the preview, `undefined` for none
 */
export function previewPayload(payload: Uint8Array, limit: number): string | undefined {
  if (limit === 0) return undefined;
  const shown = payload.subarray(0, limit);
  const more = payload.length > limit ? "…" : "";
  try {
    // a character that the limit cuts apart is left out, everything else has to be right
    return new TextDecoder("utf-8", { fatal: true }).decode(shown, { stream: more !== "" }) + more;
  } catch {
    return Array.from(shown, (byte) => byte.toString(16).padStart(2, "0")).join(" ") + more;
  }
}

function describeWill(will: Will | undefined, payloadBytes: number): Record<string, unknown> {
  if (will === undefined) return {};
  const { topic, qos, retain, payload } = will;
  return { willTopic: topic, willQos: qos, willRetain: retain, willPayload: previewPayload(payload, payloadBytes) };
}
