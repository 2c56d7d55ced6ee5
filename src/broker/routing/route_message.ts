/** An accepted PUBLISH is routed: hooks, retained store, fan-out. The same for clients, wills and the broker itself.
 * @module */
import { PacketType, type PublishPacket } from "../../packets/types.ts";
import type { Client } from "../../session/client.ts";
import type { Message } from "../../session/message.ts";
import { validateTopicName } from "../../topics/topic_name.ts";
import type { Core } from "../core/core.ts";
import { fanOut, type WhenRouted } from "./fan_out.ts";
import { checkRetainedLimits, retain } from "./retain.ts";

export type { WhenRouted };

/**
 * Lets the hooks see a message whose topic is resolved, valid and granted, and routes what they make of it.
 * @returns the message that was routed; a Promise only when a hook is async
 * @throws MqttError (also as rejection) of a hook, or 0x97 when the message cannot be retained
 */
export function publish(
  core: Core,
  client: Client,
  message: Message,
  whenRouted?: WhenRouted,
): Message | Promise<Message> {
  const { onPublish } = core.hooks.on;
  if (onPublish === undefined) return route(core, client, message, whenRouted);
  const packet = packetOf(message);
  const changed = core.hooks.transform(onPublish, client, packet);
  if (changed instanceof Promise) return publishLater(core, client, { message, packet, changed, whenRouted });
  return route(core, client, messageOf(core, message, { packet, changed }), whenRouted);
}

async function publishLater(
  core: Core,
  client: Client,
  step: { message: Message; packet: PublishPacket; changed: Promise<PublishPacket>; whenRouted?: WhenRouted },
): Promise<Message> {
  const { message, packet, whenRouted } = step;
  return route(core, client, messageOf(core, message, { packet, changed: await step.changed }), whenRouted);
}

/** A message as hooks see it. */
export function packetOf(message: Message): PublishPacket {
  const { topic, payload, qos, retain, dup, packetId, properties } = message;
  return { type: PacketType.PUBLISH, topic, payload, qos, retain, dup, packetId, properties };
}

/** The message that hooks have made of `original`: itself when they have left it alone. */
export function messageOf(
  core: Core,
  original: Message,
  seen: { packet: PublishPacket; changed: PublishPacket },
): Message {
  const { topic, payload, qos, retain, properties } = seen.changed;
  const same = seen.changed === seen.packet && topic === original.topic && payload === original.payload &&
    qos === original.qos && retain === original.retain && properties === original.properties;
  if (same) return original;
  if (topic !== original.topic) validateTopicName(topic, core.options.capabilities.maximumTopicLevels);
  const { publisherId, receivedAt } = original;
  return core.message({ topic, payload, qos, retain, properties, publisherId, receivedAt });
}

/** Routes a message without asking `onPublish`. */
export function route(
  core: Core,
  client: Client,
  message: Message,
  whenRouted?: WhenRouted,
): Message | Promise<Message> {
  if (message.retain) {
    checkRetainedLimits(core, message);
    retain(core, client, message);
  }
  const pending = fanOut(core, message, whenRouted);
  if (pending !== undefined) return pending.then(() => published(core, client, message));
  return published(core, client, message);
}

function published(core: Core, client: Client, message: Message): Message {
  const { onPublished } = core.hooks.on;
  if (onPublished !== undefined) core.hooks.observe(onPublished, client, message);
  return message;
}
