/** A PUBLISH to one client, counted, and shown to the hooks that want to see packets.
 * @module */
import { encodeInto } from "../../packets/codec.ts";
import { PacketType, type Properties, type PublishPacket } from "../../packets/types.ts";
import type { Client } from "../../session/client.ts";
import type { Message } from "../../session/message.ts";
import type { PublishDelivery } from "../../session/outbound_record.ts";
import type { Core } from "../core/core.ts";
import { appendPublish, expiryLeft, type Recipient } from "./append_publish.ts";

/** A connected client. */
export interface ConnectedRecipient extends Recipient {
  /** The broker. */
  readonly core: Core;
  /** Who gets the PUBLISH. */
  readonly client: Client | undefined;
}

/**
 * Appends a PUBLISH to the outbound queue of a connection.
 *
 * @param to the client
 * @param message what is sent
 * @param delivery QoS, RETAIN, Subscription Identifiers and Packet Identifier
 * @param dup DUP flag
 * @returns false when it is larger than the client's Maximum Packet Size [MQTT-3.1.2-24], or a hook refuses it
 */
export function sendPublish(
  to: ConnectedRecipient,
  message: Message,
  delivery: PublishDelivery,
  dup: boolean,
): boolean {
  const { core, client } = to, { info, hooks: { on } } = core;
  try {
    const isSeen = on.onPacketEncode !== undefined || on.onPacketSent !== undefined;
    if (!(isSeen ? sendSeen(to, packetFor(to, message, delivery, dup)) : appendPublish(to, message, delivery, dup))) {
      return false;
    }
    info.packetsSent++;
    info.messagesSent++;
    return true;
  } catch (error) { // concerns this client alone, not the publisher and not the other subscribers
    const fields = { client: client?.id, topic: message.topic, error: String(error) };
    core.clientLog.warn("a message cannot be sent", fields);
    return false;
  }
}

/** Lets the hooks see a packet and sends what they make of it. */
function sendSeen(to: ConnectedRecipient, made: PublishPacket): boolean {
  const { core: { hooks }, client, out, maximumPacketSize } = to, version = client!.protocolVersion;
  const packet = hooks.transformNow(hooks.on.onPacketEncode, client, made);
  if (!encodeInto(out.writer, packet, version, { maximumPacketSize })) return false;
  out.appended();
  hooks.observe(hooks.on.onPacketSent, client, packet);
  return true;
}

/** The packet as hooks see it; it names its topic, whatever aliases the client takes. */
function packetFor(to: ConnectedRecipient, message: Message, delivery: PublishDelivery, dup: boolean): PublishPacket {
  const { topic, payload } = message, { qos, retain, packetId } = delivery;
  const properties = to.version5 ? propertiesOf(to, message, delivery) : undefined;
  return { type: PacketType.PUBLISH, topic, payload, qos, retain, dup, packetId, properties };
}

function propertiesOf(
  to: ConnectedRecipient,
  message: Message,
  { identifiers }: PublishDelivery,
): Properties | undefined {
  const { properties, expiryInterval } = message;
  if (identifiers === undefined && properties === undefined) return undefined;
  const own: Properties = { ...properties };
  if (identifiers !== undefined) own.subscriptionIdentifiers = [...identifiers]; // [MQTT-3.3.4-3]
  if (expiryInterval !== undefined) own.messageExpiryInterval = expiryLeft(to, message);
  return own;
}
