/** A message as hooks and programs see it.
 * @module */
import type { Properties, QoS } from "../packets/types.ts";

/**
 * An Application Message that has been routed or is about to be. Many sessions share it, so nothing of it may be changed, the
 * bytes of its payload included; `onPublish` is the place for changes.
 */
export interface MessageView {
  /** Topic Name. */
  readonly topic: string;
  /** The bytes. Copy them to keep them for long: they may be a view on something larger. */
  readonly payload: Uint8Array;
  /** QoS that it was published with. */
  readonly qos: QoS;
  /** RETAIN flag of the publisher. */
  readonly retain: boolean;
  /** DUP flag of the publisher. */
  readonly dup: boolean;
  /** Packet Identifier of the publisher, 0 at QoS 0. */
  readonly packetId: number;
  /** Properties that go on (MQTT 5), `undefined` when there are none. */
  readonly properties: Readonly<Properties> | undefined;
  /** ClientID of the publisher. */
  readonly publisherId: string;
  /** When it arrived, in milliseconds since 1970. */
  readonly receivedAt: number;
  /** When it expires, in milliseconds since 1970; Infinity for never. */
  readonly expiresAt: number;
  /** Sessions and share groups that it was routed to; 0 before that. */
  readonly reached: number;
  /** Bytes that it is counted with in limits. */
  readonly size: number;
}
