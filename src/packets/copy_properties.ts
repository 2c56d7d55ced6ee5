/** Properties that nobody else has a hand on.
 * @module */
import type { Properties } from "./types.ts";

/**
 * A copy of properties with all that can be changed in them: lists and bytes.
 *
 * @param properties the properties, or `undefined`
 * @returns a copy, or `undefined`
 *
 * @example
 * ```ts
 * import { copyProperties } from "./copy_properties.ts";
 *
 * const properties = { userProperties: [["a", "b"]] as [string, string][] };
 * copyProperties(properties)!.userProperties!.pop();
 * console.assert(properties.userProperties.length === 1);
 * ```
 */
export function copyProperties(properties: Readonly<Properties> | undefined): Properties | undefined {
  if (properties === undefined) return undefined;
  const copy: Properties = { ...properties }, { userProperties, subscriptionIdentifiers, correlationData } = properties;
  if (userProperties !== undefined) copy.userProperties = [...userProperties];
  if (subscriptionIdentifiers !== undefined) copy.subscriptionIdentifiers = [...subscriptionIdentifiers];
  if (correlationData !== undefined) copy.correlationData = correlationData.slice();
  return copy;
}
