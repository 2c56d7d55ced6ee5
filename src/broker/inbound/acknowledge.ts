/** PUBACK and PUBREC: what a client is told of its message (3.4, 3.5).
 * @module */
import { MqttError } from "../../packets/errors.ts";
import { ReasonCode } from "../../packets/reason_codes.ts";
import { type AckPacket, PacketType, type Properties } from "../../packets/types.ts";
import type { Message } from "../../session/message.ts";
import type { Connection } from "../connection/connection.ts";
import type { Core } from "../core/core.ts";
import { endReceiving } from "./awaiting_pubrel.ts";

/** What an answer has to know of a message. One that waits keeps nothing else of it: that would be a whole read buffer. */
interface Answered extends Pick<Message, "qos" | "packetId"> {
  /** Where they are repeated. */
  readonly userProperties?: Properties["userProperties"];
}

/**
 * Acknowledges a message once what has become of it is committed.
 *
 * @param received what came from the client
 * @param routed what the hooks have made of it
 */
export function acknowledge(core: Core, connection: Connection, received: Message, routed: Message): void {
  const { commits } = routed, repeats = core.options.compatibilities.inheritPropertiesOnAck;
  const reasonCode = routed.reached === 0 && connection.version5
    ? ReasonCode.NoMatchingSubscribers
    : ReasonCode.Success;
  if (commits === undefined && connection.ackQueue.length === 0 && !repeats) {
    return send(connection, received, reasonCode);
  }
  acknowledgeAfter(core, connection, { commits, reasonCode, answered: answeredOf(received, repeats) });
}

function answeredOf(message: Message, repeats: boolean): Answered {
  const { qos, packetId } = message;
  return { qos, packetId, userProperties: repeats ? message.properties?.userProperties : undefined };
}

function acknowledgeAfter(
  core: Core,
  connection: Connection,
  ack: { commits: Message["commits"]; reasonCode: number; answered: Answered },
): void {
  const { commits, reasonCode, answered } = ack;
  connection.ackQueue.after(commits, (failure) => {
    if (failure === undefined) send(connection, answered, reasonCode);
    else withhold(core, connection, { answered, failure });
  });
}

function ackType({ qos }: Answered): AckPacket["type"] {
  return qos === 1 ? PacketType.PUBACK : PacketType.PUBREC;
}

function send(connection: Connection, answered: Answered, reasonCode: number): void {
  const type = ackType(answered), { packetId, userProperties } = answered;
  if (answered.qos === 1) connection.receiveWindow.giveBack();
  if (userProperties === undefined) connection.sendAck(type, packetId, reasonCode);
  else connection.send({ type, packetId, reasonCode, properties: { userProperties } });
}

/** Storage has failed: the message is not taken over, so it is not acknowledged. */
function withhold(core: Core, connection: Connection, lost: { answered: Answered; failure: Error }): void {
  const { answered, failure } = lost;
  const error = failure instanceof MqttError
    ? failure
    : new MqttError(ReasonCode.ImplementationSpecificError, "the message could not be stored");
  if (answered.qos === 2) endReceiving(core, connection.session!, answered.packetId);
  if (!connection.version5) return connection.close(ReasonCode.ImplementationSpecificError, error); // [v311 MQTT-4.8.0-2]
  answerRefusal(connection, answered, error.reasonCode, error.message); // now: those behind it come later [MQTT-4.6.0-2] [MQTT-4.6.0-3]
}

/** Answers a PUBLISH that is not taken; the connection stays [MQTT-3.4.2-1] [MQTT-3.5.2-1]. */
export function refuse(connection: Connection, message: Message, reasonCode: number, reasonString: string): void {
  if (message.qos === 0) return;
  const answered = answeredOf(message, false);
  connection.ackQueue.after(undefined, () => answerRefusal(connection, answered, reasonCode, reasonString));
}

function answerRefusal(connection: Connection, answered: Answered, reasonCode: number, reasonString: string): void {
  connection.receiveWindow.giveBack();
  const type = ackType(answered), { packetId } = answered, code = connection.publicReason(type, reasonCode);
  if (connection.version5) connection.send({ type, packetId, reasonCode: code, properties: { reasonString } });
  else if (code === ReasonCode.ImplementationSpecificError || code === ReasonCode.QuotaExceeded) {
    connection.close(code, new Error(reasonString)); // another time it may be taken [v311 MQTT-4.8.0-2]
  } else connection.sendAck(type, packetId); // [v311 MQTT-3.3.5-2]
}
