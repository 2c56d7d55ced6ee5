/** What a SUBSCRIBE asks for, filter by filter, before anybody is asked whether the client may have it.
 * @module */
import { MqttError } from "../../packets/errors.ts";
import { ReasonCode } from "../../packets/reason_codes.ts";
import type { SubscribePacket, SubscribeRequest } from "../../packets/types.ts";
import { type ParsedFilter, parseTopicFilter } from "../../topics/topic_filter.ts";
import type { Connection } from "../connection/connection.ts";
import type { Core } from "../core/core.ts";

/** One filter with the packet that it came in. */
export interface Asked {
  readonly packet: SubscribePacket;
  readonly request: SubscribeRequest;
  /** The filter, or the reason code that refuses it. */
  readonly filter: ParsedFilter | number;
}

/**
 * All filters of a packet: what ends the connection is found before any subscription is made.
 * @throws MqttError 0x82, 0x9E, 0xA1, 0xA2
 */
export function askedOf(core: Core, connection: Connection, packet: SubscribePacket): Asked[] {
  return packet.subscriptions.map((request) => {
    const filter = parseFilter(core, request.topicFilter);
    const refusal = typeof filter === "number" ? undefined : refusalOf(core, filter, { packet, request });
    if (refusal === undefined) return { packet, request, filter };
    if (connection.version === 5) throw refusal;
    return { packet, request, filter: refusal.reasonCode }; // [v311 MQTT-3.8.3-2]
  });
}

/** The filter, or the reason code that refuses one with too many levels and one that a hook has spoilt. */
function parseFilter(core: Core, topicFilter: string): ParsedFilter | number {
  try {
    return parseTopicFilter(topicFilter, core.options.capabilities.maximumTopicLevels);
  } catch (error) {
    if (error instanceof MqttError) return ReasonCode.TopicFilterInvalid;
    throw error;
  }
}

/** What the broker says to a filter that asks for a feature that it does not have. */
function refusalOf(core: Core, filter: ParsedFilter, asked: Omit<Asked, "filter">): MqttError | undefined {
  const { packet, request } = asked, { capabilities } = core.options, { full, shareName } = filter;
  if (shareName !== undefined && request.noLocal) { // [MQTT-3.8.3-4]
    return new MqttError(
      ReasonCode.ProtocolError,
      `Cannot subscribe to ${full}: No Local is not allowed on a shared subscription`,
    );
  }
  if (shareName !== undefined && !capabilities.sharedSubAvailable) {
    return new MqttError(
      ReasonCode.SharedSubscriptionsNotSupported,
      `Cannot subscribe to ${full}: shared subscriptions are not available`,
    );
  }
  if (filter.hasWildcard && !capabilities.wildcardSubAvailable) {
    return new MqttError(
      ReasonCode.WildcardSubscriptionsNotSupported,
      `Cannot subscribe to ${full}: wildcard subscriptions are not available`,
    );
  }
  if (packet.properties?.subscriptionIdentifiers !== undefined && !capabilities.subIdAvailable) {
    return new MqttError(
      ReasonCode.SubscriptionIdentifiersNotSupported,
      `Cannot subscribe to ${full}: subscription identifiers are not available`,
    );
  }
  return undefined;
}
