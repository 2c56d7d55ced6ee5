/** Messages to the handlers of the broker's own client.
 * @module */
import { copyProperties } from "../../packets/copy_properties.ts";
import { PacketType, type PublishPacket } from "../../packets/types.ts";
import type { Client } from "../../session/client.ts";
import type { Message } from "../../session/message.ts";
import type { DeliveryOptions } from "../../session/outbound_record.ts";
import type { Session } from "../../session/session.ts";
import type { Core } from "../core/core.ts";

/** How a handler is told of a message. */
type InlineDelivery = Pick<DeliveryOptions, "qos" | "retain">;

/** Calls the handler of one inline subscription inside its own error boundary: what fails in it concerns nobody else. */
export function deliverInline(
  core: Core,
  message: Message,
  session: Session,
  delivery: InlineDelivery,
): void {
  callInline(core, publisherOf(core, session, message), { message, session, delivery });
}

/** The same in the name of a client. */
export function callInline(
  core: Core,
  client: Client,
  { message, session, delivery }: { message: Message; session: Session; delivery: InlineDelivery },
): void {
  const failed = (error: unknown) => core.unexpected("an inline subscription handler failed", error);
  const handler = session.inlineHandler!;
  try {
    const pending = handler(client, packetOf(message, delivery));
    if (pending instanceof Promise) pending.catch(failed);
  } catch (error) {
    failed(error);
  }
}

/** The client that published; the broker's own where that is not known any more. */
function publisherOf(core: Core, session: Session, message: Message): Client {
  return core.sessions.get(message.publisherId)?.client ?? session.client;
}

/** What a handler is given, its own copy of the packet: others are sent, and the broker keeps, what came from the client. */
function packetOf(message: Message, { qos, retain }: InlineDelivery): PublishPacket {
  const { topic, buffer, payloadStart, frameEnd } = message, payload = buffer.slice(payloadStart, frameEnd);
  const properties = copyProperties(message.properties);
  return { type: PacketType.PUBLISH, topic, payload, qos, retain, dup: false, packetId: 0, properties };
}
