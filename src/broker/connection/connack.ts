/** What CONNACK tells an MQTT 5 client (3.2.2.3).
 * @module */
import type { ConnectPacket, Properties } from "../../packets/types.ts";
import type { Connection } from "./connection.ts";
import type { Core } from "../core/core.ts";

/** The properties of a CONNACK 0x00; a property with its default value is left out. */
export function connackProperties(
  core: Core,
  connection: Connection,
  accepted: { packet: ConnectPacket; assigned: string | undefined },
): Properties | undefined {
  if (connection.version !== 5) return undefined;
  const { packet, assigned } = accepted, { capabilities } = core.options;
  const session = connection.session!, client = connection.client!;
  return {
    ...connection.authentication,
    sessionExpiryInterval: unless(connection.askedExpiry, session.expiryInterval),
    assignedClientIdentifier: assigned, // [MQTT-3.1.3-7] [MQTT-3.2.2-16]
    serverKeepAlive: unless(packet.keepAlive, client.keepAlive),
    responseInformation: responseInformation(core, connection, packet),
    receiveMaximum: unless(65_535, capabilities.receiveMaximum),
    topicAliasMaximum: unless(0, connection.inboundAliases!.maximum),
    maximumQoS: unless(2, capabilities.maximumQos), // [MQTT-3.2.2-9]
    maximumPacketSize: capabilities.maximumPacketSize,
    retainAvailable: capabilities.retainAvailable ? undefined : 0,
    wildcardSubscriptionAvailable: capabilities.wildcardSubAvailable ? undefined : 0,
    subscriptionIdentifierAvailable: capabilities.subIdAvailable ? undefined : 0,
    sharedSubscriptionAvailable: capabilities.sharedSubAvailable ? undefined : 0,
  };
}

function unless(implied: number, value: number): number | undefined {
  return value === implied ? undefined : value;
}

/** Only for clients that ask [MQTT-3.1.2-28], unless the compatibility switch says otherwise. */
function responseInformation(core: Core, connection: Connection, packet: ConnectPacket): string | undefined {
  const { responseInformation: pattern, compatibilities } = core.options;
  const asked = packet.properties?.requestResponseInformation === 1 || compatibilities.alwaysReturnResponseInfo;
  return asked && pattern !== "" ? pattern.replaceAll("{clientId}", () => connection.client!.id) : undefined;
}
