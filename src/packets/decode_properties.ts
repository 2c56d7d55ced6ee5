/** Decoding of the properties of MQTT 5 (2.2.2).
 * @module */

import { ReasonCode } from "./reason_codes.ts";
import { MqttError } from "./errors.ts";
import { PropertyId } from "./fixed_header.ts";
import {
  type PlacedProperty,
  propertyAt,
  type PropertyDescriptor,
  type PropertyKind,
  type PropertyOwner,
} from "./property_table.ts";
import { isListProperty, type PropertyValue, refusedValue } from "./property_values.ts";
import { Reader } from "./reader.ts";
import type { DecodeOptions } from "./fields.ts";
import { PacketType, type Properties } from "./types.ts";

/** Options of {@linkcode decodeProperties}. */
export type DecodePropertiesOptions = Pick<DecodeOptions, "from" | "maximumUserProperties">;

const NO_OPTIONS: DecodePropertiesOptions = {};

/**
 * Reads a Property Length and the properties behind it.
 *
 * @param reader stands before the Property Length
 * @param owner the packet (or will) that they belong to
 * @param options sender and limits
 * @returns the properties, `undefined` when there are none
 * @throws {MqttError} 0x81 for lengths that do not fit, ill-formed values, and properties that are unknown or do not
 * belong there; 0x82 for repeated ones, forbidden values, the wrong sender, and Authentication Data without a method;
 * 0x94 for Topic Alias 0; 0x97 for too many User Properties
 *
 * @example
 * ```ts
 * import { decodeProperties } from "./decode_properties.ts";
 * import { Reader } from "./reader.ts";
 *
 * const reader = new Reader(Uint8Array.of(5, 0x11, 0, 0, 0, 60), 0, 6);
 * console.assert(decodeProperties(reader, 1)?.sessionExpiryInterval === 60);
 * ```
 */
export function decodeProperties(
  reader: Reader,
  owner: PropertyOwner,
  options: DecodePropertiesOptions = NO_OPTIONS,
): Properties | undefined {
  const packetEnd = reader.end, propertiesEnd = openProperties(reader);
  if (propertiesEnd === reader.position) return undefined;
  reader.end = propertiesEnd;
  const properties: Properties = {};
  while (reader.position < reader.end) decodeProperty(reader, owner, properties, options);
  reader.end = packetEnd;
  if (properties.authenticationData !== undefined && properties.authenticationMethod === undefined) {
    throw new MqttError(
      ReasonCode.ProtocolError,
      "Cannot accept Authentication Data: there is no Authentication Method",
    );
  }
  return properties;
}

/** What the broker itself wants to know of the properties of a PUBLISH, and where it stands. */
export interface PublishPropertiesTarget {
  /** Topic Alias, 0 for none. */
  topicAlias: number;
  /** Index of the three bytes of the Topic Alias, -1 for none. */
  aliasStart: number;
  /** Index of the four bytes of the Message Expiry Interval, -1 for none. */
  expiryStart: number;
  /** True when the payload is marked as UTF-8 text. */
  isText: boolean;
}

/** Reads for {@linkcode scanPublishProperties}; nothing of it outlives a call. */
const scanner: Reader = new Reader(new Uint8Array(0), 0, 0);

/**
 * Checks the properties of a PUBLISH by the same rules as {@linkcode decodeProperties}, without making anything of them: most
 * are forwarded as the bytes that they came in.
 *
 * @param target takes what the broker wants to know
 * @param buffer where they are
 * @param start index of the Property Length
 * @param end index behind the packet
 * @param options sender and limits
 * @returns index behind the properties
 * @throws {MqttError} what {@linkcode decodeProperties} throws
 *
 * @example
 * ```ts
 * import { scanPublishProperties } from "./decode_properties.ts";
 *
 * const target = { topicAlias: 0, aliasStart: -1, expiryStart: -1, isText: false };
 * console.assert(scanPublishProperties(target, Uint8Array.of(3, 0x23, 0, 7), 0, 4) === 4 && target.topicAlias === 7);
 * ```
 */
