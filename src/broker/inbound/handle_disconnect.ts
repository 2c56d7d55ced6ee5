/** DISCONNECT from a client (3.14).
 * @module */
import { ReasonCode } from "../../packets/reason_codes.ts";
import { MqttError } from "../../packets/errors.ts";
import type { DisconnectPacket } from "../../packets/types.ts";
import type { Connection } from "../connection/connection.ts";
import type { Core } from "../core/core.ts";
import { allowedExpiry } from "../sessions/session_expiry.ts";

/**
 * The client goes: with 0x00 its will is dropped [MQTT-3.14.4-3], with any other code it is published.
 * @throws MqttError 0x82 when a session that was to end with its connection, by the word of CONNECT, is to live on
 * (3.14.2.2.2); what the broker allows does not matter
 */
export function handleDisconnect(core: Core, connection: Connection, packet: DisconnectPacket): void {
  const session = connection.session!, interval = packet.properties?.sessionExpiryInterval;
  if (interval !== undefined) {
    if (connection.askedExpiry === 0 && interval > 0) {
      throw new MqttError(ReasonCode.ProtocolError, "Cannot change the Session Expiry Interval: it was 0 in CONNECT");
    }
    session.expiryInterval = allowedExpiry(core, interval);
  }
  if (packet.reasonCode === ReasonCode.NormalDisconnection) connection.finish(ReasonCode.NormalDisconnection);
  else {
    const error = new Error(packet.properties?.reasonString ?? "told by the client");
    connection.finish(packet.reasonCode, { error });
  }
}
