/** Encoding of the properties of MQTT 5 (2.2.2).
 * @module */

import { ReasonCode } from "./reason_codes.ts";
import { MqttError } from "./errors.ts";
import { propertiesOf, type PropertyDescriptor, type PropertyKind, type PropertyOwner } from "./property_table.ts";
import { isListProperty, type PropertyValue, refusedValue } from "./property_values.ts";
import type { Sender } from "./reason_codes.ts";
import type { Properties, UserProperty } from "./types.ts";
import { writeLengthAt } from "./frame.ts";
import { utf8Length } from "./utf8.ts";
import { varintSize, type Writer } from "./writer.ts";

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
 * import { propertiesSize } from "./encode_properties.ts";
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
    if (!isListProperty(property)) size += 1 + valueSize(property.kind, value as PropertyValue);
    else for (const item of value as PropertyValue[]) size += 1 + valueSize(property.kind, item);
  }
  return size;
}

function valueSize(kind: PropertyKind, value: PropertyValue): number {
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
 * import { encodeProperties } from "./encode_properties.ts";
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
  const start = writer.length;
  writer.u8(0); // [MQTT-2.2.2-1]
  if (properties === undefined) return;
  for (const property of propertiesOf(owner, from)) {
    const value = properties[property.name];
    if (value === undefined) continue;
    if (!isListProperty(property)) writeProperty(writer, property, value as PropertyValue);
    else writeList(writer, property, value as PropertyValue[], owner);
  }
  writeLengthAt(writer, start);
}

function writeList(writer: Writer, property: PropertyDescriptor, values: PropertyValue[], owner: PropertyOwner): void {
  if (values.length > 1 && !property.repeats.includes(owner)) {
    throw new MqttError(
      ReasonCode.ProtocolError,
      `Cannot encode ${property.name}: current number is ${values.length}, the maximum is 1`,
    );
  }
  for (const value of values) writeProperty(writer, property, value);
}

function writeProperty(writer: Writer, property: PropertyDescriptor, value: PropertyValue): void {
  const refusal = property.refuse(value as never);
  if (refusal !== undefined) throw refusedValue(refusal, property, value);
  writer.u8(property.id);
  writeKind(writer, property.kind, value);
}

function writeKind(writer: Writer, kind: PropertyKind, value: PropertyValue): void {
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
