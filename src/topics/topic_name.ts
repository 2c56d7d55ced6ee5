/** Rules for Topic Names, the labels that PUBLISH packets and wills carry (4.7).
 * @module */

import { ReasonCode } from "../packets/reason_codes.ts";
import { MqttError } from "../packets/errors.ts";

const SLASH = 0x2f;
const PLUS = 0x2b;
const HASH = 0x23;

/** The most bytes that a Topic Name or Topic Filter can have on the wire. */
const MAXIMUM_BYTES = 65_535;

/**
 * The topic below `$SYS/` on which a bridge tells whether it is connected, the only one there that a client may publish to.
 *
 * @param clientId the ClientID of the bridge
 * @returns the topic
 *
 * @example
 * ```ts
 * import { bridgeStateTopic } from "./topic_name.ts";
 *
 * console.assert(bridgeStateTopic("house") === "$SYS/broker/connection/house/state");
 * ```
 */
export function bridgeStateTopic(clientId: string): string {
  return `${BRIDGE_TOPICS}${clientId}/state`;
}

/** Where the topics of all bridges begin. */
export const BRIDGE_TOPICS = "$SYS/broker/connection/";

/**
 * Finds the end of a level.
 *
 * @param path a topic or filter
 * @param start where the level begins
 * @returns the index after its last character
 */
export function levelEnd(path: string, start: number): number {
  const slash = path.indexOf("/", start);
  return slash === -1 ? path.length : slash;
}

/**
 * Tells whether a text needs more than the 65,535 bytes that its length field can express.
 *
 * @param text a Topic Name or Topic Filter
 * @returns true when its UTF-8 form is too long
 */
export function exceedsEncodedLimit(text: string): boolean {
  if (text.length * 3 <= MAXIMUM_BYTES) return false;
  if (text.length > MAXIMUM_BYTES) return true;
  let bytes = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    const surrogate = unit >= 0xd800 && unit <= 0xdfff;
    bytes += unit < 0x80 ? 1 : unit < 0x800 || surrogate ? 2 : 3;
  }
  return bytes > MAXIMUM_BYTES;
}

/**
 * Checks a Topic Name that somebody wants to publish to.
 *
 * Nothing is normalised: `a/b`, `A/b`, `/a/b` and `a/b/` are four topics.
 *
 * @param name the Topic Name, aliases already resolved
 * @param maximumLevels how many levels are allowed
 * @throws {MqttError} 0x82 when it is empty, 0x81 when it holds U+0000, 0x90 when it holds a wildcard, has too many
 * levels or does not fit its length field
 *
 * @example
 * ```ts
 * import { validateTopicName } from "./topic_name.ts";
 *
 * validateTopicName("room/1/temperature");
 * ```
 */
export function validateTopicName(name: string, maximumLevels = 128): void {
  // [MQTT-4.7.3-1]
  if (name.length === 0) throw new MqttError(ReasonCode.ProtocolError, "Cannot use topic: it is empty");
  let levels = 1;
  for (let index = 0; index < name.length; index++) {
    const unit = name.charCodeAt(index);
    if (unit > SLASH) continue;
    if (unit === SLASH) levels++;
    // [MQTT-4.7.0-1] [MQTT-3.3.2-2]
    else if (unit === PLUS || unit === HASH) {
      throw new MqttError(ReasonCode.TopicNameInvalid, "Cannot use topic: it contains a wildcard");
    } // [MQTT-4.7.3-2]
    else if (unit === 0) throw new MqttError(ReasonCode.MalformedPacket, "Cannot use topic: it contains U+0000");
  }
  if (levels > maximumLevels) {
    throw new MqttError(
      ReasonCode.TopicNameInvalid,
      `Cannot use topic: it has ${levels} levels, ${maximumLevels} are allowed`,
    );
  }
  // [MQTT-4.7.3-3]
  if (exceedsEncodedLimit(name)) {
    throw new MqttError(ReasonCode.TopicNameInvalid, "Cannot use topic: it exceeds 65,535 bytes");
  }
}