export function scanPublishProperties(
  target: PublishPropertiesTarget,
  buffer: Uint8Array,
  start: number,
  end: number,
  options: DecodePropertiesOptions = NO_OPTIONS,
): number {
  const reader = scanner;
  reader.buffer = buffer;
  reader.position = start;
  reader.end = end;
  const propertiesEnd = openProperties(reader);
  reader.end = propertiesEnd;
  let seen = 0, userProperties = 0;
  while (reader.position < propertiesEnd) {
    const at = reader.position, { property, repeats, mark } = readIdentifier(reader, PacketType.PUBLISH, options);
    const value = property.isPassedOn ? skip(reader, property.kind) : readValue(reader, property);
    if (!repeats && (seen & mark) !== 0) throw thereTwice(property);
    seen |= mark;
    if (property.kind === "pair") checkUserProperties(++userProperties, options);
    else if (property.id === PropertyId.TopicAlias) {
      target.topicAlias = value as number;
      target.aliasStart = at;
    } else if (property.id === PropertyId.MessageExpiryInterval) target.expiryStart = at + 1;
    else if (property.id === PropertyId.PayloadFormatIndicator) target.isText = value === 1;
  }
  return propertiesEnd;
}

/** The same rules for text and bytes that nobody wants to read. */
function skip(reader: Reader, kind: PropertyKind): undefined {
  if (kind === "binary") return reader.skip(reader.u16());
  reader.skipString();
  if (kind === "pair") reader.skipString();
}

/** Reads the Property Length. @returns index behind the properties */
function openProperties(reader: Reader): number {
  const length = reader.varint();
  if (length > reader.remaining) {
    throw new MqttError(ReasonCode.MalformedPacket, "Cannot decode properties: they exceed the packet");
  }
  return reader.position + length;
}

function readIdentifier(reader: Reader, owner: PropertyOwner, options: DecodePropertiesOptions): PlacedProperty {
  const id = reader.varint();
  const place = propertyAt(id, owner);
  if (place === undefined) {
    throw new MqttError(
      ReasonCode.MalformedPacket,
      `Cannot decode property 0x${id.toString(16)}: it does not belong in this packet`,
    );
  }
  const { property, only } = place;
  if (only !== undefined && only !== (options.from ?? "client")) {
    throw new MqttError(ReasonCode.ProtocolError, `Cannot accept ${property.name}: only a ${only} may send it here`);
  }
  return place;
}

function decodeProperty(
  reader: Reader,
  owner: PropertyOwner,
  properties: Properties,
  options: DecodePropertiesOptions,
): void {
  const place = readIdentifier(reader, owner, options);
  store(properties, place, readValue(reader, place.property));
  if (place.property.kind === "pair") checkUserProperties(properties.userProperties!.length, options);
}

function checkUserProperties(count: number, { maximumUserProperties = Infinity }: DecodePropertiesOptions): void {
  if (count <= maximumUserProperties) return;
  throw new MqttError(ReasonCode.QuotaExceeded, `Cannot accept User Properties: more than ${maximumUserProperties}`);
}

function readValue(reader: Reader, property: PropertyDescriptor): PropertyValue {
  const value = readKind(reader, property.kind);
  const refusal = property.refuse(value as never);
  if (refusal !== undefined) throw refusedValue(refusal, property, value);
  return value;
}

function readKind(reader: Reader, kind: PropertyKind): PropertyValue {
  switch (kind) {
    case "byte":
      return reader.u8();
    case "u16":
      return reader.u16();
    case "u32":
      return reader.u32();
    case "varint":
      return reader.varint();
    case "string":
      return reader.string();
    case "binary":
      return reader.binary();
    case "pair":
      return [reader.string(), reader.string()];
  }
}

function store(properties: Properties, { property, repeats }: PlacedProperty, value: PropertyValue): void {
  const values = properties as Record<string, PropertyValue | PropertyValue[] | undefined>;
  const { name } = property;
  const known = values[name];
  if (known !== undefined && !repeats) throw thereTwice(property);
  if (!isListProperty(property)) values[name] = value;
  else if (known === undefined) values[name] = [value];
  else (known as PropertyValue[]).push(value);
}

function thereTwice({ name }: PropertyDescriptor): MqttError {
  return new MqttError(ReasonCode.ProtocolError, `Cannot accept ${name}: it is there twice`);
}
