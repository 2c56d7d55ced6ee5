/** What a PUBLISH of a client has to fulfil before anybody is asked about it.
 * @module */
import { MqttError } from "../../packets/errors.ts";
import { ReasonCode } from "../../packets/reason_codes.ts";
import { isUtf8 } from "../../packets/utf8.ts";
import type { Message } from "../../session/message.ts";
import { validateTopicName } from "../../topics/topic_name.ts";
import type { Connection } from "../connection/connection.ts";
import type { Core } from "../core/core.ts";
import { checkCapabilities } from "../routing/check_capabilities.ts";
import { refuse } from "./acknowledge.ts";
import { answerAgain } from "./awaiting_pubrel.ts";
import { isFullOfSessions } from "./check_connect.ts";

/**
 * Completes and checks a message: alias, topic, capabilities, quota, payload format.
 *
 * @returns false for a message that goes no further and is answered already
 * @throws MqttError 0x82, 0x90, 0x93, 0x94, 0x99, 0x9A, 0x9B for what ends the connection
 */
export function admit(core: Core, connection: Connection, message: Message): boolean {
  const { capabilities } = core.options;
  let known = message.known!;
  if (message.topicAlias !== 0) {
    known = connection.inboundAliases!.resolve(message.topicAlias, known);
    message.setTopic(known);
  }
  if (!known.isValid) {
    validateTopicName(known.name, capabilities.maximumTopicLevels); // [MQTT-3.3.2-2]
    known.isValid = true;
  }
  checkCapabilities(core, message);
  if (message.qos > 0 && !takeQuota(core, connection, message)) return false;
  if (message.isText && !isPayloadText(core, connection, message)) return false;
  if (message.qos === 2 && isFullOfSessions(core, connection.session!)) return refuseIdentifier(connection, message);
  message.limitLife(capabilities.maximumMessageExpiryInterval);
  return true;
}

/**
 * Counts a QoS 1/2 PUBLISH against Receive Maximum [MQTT-3.3.4-7].
 * @returns false for a QoS 2 message that is here already: PUBREC is repeated, nothing else happens [MQTT-4.3.3-10]
 */
function takeQuota(core: Core, connection: Connection, message: Message): boolean {
  const { receiveWindow } = connection;
  if (message.qos === 2 && connection.session!.awaitsPubrel(message.packetId)) {
    answerAgain(core, connection, message.packetId);
    return false;
  }
  if (receiveWindow.isFull && connection.version5) {
    const reason = `Cannot accept more than ${receiveWindow.unacknowledgedPublishes} unacknowledged messages`;
    throw new MqttError(ReasonCode.ReceiveMaximumExceeded, reason);
  }
  receiveWindow.take();
  return true;
}

/** Where sessions may take no more, they do not remember more Packet Identifiers either. */
function refuseIdentifier(connection: Connection, message: Message): false {
  const reason = `Cannot publish to ${message.topic} at QoS 2: there is no memory for its Packet Identifier`;
  refuse(connection, message, ReasonCode.QuotaExceeded, reason);
  return false;
}

/** False for a payload that is marked as UTF-8 and is not (3.3.2.3.2): told at QoS 1/2, the end at QoS 0. */
function isPayloadText(core: Core, connection: Connection, message: Message): boolean {
  const { buffer, payloadStart, frameEnd } = message;
  if (!core.options.capabilities.validatePayloadFormat || isUtf8(buffer.subarray(payloadStart, frameEnd))) return true;
  const reason = `Cannot publish to ${message.topic}: the payload is marked as UTF-8 and is not`;
  if (message.qos === 0) throw new MqttError(ReasonCode.PayloadFormatInvalid, reason);
  refuse(connection, message, ReasonCode.PayloadFormatInvalid, reason);
  return false;
}
