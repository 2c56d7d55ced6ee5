/** What a client is told, and what it is not.
 * @module */
import { isHookTimeout } from "../../hook/hook_timeout.ts";
import { ConnectError, MqttError } from "../../packets/errors.ts";
import { ReasonCode } from "../../packets/reason_codes.ts";
import { type Packet, PacketType, type Properties, type ProtocolVersion } from "../../packets/types.ts";
import type { Client } from "../../session/client.ts";

/** The version in which a refused CONNECT is answered; `undefined` for a plain close. */
export function answerVersion(client: Client | undefined, error: MqttError): ProtocolVersion | undefined {
  if (client !== undefined) return client.protocolVersion;
  if (!(error instanceof ConnectError)) return undefined;
  if (error.protocolVersion === 5) return 5;
  if (isUnknownLevel(error)) return error.protocolLevel! > 5 ? 5 : 4; // [MQTT-3.1.2-2] [v311 MQTT-3.1.2-2]
  return undefined; // a packet that is broken
}

/** The name is MQTT's and the level none that is served: a client of a version to come, or of one before 3.1. */
function isUnknownLevel(error: ConnectError): boolean {
  return error.protocolVersion === undefined && error.protocolLevel !== undefined;
}

/** What a client is told that was not let in: a hook that is too slow is the broker's own affair. */
export function refusalOf(error: MqttError): MqttError {
  if (!isHookTimeout(error)) return error;
  return new MqttError(ReasonCode.ServerUnavailable, "Cannot connect: the broker did not decide in time");
}

/** What CONNACK says of a refusal; nothing to a client whose version is not known. */
export function refusalProperties(error: MqttError): Properties | undefined {
  if (error instanceof ConnectError && isUnknownLevel(error)) return undefined;
  return { reasonString: error.message, serverReference: error.serverReference };
}

/** Longest Reason String: it may repeat a topic, which makes it longer than a string can be. */
const LONGEST_REASON = 1_024;

/** The packet with a Reason String that is not longer than it has to be. */
export function withShortReason(packet: Packet): Packet {
  const reason = "properties" in packet ? packet.properties?.reasonString : undefined;
  if (reason === undefined || reason.length <= LONGEST_REASON) return packet;
  const reasonString = reason.slice(0, LONGEST_REASON).toWellFormed();
  return { ...packet, properties: { ...(packet as { properties?: Properties }).properties, reasonString } } as Packet;
}

/** Where "not authorized" is told as "unspecified error", no Reason String gives away what that stands for. */
export function withoutReason(packet: Packet): Packet {
  if (!("reasonCode" in packet) || packet.reasonCode !== ReasonCode.UnspecifiedError) return packet;
  return { ...packet, properties: { ...packet.properties, reasonString: undefined } } as Packet;
}

/** After Request Problem Information 0 only three packets may explain themselves [MQTT-3.1.2-29]. */
export function withoutProblemInformation(packet: Packet): Packet {
  if (!("properties" in packet) || packet.properties === undefined) return packet;
  const { type } = packet;
  if (type === PacketType.PUBLISH || type === PacketType.CONNACK || type === PacketType.DISCONNECT) {
    return withShortReason(packet);
  }
  return {
    ...packet,
    properties: { ...packet.properties, reasonString: undefined, userProperties: undefined },
  } as Packet;
}

/** Errors that only mean that the peer has gone. */
export function isLost(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.ConnectionAborted || error instanceof Deno.errors.BadResource ||
    error instanceof Deno.errors.Interrupted || error instanceof Deno.errors.UnexpectedEof ||
    error instanceof Deno.errors.TimedOut || error instanceof Deno.errors.NotConnected;
}
