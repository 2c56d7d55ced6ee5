/** Decoding of the properties of MQTT 5 (2.2.2).
 * @module */

import { ReasonCode } from "./reason_codes.ts";
import { MqttError } from "./errors.ts";
import {
  type PlacedProperty,
  propertyAt,
  type PropertyDescriptor,
  type PropertyKind,
  type PropertyOwner,
} from "./property_table.ts";
import { isListProperty, type PropertyValue, refusedValue } from "./property_values.ts";
import type { Reader } from "./reader.ts";
import type { Sender } from "./reason_codes.ts";
import type { Properties } from "./types.ts";

/** Options of {@linkcode decodeProperties}. */
export interface DecodePropertiesOptions {
  /** The end that sent the packet, `"client"` when absent. */
  from?: Sender;
  /** Most User Properties in one set; no limit but the packet's size when absent. */
  maximumUserProperties?: number;
}

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
  const length = reader.varint();
  if (length === 0) return undefined;
  if (length > reader.remaining) {
    throw new MqttError(ReasonCode.MalformedPacket, "Cannot decode properties: they exceed the packet");
  }
  const packetEnd = reader.end;
  reader.end = reader.position + length;
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

function decodeProperty(
  reader: Reader,
  owner: PropertyOwner,
  properties: Properties,
  options: DecodePropertiesOptions,
): void {
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
  store(properties, place, readValue(reader, property));
  const { maximumUserProperties } = options;
  if (id === 0x26 && maximumUserProperties !== undefined) limitUserProperties(properties, maximumUserProperties);
}

function limitUserProperties(properties: Properties, maximum: number): void {
  if (properties.userProperties!.length <= maximum) return;
  throw new MqttError(ReasonCode.QuotaExceeded, `Cannot accept User Properties: more than ${maximum}`);
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
  if (known !== undefined && !repeats) {
    throw new MqttError(ReasonCode.ProtocolError, `Cannot accept ${name}: it is there twice`);
  }
  if (!isListProperty(property)) values[name] = value;
  else if (known === undefined) values[name] = [value];
  else (known as PropertyValue[]).push(value);
}
