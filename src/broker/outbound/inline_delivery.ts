/** Messages to the handlers of the broker's own client.
 * @module */
import { PacketType, type PublishPacket } from "../../packets/types.ts";
import type { Client } from "../../session/client.ts";
import type { Message } from "../../session/message.ts";
import type { DeliveryOptions } from "../../session/outbound_record.ts";
import type { InlineHandler, Session } from "../../session/session.ts";
import { topicMatchesFilter } from "../../topics/topic_filter.ts";
import type { Core } from "../core/core.ts";

/** Calls every handler whose filter matches; an error of one is logged and concerns nobody else. */
export function deliverInline(core: Core, message: Message, session: Session, delivery: DeliveryOptions): void {
  const packet = inlinePacket(message, delivery), client = publisherOf(core, session, message);
  for (const [full, handlers] of session.inlineHandlers!) {
    const subscription = session.subscriptions.get(full);
    if (subscription === undefined) continue;
    const { filter } = subscription;
    const concerned = delivery.share === undefined
      ? filter.shareName === undefined && topicMatchesFilter(message.topic, filter.filter)
      : delivery.share === full;
    if (!concerned) continue;
    for (const handler of handlers.values()) callInline(core, client, { handler, packet });
  }
}

/** The client that published; the broker's own where that is not known any more. */
function publisherOf(core: Core, session: Session, message: Message): Client {
  return core.sessions.get(message.publisherId)?.client ?? session.client;
}

/** What a handler is given. */
export function inlinePacket(
  message: Message,
  delivery: { qos: DeliveryOptions["qos"]; retain: boolean },
): PublishPacket {
  return {
    type: PacketType.PUBLISH,
    topic: message.topic,
    payload: message.payload,
    qos: delivery.qos,
    retain: delivery.retain,
    dup: false,
    packetId: 0,
    properties: message.properties,
  };
}

/** Calls one handler inside its own error boundary. */
export function callInline(
  core: Core,
  client: Client,
  call: { handler: InlineHandler; packet: PublishPacket },
): void {
  const failed = (error: unknown) => core.unexpected("an inline subscription handler failed", error);
  try {
    const pending = call.handler(client, call.packet);
    if (pending instanceof Promise) pending.catch(failed);
  } catch (error) {
    failed(error);
  }
}
