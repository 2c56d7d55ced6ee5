/** QoS 1 and 2 messages on their way, as sessions keep them and storage records them.
 * @module */
import type { QoS } from "../packets/types.ts";
import type { MessageView } from "./message_view.ts";

/**
 * How far a message has come.
 * - `queued`: waits for the client or for send quota, has no Packet Identifier;
 * - `sent`: PUBLISH was sent, PUBACK or PUBREC has not arrived;
 * - `released`: PUBREC arrived, PUBREL was sent, PUBCOMP has not arrived;
 * - `received`: from the client at QoS 2, PUBREC was sent, PUBREL has not arrived.
 */
export type InflightState = "queued" | "sent" | "released" | "received";

/** One unfinished QoS 1 or 2 exchange of a session. */
export interface InflightRecord {
  /** ClientID of the session. */
  readonly clientId: string;
  /** `out` to the client, `in` from the client (QoS 2 only). */
  readonly direction: "in" | "out";
  /** Grows with every message of the session: the order of delivery. 0 for `in`. */
  readonly sequence: number;
  /** Packet Identifier; 0 while queued. */
  packetId: number;
  /** How far it has come. */
  state: InflightState;
  /** QoS of this delivery. */
  readonly qos: QoS;
  /** RETAIN flag of this delivery. */
  readonly retain: boolean;
  /** Subscription Identifiers of this delivery. */
  readonly identifiers: readonly number[] | undefined;
  /** Shared subscription filter (`$share/name/filter`) that this delivery came through. */
  readonly share: string | undefined;
  /** The message; `undefined` for `in`, and once released. */
  message: MessageView | undefined;
}

/** The record of a QoS 2 message of a client between PUBREC and PUBREL: only its Packet Identifier matters. */
export function receivedRecord(clientId: string, packetId: number): InflightRecord & { readonly message: undefined } {
  return {
    clientId,
    direction: "in",
    sequence: 0,
    packetId,
    state: "received",
    qos: 2,
    retain: false,
    identifiers: undefined,
    share: undefined,
    message: undefined,
  };
}
