/** PUBACK and PUBREC: what a client is told of its message (3.4, 3.5).
 * @module */
import { MqttError } from "../../packets/errors.ts";
import { ReasonCode } from "../../packets/reason_codes.ts";
import { type AckPacket, PacketType } from "../../packets/types.ts";
import type { Message } from "../../session/message.ts";
import type { Connection } from "../connection/connection.ts";
import type { Core } from "../core/core.ts";
import { endReceiving } from "./awaiting_pubrel.ts";

/**
 * Acknowledges a message once what has become of it is committed.
 *
 * @param received what came from the client
 * @param routed what the hooks have made of it
 */
export function acknowledge(core: Core, connection: Connection, received: Message, routed: Message): void {
  const { commits } = routed;
  const reasonCode = routed.reached === 0 && connection.version5
    ? ReasonCode.NoMatchingSubscribers
    : ReasonCode.Success;
  if (commits === undefined && connection.ackQueue.length === 0) return send(core, connection, received, reasonCode);
  if (core.options.compatibilities.inheritPropertiesOnAck) received.keepMemory(); // its User Properties are read later
  connection.ackQueue.after(commits, (failure) => {
    if (failure === undefined) send(core, connection, received, reasonCode);
    else withhold(core, connection, { received, failure });
  });
}

function ackType({ qos }: Message): AckPacket["type"] {
  return qos === 1 ? PacketType.PUBACK : PacketType.PUBREC;
}

function send(core: Core, connection: Connection, message: Message, reasonCode: number): void {
  const type = ackType(message);
  if (message.qos === 1) connection.receiveWindow.giveBack();
  const userProperties = core.options.compatibilities.inheritPropertiesOnAck
    ? message.properties?.userProperties
    : undefined;
  if (userProperties === undefined) connection.sendAck(type, message.packetId, reasonCode);
  else connection.send({ type, packetId: message.packetId, reasonCode, properties: { userProperties } });
}

/** Storage has failed: the message is not taken over, so it is not acknowledged. */
function withhold(core: Core, connection: Connection, lost: { received: Message; failure: Error }): void {
  const { received, failure } = lost;
  const error = failure instanceof MqttError
    ? failure
    : new MqttError(ReasonCode.ImplementationSpecificError, "the message could not be stored");
  if (received.qos === 2) endReceiving(core, connection.session!, received.packetId);
  if (!connection.version5) return connection.close(ReasonCode.ImplementationSpecificError, error); // [v311 MQTT-4.8.0-2]
  answerRefusal(connection, received, error.reasonCode, error.message); // now: those behind it come later [MQTT-4.6.0-2] [MQTT-4.6.0-3]
}

/** Answers a PUBLISH that is not taken; the connection stays [MQTT-3.4.2-1] [MQTT-3.5.2-1]. */
export function refuse(connection: Connection, message: Message, reasonCode: number, reasonString: string): void {
  if (message.qos === 0) return;
  connection.ackQueue.after(undefined, () => answerRefusal(connection, message, reasonCode, reasonString));
}

function answerRefusal(connection: Connection, message: Message, reasonCode: number, reasonString: string): void {
  connection.receiveWindow.giveBack();
  const type = ackType(message), { packetId } = message, code = connection.publicReason(type, reasonCode);
  if (connection.version5) connection.send({ type, packetId, reasonCode: code, properties: { reasonString } });
  else if (code === ReasonCode.ImplementationSpecificError || code === ReasonCode.QuotaExceeded) {
    connection.close(code, new Error(reasonString)); // another time it may be taken [v311 MQTT-4.8.0-2]
  } else connection.sendAck(type, packetId); // [v311 MQTT-3.3.5-2]
}
