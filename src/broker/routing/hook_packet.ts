/** Messages as hooks see them, and what hooks make of them.
 * @module */
import { PacketType, type PublishPacket } from "../../packets/types.ts";
import type { Message } from "../../session/message.ts";
import { validateTopicName } from "../../topics/topic_name.ts";
import type { Core } from "../core/core.ts";

/** A message as hooks see it: its payload is the memory that is sent, so that what they write into it is sent. */
export function packetOf(message: Message): PublishPacket {
  const { topic, payload, qos, retain, dup, packetId, properties } = message;
  return { type: PacketType.PUBLISH, topic, payload, qos, retain, dup, packetId, properties };
}

/**
 * The message that hooks have made of `original`: itself when they have left everything but the bytes of its payload alone.
 * Properties are always taken from what they return, as they may have been changed or taken away in place.
 *
 * @throws MqttError 0x81, 0x82 or 0x90 for a packet that cannot be sent
 */
export function messageOf(core: Core, original: Message, changed: PublishPacket): Message {
  const { topic, payload, qos, retain, properties } = changed;
  const isSame = topic === original.topic && payload === original.payload && qos === original.qos &&
    retain === original.retain && properties === undefined && original.properties === undefined;
  if (isSame) return original;
  if (topic !== original.topic) validateTopicName(topic, core.options.capabilities.maximumTopicLevels);
  const { publisherId, receivedAt } = original;
  const message = core.message({ topic, payload, qos, retain, properties, publisherId, receivedAt });
  message.encode();
  return message;
}
