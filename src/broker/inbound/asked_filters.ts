/** What a SUBSCRIBE asks for, filter by filter, before anybody is asked whether the client may have it.
 * @module */
import { MqttError } from "../../packets/errors.ts";
import { ReasonCode } from "../../packets/reason_codes.ts";
import type { SubscribePacket, SubscribeRequest } from "../../packets/types.ts";
import { type FilterFault, type ParsedFilter, readTopicFilter } from "../../topics/topic_filter.ts";
import type { Connection } from "../connection/connection.ts";
import type { Core } from "../core/core.ts";

/** One filter with the packet that it came in. */
export interface Asked {
  readonly packet: SubscribePacket;
  readonly request: SubscribeRequest;
  /** The filter, or the reason code that refuses it. */
  readonly filter: ParsedFilter | number;
}

const NO_LOCAL_SHARE = fault(ReasonCode.ProtocolError, "No Local is not allowed on a shared subscription");
const NO_SHARES = fault(ReasonCode.SharedSubscriptionsNotSupported, "shared subscriptions are not available");
const NO_WILDCARDS = fault(ReasonCode.WildcardSubscriptionsNotSupported, "wildcard subscriptions are not available");
const NO_IDENTIFIERS = fault(
  ReasonCode.SubscriptionIdentifiersNotSupported,
  "subscription identifiers are not available",
);

function fault(reasonCode: number, reason: string): FilterFault {
  return { reasonCode, reason };
}

/**
 * All filters of a packet: what ends the connection is found before any subscription is made.
 * @throws MqttError 0x82, 0x9E, 0xA1, 0xA2
 */
export function askedOf(core: Core, connection: Connection, packet: SubscribePacket): Asked[] {
  return packet.subscriptions.map((request) => {
    const filter = readTopicFilter(request.topicFilter, core.options.capabilities);
    if ("reasonCode" in filter) return { packet, request, filter: ReasonCode.TopicFilterInvalid }; // or a hook has spoilt it
    const refusal = refusalOf(core, filter, { packet, request });
    if (refusal === undefined) return { packet, request, filter };
    if (connection.version !== 5) return { packet, request, filter: refusal.reasonCode }; // [v311 MQTT-3.8.3-2]
    throw new MqttError(refusal.reasonCode, `Cannot subscribe to ${filter.full}: ${refusal.reason}`);
  });
}

/** What the broker says to a filter that asks for a feature that it does not have. */
function refusalOf(core: Core, filter: ParsedFilter, asked: Omit<Asked, "filter">): FilterFault | undefined {
  const { packet, request } = asked, { capabilities } = core.options, { shareName } = filter;
  if (shareName !== undefined && request.noLocal) return NO_LOCAL_SHARE; // [MQTT-3.8.3-4]
  if (shareName !== undefined && !capabilities.sharedSubAvailable) return NO_SHARES;
  if (filter.hasWildcard && !capabilities.wildcardSubAvailable) return NO_WILDCARDS;
  const hasIdentifier = packet.properties?.subscriptionIdentifiers !== undefined;
  return hasIdentifier && !capabilities.subIdAvailable ? NO_IDENTIFIERS : undefined;
}
