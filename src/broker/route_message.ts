/** An accepted PUBLISH becomes a message: hooks, retained store, fan-out. The same for clients, wills and the broker itself.
 * @module */
import type { PublishPacket } from "../packets/types.ts";
import type { Client } from "../session/client.ts";
import type { Message } from "../session/message.ts";
import type { Core } from "./core.ts";
import { fanOut } from "./fan_out.ts";
import { checkRetainedLimits, retain } from "./retain.ts";

/** Where a PUBLISH comes from. A connection is one. */
export interface Publisher {
  /** Who publishes. */
  readonly client: Client | undefined;
  /** When its bytes arrived, in milliseconds since 1970. */
  readonly lastRead: number;
  /** Tells the message where the bytes of the packet are, if they still say what `packet` says. */
  giveFrame(message: Message, packet: PublishPacket): void;
}

/** A publisher without a connection. */
export function publisherOf(core: Core, client: Client): Publisher {
  return { client, lastRead: core.now(), giveFrame() {} };
}

/**
 * Lets the hooks see a PUBLISH whose topic is resolved, valid and granted, and routes what they make of it.
 * @returns a Promise only when a hook is async
 * @throws MqttError (also as rejection) of a hook, or 0x97 when the message cannot be retained
 */
export function publish(core: Core, publisher: Publisher, packet: PublishPacket): Message | Promise<Message> {
  const { onPublish } = core.hooks.on;
  if (onPublish === undefined) return route(core, publisher, packet);
  const changed = core.hooks.transform(onPublish, publisher.client, packet);
  return changed instanceof Promise ? publishLater(core, publisher, changed) : route(core, publisher, changed);
}

async function publishLater(core: Core, publisher: Publisher, changed: Promise<PublishPacket>): Promise<Message> {
  return route(core, publisher, await changed);
}

/** Routes a message without asking `onPublish`. */
export function route(core: Core, publisher: Publisher, packet: PublishPacket): Message | Promise<Message> {
  const client = publisher.client!;
  const message = core.message({
    topic: packet.topic,
    payload: packet.payload,
    qos: packet.qos,
    retain: packet.retain,
    properties: packet.properties,
    publisherId: client.id,
    receivedAt: publisher.lastRead,
  });
  publisher.giveFrame(message, packet);
  if (packet.retain) {
    checkRetainedLimits(core, message);
    retain(core, client, message);
  }
  const pending = fanOut(core, message);
  if (pending !== undefined) return pending.then(() => published(core, client, message));
  return published(core, client, message);
}

function published(core: Core, client: Client, message: Message): Message {
  const { onPublished } = core.hooks.on;
  if (onPublished !== undefined) core.hooks.observe(onPublished, client, message);
  return message;
}
