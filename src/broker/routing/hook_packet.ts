/** Messages as hooks see them, and what hooks make of them.
 * @module */
import { MqttError } from "../../packets/errors.ts";
import { ReasonCode } from "../../packets/reason_codes.ts";
import { PacketType, type Properties, type PublishPacket } from "../../packets/types.ts";
import type { Message } from "../../session/message.ts";
import { validateTopicName } from "../../topics/topic_name.ts";
import type { Core } from "../core/core.ts";
import { checkCapabilities } from "./check_capabilities.ts";

/** A message as hooks see it: its payload is the memory that is sent, so that what they write into it is sent. */
export function packetOf(message: Message): PublishPacket {
  const { topic, payload, qos, retain, dup, packetId, properties } = message;
  return { type: PacketType.PUBLISH, topic, payload, qos, retain, dup, packetId, properties };
}

/**
 * The message that hooks have made of `original`: itself when they have left everything but the bytes of its payload alone.
 * Properties are always taken from what they return, as they may have been changed or taken away in place.
 *
 * @throws MqttError 0x81, 0x82, 0x90, 0x9A or 0x9B for a packet that cannot be sent
 */
export function messageOf(core: Core, original: Message, changed: PublishPacket): Message {
  checkParts(core, changed);
  const { topic, payload, qos, retain } = changed, properties = publicProperties(changed.properties);
  const isSame = topic === original.topic && payload === original.payload && qos === original.qos &&
    retain === original.retain && properties === undefined && original.properties === undefined;
  if (isSame) return original;
  checkCapabilities(core, changed);
  if (topic !== original.topic) validateTopicName(topic, core.options.capabilities.maximumTopicLevels);
  const { publisherId, receivedAt } = original;
  const message = core.message({ topic, payload, qos, retain, properties, publisherId, receivedAt });
  message.encode();
  return message;
}

/**
 * Properties that go on with a message. Topic Alias and Subscription Identifiers are made for each subscriber, the Will Delay
 * Interval is for the broker alone.
 */
export function publicProperties(properties: Properties | undefined): Properties | undefined {
  const { topicAlias, subscriptionIdentifiers, willDelayInterval } = properties ?? {};
  const isPublic = topicAlias === undefined && subscriptionIdentifiers === undefined && willDelayInterval === undefined;
  if (isPublic) return properties;
  return { ...properties, topicAlias: undefined, subscriptionIdentifiers: undefined, willDelayInterval: undefined };
}

/**
 * Checks that a hook has returned something that can be sent: a text as payload would go out as zeros.
 * @throws MqttError 0x83, as for any hook that fails
 */
export function checkParts(core: Core, { topic, payload }: Pick<PublishPacket, "topic" | "payload">): void {
  if (typeof topic === "string" && payload instanceof Uint8Array) return;
  const current = `a topic that is ${kindOf(topic)} and a payload that is ${kindOf(payload)}`;
  const reason = `Cannot send what a hook has returned: it has ${current}, expected a string and a Uint8Array`;
  core.info.hookErrors++;
  core.unexpected("a hook has failed", new TypeError(reason));
  throw new MqttError(ReasonCode.ImplementationSpecificError, "an error within the broker");
}

function kindOf(value: unknown): string {
  return value instanceof Uint8Array ? "a Uint8Array" : `a value of type ${typeof value}`;
}
