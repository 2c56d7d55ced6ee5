/** Decoding and encoding of the properties of MQTT 5 (2.2.2).
 * @module */

import { MqttError } from "./errors.ts";
import {
  type PlacedProperty,
  propertiesOf,
  propertyAt,
  type PropertyDescriptor,
  type PropertyKind,
  type PropertyOwner,
} from "./property_table.ts";
import type { Reader } from "./reader.ts";
import type { Sender } from "./reason_codes.ts";
import type { Properties, UserProperty } from "./types.ts";
import { utf8Length } from "./utf8.ts";
import { varintSize, type Writer } from "./writer.ts";

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
 * import { decodeProperties } from "./properties.ts";
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
  if (length > reader.remaining) throw new MqttError(0x81, "Cannot decode properties: they exceed the packet");
  const packetEnd = reader.end;
  reader.end = reader.position + length;
  const properties: Properties = {};
  while (reader.position < reader.end) decodeProperty(reader, owner, properties, options);
  reader.end = packetEnd;
  if (properties.authenticationData !== undefined && properties.authenticationMethod === undefined) {
    throw new MqttError(0x82, "Cannot accept Authentication Data: there is no Authentication Method");
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
    throw new MqttError(0x81, `Cannot decode property 0x${id.toString(16)}: it does not belong in this packet`);
  }
  const { property, only } = place;
  if (only !== undefined && only !== (options.from ?? "client")) {
    throw new MqttError(0x82, `Cannot accept ${property.name}: only a ${only} may send it here`);
  }
  store(properties, place, readValue(reader, property));
  const { maximumUserProperties } = options;
  if (id === 0x26 && maximumUserProperties !== undefined) limitUserProperties(properties, maximumUserProperties);
}

function limitUserProperties(properties: Properties, maximum: number): void {
  if (properties.userProperties!.length <= maximum) return;
  throw new MqttError(0x97, `Cannot accept User Properties: more than ${maximum}`);
}

type Value = number | string | Uint8Array | UserProperty;

function readValue(reader: Reader, property: PropertyDescriptor): Value {
  const value = readKind(reader, property.kind);
  const refusal = property.refuse(value as never);
  if (refusal !== undefined) throw refused(refusal, property, value);
  return value;
}

function refused(reasonCode: number, property: PropertyDescriptor, value: Value): MqttError {
  const current = typeof value === "number" ? value : "no Topic Name";
  return new MqttError(reasonCode, `Cannot use ${property.name}: current value is ${current}`);
}

function readKind(reader: Reader, kind: PropertyKind): Value {
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

function store(properties: Properties, { property, repeats }: PlacedProperty, value: Value): void {
  const values = properties as Record<string, Value | Value[] | undefined>;
  const { name } = property;
  const known = values[name];
  if (known !== undefined && !repeats) {
    throw new MqttError(0x82, `Cannot accept ${name}: it is there twice`);
  }
  if (!isList(property)) values[name] = value;
  else if (known === undefined) values[name] = [value];
  else (known as Value[]).push(value);
}

/**
 * The bytes of a property set with its Property Length.
 *
 * @param properties what is set; what does not belong to the owner is not counted
 * @param owner the packet (or will) that they belong to
 * @param from the end that sends it
 * @returns number of bytes, at least 1
 *
 * @example
 * ```ts
 * import { propertiesSize } from "./properties.ts";
 *
 * console.assert(propertiesSize({ topicAlias: 3 }, 3) === 4);
 * ```
 */
export function propertiesSize(
  properties: Properties | undefined,
  owner: PropertyOwner,
  from: Sender = "server",
): number {
  const length = contentSize(properties, owner, from);
  return varintSize(length) + length;
}

function contentSize(properties: Properties | undefined, owner: PropertyOwner, from: Sender): number {
  if (properties === undefined) return 0;
  let size = 0;
  for (const property of propertiesOf(owner, from)) {
    const value = properties[property.name];
    if (value === undefined) continue;
    if (!isList(property)) size += 1 + valueSize(property.kind, value as Value);
    else for (const item of value as Value[]) size += 1 + valueSize(property.kind, item);
  }
  return size;
}

function isList(property: PropertyDescriptor): boolean {
  return property.kind === "pair" || property.kind === "varint";
}

function valueSize(kind: PropertyKind, value: Value): number {
  switch (kind) {
    case "byte":
      return 1;
    case "u16":
      return 2;
    case "u32":
      return 4;
    case "varint":
      return varintSize(value as number);
    case "string":
      return 2 + utf8Length(value as string);
    case "binary":
      return 2 + (value as Uint8Array).length;
    case "pair":
      return 4 + utf8Length((value as UserProperty)[0]) + utf8Length((value as UserProperty)[1]);
  }
}

/**
 * Writes a Property Length and the properties behind it, by identifier. What does not belong to the owner is left out, so
 * Will Properties may be given for a PUBLISH.
 *
 * @param writer where to append
 * @param properties what to write, `undefined` for none
 * @param owner the packet (or will) that they belong to
 * @param from the end that sends it
 * @throws {MqttError} 0x81 for values that have no encoding, 0x82 (0x94 for Topic Alias 0) for forbidden ones and for two
 * Subscription Identifiers in SUBSCRIBE; the writer may hold a part then
 *
 * @example
 * ```ts
 * import { encodeProperties } from "./properties.ts";
 * import { Writer } from "./writer.ts";
 *
 * const writer = new Writer();
 * encodeProperties(writer, { topicAlias: 3 }, 3);
 * console.assert(writer.length === 4);
 * ```
 */
export function encodeProperties(
  writer: Writer,
  properties: Properties | undefined,
  owner: PropertyOwner,
  from: Sender = "server",
): void {
  writer.varint(contentSize(properties, owner, from));
  if (properties === undefined) return;
  for (const property of propertiesOf(owner, from)) {
    const value = properties[property.name];
    if (value === undefined) continue;
    if (!isList(property)) writeProperty(writer, property, value as Value);
    else writeList(writer, property, value as Value[], owner);
  }
}

function writeList(writer: Writer, property: PropertyDescriptor, values: Value[], owner: PropertyOwner): void {
  if (values.length > 1 && !property.repeats.includes(owner)) {
    throw new MqttError(0x82, `Cannot encode ${property.name}: current number is ${values.length}, the maximum is 1`);
  }
  for (const value of values) writeProperty(writer, property, value);
}

function writeProperty(writer: Writer, property: PropertyDescriptor, value: Value): void {
  const refusal = property.refuse(value as never);
  if (refusal !== undefined) throw refused(refusal, property, value);
  writer.u8(property.id);
  writeKind(writer, property.kind, value);
}

function writeKind(writer: Writer, kind: PropertyKind, value: Value): void {
  switch (kind) {
    case "byte":
      return writer.u8(value as number);
    case "u16":
      return writer.u16(value as number);
    case "u32":
      return writer.u32(value as number);
    case "varint":
      return writer.varint(value as number);
    case "string":
      return writer.string(value as string);
    case "binary":
      return writer.binary(value as Uint8Array);
    case "pair":
      writer.string((value as UserProperty)[0]);
      return writer.string((value as UserProperty)[1]);
  }
}
