/** What a program may give to `publish` and `subscribe`. Types forbid most of what is wrong; data from elsewhere has none.
 * @module */
import { encodePacket } from "../../packets/codec.ts";
import { MqttError } from "../../packets/errors.ts";
import { ReasonCode } from "../../packets/reason_codes.ts";
import { PacketType, type Properties } from "../../packets/types.ts";
import { validateTopicName } from "../../topics/topic_name.ts";

const EMPTY = new Uint8Array(0);

/** @throws TypeError that names what is no text */
export function checkText(action: string, text: unknown): void {
  if (typeof text !== "string") throw new TypeError(`Cannot ${action} ${text}: expected a text`);
}

/** @throws TypeError for what is neither a text nor bytes */
export function checkPayload(topic: string, payload: unknown): void {
  if (typeof payload === "string" || payload instanceof Uint8Array) return;
  const kind = payload instanceof Object ? payload.constructor?.name : String(payload);
  throw new TypeError(`Cannot publish to ${topic}: payload is ${kind}, expected a text or a Uint8Array`);
}

/** @throws RangeError for anything but 0, 1 and 2 */
export function checkQos(action: string, qos: unknown): void {
  if (qos !== 0 && qos !== 1 && qos !== 2) throw new RangeError(`Cannot ${action}: qos is ${qos}, expected 0, 1 or 2`);
}

/** @throws TypeError for what cannot be called */
export function checkHandler(topicFilter: string, handler: unknown): void {
  if (typeof handler === "function") return;
  throw new TypeError(`Cannot subscribe to ${topicFilter}: handler is ${handler}, expected a function`);
}

/**
 * Checks that subscribers can be sent what a program publishes; what clients publish was decoded.
 * @throws MqttError 0x81, 0x82 or 0x90
 */
export function checkSendable(topic: string, properties: Properties | undefined, maximumTopicLevels: number): void {
  validateTopicName(topic, maximumTopicLevels);
  const { topicAlias, subscriptionIdentifiers } = properties ?? {};
  if (topicAlias !== undefined || subscriptionIdentifiers !== undefined) {
    throw new MqttError(
      ReasonCode.ProtocolError,
      `Cannot publish to ${topic}: aliases and identifiers are made for each subscriber`,
    );
  }
  const rest = { payload: EMPTY, qos: 0, retain: false, dup: false, packetId: 0 } as const;
  encodePacket({ type: PacketType.PUBLISH, topic, properties, ...rest }, 5);
}
