/** What decoding and encoding of properties share.
 * @module */

import { MqttError } from "./errors.ts";
import type { PropertyDescriptor } from "./property_table.ts";
import type { UserProperty } from "./types.ts";

/** One value of a property. */
export type PropertyValue = number | string | Uint8Array | UserProperty;

/**
 * The error for a value that the table refuses.
 *
 * @param reasonCode what the table said
 * @param property its row
 * @param value the value
 * @returns an error with a message of limited length
 *
 * @example
 * ```ts
 * import { propertyAt } from "./property_table.ts";
 * import { refusedValue } from "./property_values.ts";
 *
 * console.assert(refusedValue(0x94, propertyAt(0x23, 3)!.property, 0).reasonCode === 0x94);
 * ```
 */
export function refusedValue(reasonCode: number, property: PropertyDescriptor, value: PropertyValue): MqttError {
  const current = typeof value === "number" ? value : "no Topic Name";
  return new MqttError(reasonCode, `Cannot use ${property.name}: current value is ${current}`);
}

/**
 * Whether the value in `Properties` is a list.
 *
 * @param property row of the table
 * @returns true for User Properties and Subscription Identifiers
 *
 * @example
 * ```ts
 * import { propertyAt } from "./property_table.ts";
 * import { isListProperty } from "./property_values.ts";
 *
 * console.assert(isListProperty(propertyAt(0x26, 3)!.property));
 * ```
 */
export function isListProperty(property: PropertyDescriptor): boolean {
  return property.kind === "pair" || property.kind === "varint";
}
