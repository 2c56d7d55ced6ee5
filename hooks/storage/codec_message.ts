/** Messages and unfinished exchanges as bytes. This runs for every QoS 1 and 2 message, so it is plain and flat.
 * @module */
import { decodeProperties, encodeProperties, propertiesSize } from "../../src/packets/properties.ts";
import type { PropertyOwner } from "../../src/packets/property_table.ts";
import { Reader } from "../../src/packets/reader.ts";
import { PacketType, type Properties, type QoS } from "../../src/packets/types.ts";
import { Writer } from "../../src/packets/writer.ts";
import type { InflightRecord, InflightState } from "../../src/session/inflight.ts";
import { Message, type MessageInit } from "../../src/session/message.ts";
import { OutboundRecord } from "../../src/session/outbound_record.ts";
import { Decoder } from "./decoder.ts";
import { Encoder, textRoom } from "./encoder.ts";

const encoder = new Encoder();
const scratch = new Writer();
const STATES: readonly InflightState[] = ["queued", "sent", "released"];

const RETAIN = 0x10, IDENTIFIERS = 0x20, SHARE = 0x40, BY_REFERENCE = 0x80; // of a record, above state and QoS
const MESSAGE_RETAIN = 0x04, MESSAGE_PROPERTIES = 0x08; // of a message, above QoS

/** A message as storage needs it. */
export type MessageParts = Readonly<MessageInit>;

/**
 * Appends properties in their form on the wire.
 *
 * @param target where to
 * @param properties which
 * @param owner where they belong
 */
export function putProperties(target: Encoder, properties: Properties, owner: PropertyOwner): void {
  scratch.reset();
  encodeProperties(scratch, properties, owner, "client");
  target.bytes(scratch.buffer.subarray(0, scratch.length));
}

/**
 * Reads properties back.
 *
 * @param source stands before them
 * @param owner where they belong
 * @returns the properties
 */
export function takeProperties(source: Decoder, owner: PropertyOwner): Properties | undefined {
  const reader = new Reader(source.bytes, source.at, source.bytes.length);
  const properties = decodeProperties(reader, owner);
  source.at = reader.position;
  return properties;
}

function messageRoom(message: MessageParts): number {
  const { properties } = message;
  return 16 + textRoom(message.topic) + textRoom(message.publisherId ?? "") + message.payload.length +
    (properties === undefined ? 0 : propertiesSize(properties, PacketType.PUBLISH, "client"));
}

function putMessage(message: MessageParts): void {
  const { properties } = message;
  encoder.u8(
    (message.qos ?? 0) | (message.retain ? MESSAGE_RETAIN : 0) | (properties === undefined ? 0 : MESSAGE_PROPERTIES),
  );
  encoder.u48(message.receivedAt);
  encoder.text(message.publisherId ?? "");
  encoder.text(message.topic);
  if (properties !== undefined) putProperties(encoder, properties, PacketType.PUBLISH);
  encoder.bytes(message.payload);
}

/** Reads a message as the broker keeps it: a start reads hundreds of thousands, so there is nothing in between. */
function takeMessage(source: Decoder): Message {
  const message = new Message(), flags = source.u8();
  message.qos = (flags & 3) as QoS;
  message.retain = (flags & MESSAGE_RETAIN) !== 0;
  message.receivedAt = source.u48();
  message.publisherId = source.text();
  message.topic = source.text();
  if (flags & MESSAGE_PROPERTIES) message.properties = takeProperties(source, PacketType.PUBLISH);
  message.buffer = source.bytes;
  message.payloadStart = source.at;
  message.frameEnd = source.bytes.length;
  message.limitLife(0);
  return message;
}

/**
 * A message by itself: a retained one, or one that is referred to.
 *
 * @param message the message
 * @returns its bytes
 */
export function encodeMessage(message: MessageParts): Uint8Array {
  encoder.begin(messageRoom(message));
  putMessage(message);
  return encoder.end();
}

/**
 * Reads a message back.
 *
 * @param bytes what {@linkcode encodeMessage} made
 * @returns the message; its payload is a view on the bytes
 * @throws {RangeError} when the bytes end too early
 */
export function decodeMessage(bytes: Uint8Array): Message {
  return takeMessage(new Decoder(bytes));
}

/**
 * An exchange towards a client.
 *
 * @param record the exchange
 * @param body number of the message where it is stored by itself, 0 when it is to be stored in here
 * @returns its bytes
 */
export function encodeOutbound(record: InflightRecord, body: number): Uint8Array {
  const { identifiers, share, message } = record, inline = body === 0 ? message : undefined;
  const count = identifiers?.length ?? 0;
  encoder.begin(
    16 + 4 * count + (share === undefined ? 0 : textRoom(share)) + (inline === undefined ? 0 : messageRoom(inline)),
  );
  encoder.u8(
    STATES.indexOf(record.state) | record.qos << 2 | (record.retain ? RETAIN : 0) | (count > 0 ? IDENTIFIERS : 0) |
      (share === undefined ? 0 : SHARE) | (body === 0 ? 0 : BY_REFERENCE),
  );
  encoder.u16(record.packetId);
  if (count > 0) {
    encoder.u16(count);
    for (const identifier of identifiers!) encoder.u32(identifier);
  }
  if (share !== undefined) encoder.text(share);
  if (body !== 0) encoder.u48(body);
  else if (inline !== undefined) putMessage(inline);
  return encoder.end();
}

/** An exchange as it was read: `body` is the number of its message when that is stored by itself, otherwise 0. */
export interface DecodedOutbound {
  /** The exchange. */
  readonly record: OutboundRecord;
  /** Number of the message, 0 for none. */
  readonly body: number;
}

/**
 * Reads an exchange back.
 *
 * @param bytes what {@linkcode encodeOutbound} made
 * @param key whose it is, its place in the order, and how to find a message by its number
 * @returns the exchange
 * @throws {RangeError} when the bytes end too early
 */
export function decodeOutbound(
  bytes: Uint8Array,
  key: { clientId: string; sequence: number; message(body: number): Message | undefined },
): DecodedOutbound {
  const source = new Decoder(bytes), flags = source.u8(), packetId = source.u16();
  const identifiers = flags & IDENTIFIERS ? takeIdentifiers(source) : undefined;
  const share = flags & SHARE ? source.text() : undefined;
  const body = flags & BY_REFERENCE ? source.u48() : 0, state = STATES[flags & 3];
  const message = body !== 0 ? key.message(body) : state === "released" ? undefined : takeMessage(source);
  const qos = (flags >> 2 & 3) as QoS, retain = (flags & RETAIN) !== 0;
  const record = new OutboundRecord(key.clientId, key.sequence, message, { qos, retain, identifiers, share });
  record.packetId = packetId;
  record.state = state;
  return { record, body };
}

function takeIdentifiers(source: Decoder): number[] {
  const identifiers: number[] = [];
  for (let count = source.u16(); count > 0; count--) identifiers.push(source.u32());
  return identifiers;
}
